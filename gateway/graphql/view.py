"""The GraphQL endpoint: an ASGI application over the schema. Whatever a client sends, it answers JSON, and no 500."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from graphql import GraphQLError
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from gateway.endpoints import Endpoints, Entry, SubscriptionAskedError
from gateway.graphql.accept import streaming, takes_events_only
from gateway.graphql.answer import answer, negotiate, refuse
from gateway.graphql.documents import Documents, PrepareDocument
from gateway.graphql.executor import PlainExecutor, ReticentExecutor
from gateway.graphql.limits import OperationLimits
from gateway.graphql.operations import Operations
from gateway.graphql.request import read_request
from gateway.graphql.sse import EventStream
from gateway.graphql.stream import HEARTBEAT_SECONDS, Framing, StreamedAnswer
from gateway.graphql.websocket import GraphQLSockets, SocketOptions
from gateway.http.request_ids import request_id_of
from gateway.http.responses import RequestRefusedError, check_method
from resolvers.services import Services
from schema.assembly import build_schema
from schema.errors import mask
from snapshots.cancellation import contain

_METHODS = {
    "GET": {OperationType.QUERY, OperationType.SUBSCRIPTION},
    "POST": {OperationType.QUERY, OperationType.MUTATION, OperationType.SUBSCRIPTION},
}
_HOW_TO_SUBSCRIBE = (
    "A plain HTTP request cannot carry a subscription. Use a WebSocket with graphql-transport-ws, or send the Accept "
    'header text/event-stream or multipart/mixed;subscriptionSpec="1.0".'
)


@dataclass(frozen=True, slots=True)
class GraphQLOptions:
    """How the endpoint behaves."""

    limits: OperationLimits
    body_limit_bytes: int
    introspection: bool
    suggestions: bool
    """Whether errors may name fields and types of the schema that the client came close to."""
    sockets: SocketOptions
    heartbeat_seconds: float = HEARTBEAT_SECONDS
    """How often a streamed answer shows that it is alive."""


def build_graphql_app(
    services: Services,
    endpoints: Endpoints,
    options: GraphQLOptions,
    stopping: asyncio.Event,
) -> ASGIApp:
    """Return the endpoint as an ASGI application, to be put at its path with `gateway.http.app_route`.

    Whoever sets `stopping` ends the subscriptions, so that they do not hold up a shutdown.
    """
    documents = Documents(options.limits, introspection=options.introspection, suggestions=options.suggestions)
    schema = build_schema(
        extensions=[lambda: PrepareDocument(documents)],
        executor=PlainExecutor if options.suggestions else ReticentExecutor,
    )
    return GraphQLApp(Operations(schema, services, endpoints), endpoints, options, stopping)


class GraphQLApp:
    """Takes GET for queries, POST for queries and mutations, either for subscriptions, and WebSockets."""

    def __init__(
        self,
        operations: Operations,
        endpoints: Endpoints,
        options: GraphQLOptions,
        stopping: asyncio.Event,
    ) -> None:
        """Serve `operations`; subscriptions end when `stopping` is set."""
        self._operations = operations
        self._endpoints = endpoints
        self._options = options
        self._stopping = stopping
        self._sockets = GraphQLSockets(operations, endpoints, options.sockets)

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
            caller = await self._endpoints.admit(request, Entry.GRAPHQL)
            asked = await read_request(request, self._options.body_limit_bytes)
            allowed = _METHODS[request.method]
            if takes_events_only(accept):
                results = self._operations.stream(asked, caller, allowed)
                return self._streamed(results, EventStream())
            try:
                result = await self._operations.execute(asked, caller, allowed)
            except SubscriptionAskedError:
                framing = streaming(accept)
                if framing is None:
                    raise RequestRefusedError(400, _HOW_TO_SUBSCRIBE) from None
                results = self._operations.subscribe(asked, caller)
                return self._streamed(results, framing)
        except RequestRefusedError as error:
            return refuse([GraphQLError(error.message)], error.status, media_type, error.headers)
        return answer(result, media_type)

    def _streamed(self, results: AsyncGenerator[ExecutionResult, None], framing: Framing) -> ASGIApp:
        return StreamedAnswer(results, framing, self._stopping, heartbeat_seconds=self._options.heartbeat_seconds)
