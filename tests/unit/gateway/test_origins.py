"""Which pages may open a WebSocket."""

import pytest
from starlette.requests import HTTPConnection

from gateway.http.origins import is_from_here


def connection(host: str | None, *origins: str) -> HTTPConnection:
    headers = [(b"origin", origin.encode()) for origin in origins]
    if host is not None:
        headers.append((b"host", host.encode()))
    return HTTPConnection({"type": "websocket", "headers": headers})


@pytest.mark.parametrize(
    ("host", "origins"),
    [
        ("localhost:8000", ()),
        ("localhost:8000", ("http://localhost:8000",)),
        ("app.example", ("https://app.example",)),
        ("app.example:443", ("https://app.example",)),
        ("[::1]:8000", ("http://[::1]:8000",)),
        ("localhost:8000", ("https://named.example",)),
        ("localhost:8000", ("https://named.example:443",)),
        ("localhost:8000", ("https://NAMED.example",)),
    ],
)
def test_may_connect(host: str, origins: tuple[str, ...]) -> None:
    assert is_from_here(connection(host, *origins), ["https://Named.example"])


@pytest.mark.parametrize(
    ("host", "origins"),
    [
        ("localhost:8000", ("http://localhost:9000",)),
        ("localhost:8000", ("http://localhost",)),
        ("localhost:8000", ("http://evil.example",)),
        ("localhost:8000", ("null",)),
        ("localhost:8000", ("",)),
        ("localhost:8000", ("http://[",)),
        ("localhost:8000", ("http://named.example",)),
        ("localhost:8000", ("https://named.example.evil.example",)),
        ("localhost:8000", ("http://localhost:8000", "http://evil.example")),
        (None, ("http://localhost:8000",)),
    ],
)
def test_may_not(host: str | None, origins: tuple[str, ...]) -> None:
    assert not is_from_here(connection(host, *origins), ["https://named.example"])


def test_a_star_lets_everybody_in() -> None:
    assert is_from_here(connection("localhost", "http://evil.example"), ["*"])
