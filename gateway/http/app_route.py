"""An ASGI application at one exact path, for HTTP and WebSockets alike.

Starlette's Route knows no WebSockets, and its Mount answers the bare path with a redirect.
"""

from typing import Any

from starlette._utils import get_route_path
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import ASGIApp, Receive, Scope, Send


class AppRoute(BaseRoute):
    """Hands every request to one path, whatever its method, to an application."""

    def __init__(self, path: str, app: ASGIApp) -> None:
        """Serve `app` at `path`."""
        self.path = path
        self.app = app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say whether the request in `scope` is for this path."""
        ours = scope["type"] in {"http", "websocket"} and get_route_path(scope) == self.path
        return (Match.FULL if ours else Match.NONE), {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:  # noqa: ANN401 (Starlette's signature)
        """Raise NoMatchFound: the route has no name."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        await self.app(scope, receive, send)
