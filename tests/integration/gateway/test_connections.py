"""Clients that do not read what they are sent, over HTTP; tests/graphql/test_websocket.py has those of WebSockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.app import Parts, build_app
from gateway.process.server import Server, make_server
from gateway.process.sockets import listening, url_of
from tests.support.timers import Timers
from tests.support.waiting import FAULT_SECONDS, until

if TYPE_CHECKING:
    from gateway.process.connections import HttpProtocol

SIZE = 4_000_000


async def large(_: Request) -> Response:
    return Response(b"x" * SIZE)


@dataclass
class Serving:
    """A server whose clients have to read, by timers that a test moves on."""

    url: str
    server: Server
    timers: Timers
    task: asyncio.Task[None]

    @property
    def connections(self) -> int:
        return len(self.server.server_state.connections)

    @property
    def left(self) -> int:
        """How many bytes wait for the one client."""
        (connection,) = self.server.server_state.connections
        transport = cast("HttpProtocol", connection).transport
        return transport.get_write_buffer_size()


@asynccontextmanager
async def serving() -> AsyncIterator[Serving]:
    ready, timers = asyncio.Event(), Timers()
    with listening("127.0.0.1", 0) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        app = build_app(Parts(routes=[Route("/large", large)]))
        # Nobody may wait for the ten minutes that a stop may take.
        server = make_server(
            app,
            ready=ready.set,
            shutdown_seconds=600,
            message_limit_bytes=1_048_576,
            call_later=timers.call_later,
        )
        task = asyncio.create_task(server.run_until_cancelled(listener))
        await asyncio.wait_for(ready.wait(), FAULT_SECONDS)
        yield Serving(url_of(listener), server, timers, task)
        task.cancel()
        await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), FAULT_SECONDS)


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
    async with serving() as served, asked(served.url):
        await until(lambda: served.timers.waiting)

        def cut_off() -> bool:
            served.timers.elapse()  # some of the answer may still have gone to the system's buffers meanwhile
            return served.connections == 0

        await until(cut_off)


async def test_who_reads_slowly_is_served() -> None:
    """The time in which something has to be read passes again and again."""
    async with serving() as served, asked(served.url) as client:
        await until(lambda: served.timers.waiting)
        loop, got, passed = asyncio.get_running_loop(), 0, 0
        while got < SIZE:
            left = served.left
            while got < SIZE and (served.left >= left > 0 or not left):
                part = await asyncio.wait_for(loop.sock_recv(client, 65536), FAULT_SECONDS)
                assert part, f"cut off after {got} bytes"
                got += len(part)
            passed += bool(served.timers.waiting)
            served.timers.elapse()
        assert passed > 3


async def test_who_does_not_read_does_not_hold_up_a_stop() -> None:
    async with serving() as served, asked(served.url):
        await until(lambda: served.timers.waiting)
        served.task.cancel()
        await asyncio.wait_for(asyncio.gather(served.task, return_exceptions=True), FAULT_SECONDS)
