"""Asking an ASGI application without a server or a socket."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
import pytest
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> object:
        return orjson.loads(self.body)


Ask = Callable[..., Awaitable[Answer]]


@pytest.fixture
def ask() -> Ask:
    """Send one request to an application; it comes from localhost unless the headers say otherwise."""

    async def send_request(
        app: ASGIApp, path: str, *, method: str = "GET", headers: dict[str, str] | None = None
    ) -> Answer:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [
                (name.lower().encode(), value.encode())
                for name, value in ({"host": "localhost"} | (headers or {})).items()
            ],
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 1234),
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        await app(scope, receive, send)
        start = next(message for message in sent if message["type"] == "http.response.start")
        body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
        return Answer(start["status"], Headers(raw=start["headers"]), body)

    return send_request
