"""The GraphQL endpoint: an ASGI application over the schema. Whatever a client sends, it answers JSON, and no 500."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from graphql import GraphQLError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from gateway.auth.principals import PrincipalProvider
from gateway.graphql.accept import streaming, takes_events_only
from gateway.graphql.answer import answer, negotiate, refuse
from gateway.graphql.documents import Documents, PrepareDocument
from gateway.graphql.executor import PlainExecutor, ReticentExecutor
from gateway.graphql.limits import OperationLimits
from gateway.graphql.operations import Operations, SubscriptionAskedError
from gateway.graphql.request import read_request
from gateway.graphql.sse import EventStream
from gateway.graphql.stream import HEARTBEAT_SECONDS, Framing, StreamedAnswer
from gateway.graphql.websocket import GraphQLSockets, SocketOptions
from gateway.http.request_body import DEFAULT_BODY_LIMIT_BYTES
from gateway.http.request_ids import request_id_of
from gateway.http.responses import RequestRefusedError, check_method
from resolvers.cancellation import contain
from resolvers.services import Services
from schema.assembly import build_schema
from schema.errors import mask

_METHODS = {
    "GET": {OperationType.QUERY, OperationType.SUBSCRIPTION},
    "POST": {OperationType.QUERY, OperationType.MUTATION, OperationType.SUBSCRIPTION},
}
_HOW_TO_SUBSCRIBE = (
    "Subscriptions are not served by a plain HTTP request: connect a WebSocket that speaks graphql-transport-ws, or "
    'accept text/event-stream or multipart/mixed;subscriptionSpec="1.0".'
)


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
    sockets: SocketOptions = field(default_factory=SocketOptions)
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    """The longest silence on a stream over HTTP."""


def build_graphql_app(
    services: Services,
    principal_of: PrincipalProvider,
    options: GraphQLOptions | None = None,
    stopping: asyncio.Event | None = None,
) -> ASGIApp:
    """Return the endpoint as an ASGI application, to be put at its path with `gateway.graphql.route`.

    Whoever sets `stopping` ends the subscriptions, so that they do not hold up a shutdown.
    """
    options = options or GraphQLOptions()
    documents = Documents(options.limits, introspection=options.introspection, suggestions=options.suggestions)
    schema = build_schema(
        extensions=[lambda: PrepareDocument(documents)],
        executor=PlainExecutor if options.suggestions else ReticentExecutor,
    )
    operations = Operations(schema, services, timeout_seconds=options.timeout_seconds)
    return GraphQLApp(operations, principal_of, options, stopping or asyncio.Event())


class GraphQLApp:
    """Takes GET for queries, POST for queries and mutations, either for subscriptions, and WebSockets."""

    def __init__(
        self,
        operations: Operations,
        principal_of: PrincipalProvider,
        options: GraphQLOptions,
        stopping: asyncio.Event,
    ) -> None:
        """Serve `operations`; subscriptions end when `stopping` is set."""
        self._operations = operations
        self._principal_of = principal_of
        self._options = options
        self._stopping = stopping
        self._sockets = GraphQLSockets(operations, principal_of, options.sockets)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one WebSocket."""
        if scope["type"] == "websocket":
            await self._sockets(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await contain(self._respond(request))
        except ClientDisconnect:
            return  # it went away while it was still sending; there is nobody to answer
        except Exception as error:  # noqa: BLE001 - it is logged where it is masked
            media_type = negotiate(request.headers.get("accept", ""))
            response = refuse([mask(error, request_id_of(request))], 500, media_type)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> ASGIApp:
        accept = request.headers.get("accept", "")
        media_type = negotiate(accept)
        try:
            check_method(request, _METHODS)
            principal = await self._principal_of(request)
            asked = await read_request(request, self._options.body_limit_bytes)
            allowed = _METHODS[request.method]
            request_id = request_id_of(request)
            if takes_events_only(accept):
                results = self._operations.stream(asked, principal, request_id, allowed)
                return self._streamed(results, EventStream())
            try:
                result = await self._operations.execute(asked, principal, request_id, allowed)
            except SubscriptionAskedError:
                framing = streaming(accept)
                if framing is None:
                    raise RequestRefusedError(400, _HOW_TO_SUBSCRIBE) from None
                results = self._operations.subscribe(asked, principal, request_id)
                return self._streamed(results, framing)
        except RequestRefusedError as error:
            return refuse([GraphQLError(error.message)], error.status, media_type, error.headers)
        except HTTPException as error:
            return refuse([GraphQLError(error.detail)], error.status_code, media_type, error.headers)
        return answer(result, media_type)

    def _streamed(self, results: AsyncGenerator[ExecutionResult, None], framing: Framing) -> StreamedAnswer:
        return StreamedAnswer(results, framing, self._stopping, heartbeat_seconds=self._options.heartbeat_seconds)
