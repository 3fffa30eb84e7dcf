"""Clients that do not read what they are sent, over HTTP; tests/graphql/test_websocket.py has those of WebSockets."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.app import Parts, build_app
from gateway.process.server import Server, make_server
from gateway.process.sockets import listening, url_of

SIZE = 4_000_000


async def large(_: Request) -> Response:
    return Response(b"x" * SIZE)


@asynccontextmanager
async def serving(*, unread_seconds: float) -> AsyncIterator[tuple[str, Server, asyncio.Task[None]]]:
    ready = asyncio.Event()
    with listening("127.0.0.1", 0) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        app = build_app(Parts(routes=[Route("/large", large)]))
        server = make_server(
            app, ready=ready.set, shutdown_seconds=30, message_limit_bytes=1_048_576, unread_seconds=unread_seconds
        )
        task = asyncio.create_task(server.run_until_cancelled(listener))
        await asyncio.wait_for(ready.wait(), 10)
        yield url_of(listener), server, task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def asked(url: str) -> AsyncIterator[socket.socket]:
    """A client that has asked for the large answer, and reads when it is told to."""
    address = urlsplit(url)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.setblocking(False)  # noqa: FBT003 (socket's signature)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, (address.hostname, address.port))
        await loop.sock_sendall(client, f"GET /large HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        assert (await loop.sock_recv(client, 12)).startswith(b"HTTP/1.1 200")
        yield client


async def test_who_does_not_read_is_cut_off() -> None:
    async with serving(unread_seconds=0.3) as (url, server, _), asked(url):
        deadline = time.monotonic() + 10
        while server.server_state.connections:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


async def test_who_reads_slowly_is_served() -> None:
    """The answer takes several times as long as nothing may be read."""
    async with serving(unread_seconds=0.5) as (url, _, __), asked(url) as client:
        loop, got, began = asyncio.get_running_loop(), 0, time.monotonic()
        while got < SIZE:
            part = await asyncio.wait_for(loop.sock_recv(client, 65536), 10)
            assert part, f"cut off after {got} bytes"
            got += len(part)
            if time.monotonic() - began < 2:
                await asyncio.sleep(0.1)
        assert time.monotonic() - began > 2


async def test_who_does_not_read_does_not_hold_up_a_stop() -> None:
    async with serving(unread_seconds=60) as (url, _, task), asked(url):
        await asyncio.sleep(0.2)
        began = time.monotonic()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert time.monotonic() - began < 5
