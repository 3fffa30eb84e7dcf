"""The GraphQL endpoint: an ASGI application over the schema. Whatever a client sends, it answers JSON, and no 500."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from graphql import GraphQLError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from gateway.graphql_answer import answer, negotiate, refuse
from gateway.graphql_documents import Documents, PrepareDocument
from gateway.graphql_executor import PlainExecutor, ReticentExecutor
from gateway.graphql_limits import OperationLimits
from gateway.graphql_request import GraphQLRequest, read_request
from gateway.request_body import DEFAULT_BODY_LIMIT_BYTES
from gateway.responses import RequestRefusedError, check_method
from resolvers.principal import Principal
from resolvers.services import Services
from schema.assembly import TopicsnapSchema, build_schema
from schema.context import RequestContext

logger = logging.getLogger(__name__)

PrincipalProvider = Callable[[HTTPConnection], Awaitable[Principal]]
"""Tells who makes a request. Raises HTTPException (401, 403) where nobody may."""

_METHODS = {"GET": {OperationType.QUERY}, "POST": {OperationType.QUERY, OperationType.MUTATION}}


@dataclass(frozen=True, slots=True)
class GraphQLOptions:
    """How the endpoint behaves."""

    limits: OperationLimits = field(default_factory=OperationLimits)
    body_limit_bytes: int = DEFAULT_BODY_LIMIT_BYTES
    timeout_seconds: float = 60.0
    """How long a client waits for an operation at most; a dispatch that has begun goes on after that."""
    introspection: bool = True
    suggestions: bool = True
    """Whether errors may name fields and types of the schema that the client came close to."""


def build_graphql_app(
    services: Services, principal_of: PrincipalProvider, options: GraphQLOptions | None = None
) -> ASGIApp:
    """Return the endpoint as an ASGI application, to be put at its path with `gateway.graphql_route`."""
    options = options or GraphQLOptions()
    documents = Documents(options.limits, introspection=options.introspection, suggestions=options.suggestions)
    schema = build_schema(
        extensions=[lambda: PrepareDocument(documents)],
        executor=PlainExecutor if options.suggestions else ReticentExecutor,
    )
    return GraphQLApp(schema, services, principal_of, options)


class GraphQLApp:
    """Takes GET for queries and POST for queries and mutations."""

    def __init__(
        self, schema: TopicsnapSchema, services: Services, principal_of: PrincipalProvider, options: GraphQLOptions
    ) -> None:
        """Serve `schema` over `services`."""
        self._schema = schema
        self._services = services
        self._principal_of = principal_of
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a WebSocket is refused, as long as there are no subscriptions."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "There are no subscriptions yet."})
            return
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except ClientDisconnect:
            return  # it went away while it was still sending; there is nobody to answer
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        media_type = negotiate(request.headers.get("accept", ""))
        try:
            check_method(request, _METHODS)
            principal = await self._principal_of(request)
            asked = await read_request(request, self._options.body_limit_bytes)
            result = await self._execute(request, principal, asked)
        except RequestRefusedError as error:
            return refuse([GraphQLError(error.message)], error.status, media_type, error.headers)
        except HTTPException as error:
            return refuse([GraphQLError(error.detail)], error.status_code, media_type, error.headers)
        return answer(result, media_type)

    async def _execute(self, request: Request, principal: Principal, asked: GraphQLRequest) -> ExecutionResult:
        context = RequestContext.make(self._services, principal, request_id_of(request))
        try:
            async with asyncio.timeout(self._options.timeout_seconds):
                return await self._schema.execute(
                    asked.query,
                    variable_values=dict(asked.variables),
                    operation_name=asked.operation_name,
                    context_value=context,
                    allowed_operation_types=_METHODS[request.method],
                )
        except InvalidOperationTypeError as error:
            raise _wrong_operation(error.operation_type) from None
        except CannotGetOperationTypeError as error:
            raise RequestRefusedError(400, error.as_http_error_reason()) from None
        except TimeoutError:
            logger.warning("request %s: the operation took longer than it may", context.request_id)
            message = (
                f"No answer within {self._options.timeout_seconds:g} s. A mutation that has begun goes on: "
                "ask the ledger, or ask again with the same idempotency key."
            )
            raise RequestRefusedError(504, message) from None


def request_id_of(request: Request) -> str:
    """Return the id that the gateway gave to `request`; empty where nothing gave it one."""
    return str(request.scope.get("state", {}).get("request_id", ""))


def _wrong_operation(operation: OperationType) -> RequestRefusedError:
    if operation is OperationType.MUTATION:
        return RequestRefusedError(405, "Mutations are sent by POST.", {"Allow": "POST"})
    return RequestRefusedError(400, "Subscriptions are not served by a plain HTTP request.")
