"""The REST twin of the mutation `bulkSnapshotTopics`: the seed's operation, by the same resolver function."""

import logging
from collections.abc import Sequence

from pydantic import ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from gateway.endpoints import Endpoints, Entry
from gateway.http.app_route import AppRoute
from gateway.http.request_body import InvalidJsonError, read_json
from gateway.http.request_ids import request_id_of
from gateway.http.responses import RequestRefusedError, check_method, json_response
from gateway.rest.models import BulkOperationRes, BulkTopicSnapshotReq
from gateway.rest.openapi import BULK_SNAPSHOT_PATH, OPENAPI_PATH, describe
from gateway.rest.values import to_request, to_response
from persistence.database.errors import DatabaseUnavailableError
from resolvers.requesting.bulk_snapshot import bulk_snapshot_topics
from resolvers.services import Services
from snapshots.cancellation import contain
from snapshots.errors import RequestError, UnconfirmedError
from snapshots.requesting.request import MAX_FINDINGS

logger = logging.getLogger(__name__)

IDEMPOTENCY_HEADER = "Idempotency-Key"
_UNEXPECTED = "Internal error. See the server log for this request id."


def rest_routes(services: Services, endpoints: Endpoints, *, body_limit_bytes: int) -> Sequence[BaseRoute]:
    """Return the routes of the REST twin and of its description."""
    return [
        AppRoute(BULK_SNAPSHOT_PATH, BulkSnapshotApp(services, endpoints, body_limit_bytes)),
        AppRoute(OPENAPI_PATH, OpenApiApp()),
    ]


class OpenApiApp:
    """Answers GET with the OpenAPI description."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            check_method(Request(scope), ("GET", "HEAD"))
            response = json_response(describe())
        except RequestRefusedError as error:
            response = _refused(error)
        await response(scope, receive, send)


class BulkSnapshotApp:
    """Takes POST with the seed's body."""

    def __init__(self, services: Services, endpoints: Endpoints, body_limit_bytes: int) -> None:
        """Work over `services`."""
        self._services = services
        self._endpoints = endpoints
        self._body_limit_bytes = body_limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. An unexpected error is logged, and masked in the shape of every refusal."""
        request = Request(scope, receive)
        try:
            response = await contain(self._respond(request))
        except ClientDisconnect:
            return  # it went away while it was still sending; there is nobody to answer
        except Exception:
            request_id = request_id_of(request)
            logger.exception("request %s failed unexpectedly", request_id)
            response = json_response({"detail": _UNEXPECTED, "request_id": request_id}, 500)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        try:
            return json_response((await self._carry_out(request)).model_dump(mode="json"))
        except (InvalidJsonError, ValidationError, RequestError) as error:
            return json_response({"detail": _findings(error)[:MAX_FINDINGS]}, 422)
        except RequestRefusedError as error:
            return _refused(error)
        except (UnconfirmedError, DatabaseUnavailableError) as error:
            logger.warning("request %s: %s", request_id_of(request), error)
            message = "The outcome is not known at the moment. Send the request again with the same idempotency key."
            return json_response({"detail": message}, 503, headers={"Retry-After": "5"})

    async def _carry_out(self, request: Request) -> BulkOperationRes:
        check_method(request, ("POST",))
        caller = await self._endpoints.admit(request, Entry.REST)
        body = BulkTopicSnapshotReq.model_validate(await read_json(request, self._body_limit_bytes))
        key = request.headers.get(IDEMPOTENCY_HEADER)
        if key is not None and body.idempotency_key not in {None, key}:
            message = f"The header {IDEMPOTENCY_HEADER} and idempotency_key name different keys; send one of them."
            raise RequestRefusedError(400, message)
        work = bulk_snapshot_topics(self._services, caller.principal, to_request(body, key))
        record = await self._endpoints.run(caller, work)
        return to_response(record)


def _refused(error: RequestRefusedError) -> Response:
    return json_response({"detail": error.message}, error.status, headers=error.headers)


def _findings(error: InvalidJsonError | ValidationError | RequestError) -> Sequence[dict[str, object]]:
    """Return what is wrong in the seed's shape: loc, msg, type."""
    if isinstance(error, InvalidJsonError):
        return [{"loc": ["body"], "msg": error.message, "type": "json_invalid"}]
    if isinstance(error, ValidationError):
        details = error.errors(include_url=False, include_context=False, include_input=False)
        return [{"loc": ["body", *detail["loc"]], "msg": detail["msg"], "type": detail["type"]} for detail in details]
    return [_finding(finding) for finding in error.findings]


def _finding(error: RequestError) -> dict[str, object]:
    """Return a finding of the resolver in the seed's shape; fields have the same names in the body as in the core."""
    return {"loc": ["body", *(error.field or ())], "msg": error.message, "type": error.code.value.lower()}
