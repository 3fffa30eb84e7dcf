"""The ASGI application: routes, what every request goes through, and what runs as long as it does."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from gateway.http.front_page import front_page_route
from gateway.http.graphiql import HOW_TO_BUILD, graphiql_routes, is_built
from gateway.http.health import Check, Note, health_routes
from gateway.http.request_ids import RequestIds, request_id
from gateway.http.requests import Requests, masked
from gateway.http.security import AllowedHosts, SecurityHeaders


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is put together from."""

    routes: Sequence[BaseRoute] = ()
    """GraphQL, REST and whatever else answers beside the front page and the health routes."""
    checks: Mapping[str, Check] = field(default_factory=dict)
    """What `/readyz` asks, by name."""
    notes: Mapping[str, Note] = field(default_factory=dict)
    """What `/readyz` tells beside, by name, and that does not keep the process from being ready."""
    background_work: Sequence[AbstractAsyncContextManager[object]] = ()
    """Entered at start-up in this order and left in reverse at shutdown: the worker, background dispatches."""
    allowed_hosts: Sequence[str] = ("*",)
    graphiql: bool = False
    """Whether `/` is GraphiQL; where that was not built, `/` says how it is."""
    simulated: bool = False
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the server when it begins to end; what streams ends then."""


def build_app(parts: Parts) -> ASGIApp:
    """Return the application.

    The middleware is around Starlette rather than in it, so that a 500 carries the request id and the headers as well.
    """

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for manager in parts.background_work:
                await stack.enter_async_context(manager)
            yield

    app: ASGIApp = Starlette(
        routes=[
            *_front(parts),
            *health_routes(parts.checks, parts.notes),
            *parts.routes,
        ],
        exception_handlers={HTTPException: _refuse, Exception: _mask},
        lifespan=lifespan,
    )
    return RequestIds(SecurityHeaders(Requests(AllowedHosts(app, parts.allowed_hosts))))


def _front(parts: Parts) -> Sequence[BaseRoute]:
    if parts.graphiql and is_built():
        return graphiql_routes()
    return [front_page_route(simulated=parts.simulated, note=HOW_TO_BUILD if parts.graphiql else None)]


async def _refuse(_: Request, error: Exception) -> Response:
    """Answer 404, 405 and the like as JSON."""
    status, detail, headers = 500, "Internal Server Error", None
    if isinstance(error, HTTPException):
        status, detail, headers = error.status_code, error.detail, error.headers
    return JSONResponse({"error": detail, "requestId": request_id.get()}, status, headers=headers)


async def _mask(_: Request, __: Exception) -> Response:
    """Answer an unexpected error; Starlette raises it again afterwards, and `Requests` logs it."""
    return masked()
