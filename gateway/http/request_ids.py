"""A request id for every request: in the log lines, in the response's X-Request-Id, in GraphQL's extensions."""

import contextvars
import re
import uuid

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

request_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)
"""The id of the request under way; tasks started meanwhile inherit it, so a dispatch's log lines carry it too."""

HEADER = "X-Request-Id"
_SANE = re.compile(rb"[A-Za-z0-9._~+/=:@-]{1,128}")


class RequestIds:
    """ASGI middleware: takes the caller's X-Request-Id where it is sane, makes one where it is not.

    Others read the id from `scope["state"]["request_id"]`.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or WebSocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        current = sane(scope["headers"]) or uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = current

        async def send_with_id(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.accept"}:
                MutableHeaders(scope=message).setdefault(HEADER, current)
            await send(message)

        token = request_id.set(current)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            request_id.reset(token)


def request_id_of(connection: HTTPConnection) -> str:
    """Return the id that the gateway gave to a request; empty where nothing gave it one."""
    return str(connection.scope.get("state", {}).get("request_id", ""))


def sane(headers: list[tuple[bytes, bytes]]) -> str | None:
    """Return the caller's request id where there is exactly one, short and of harmless characters."""
    values = [value for name, value in headers if name == HEADER.lower().encode()]
    if len(values) == 1 and _SANE.fullmatch(values[0]):
        return values[0].decode()
    return None
