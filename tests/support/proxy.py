"""A TCP proxy that can stop answering, for tests alone."""

import asyncio
from contextlib import suppress
from typing import Self

from persistence.embedded.ports import LOOPBACK

_CHUNK_BYTES = 65_536


class Proxy:
    """Passes connections on to a port of this machine, unless it is told to be mute or to cut them."""

    def __init__(self) -> None:
        self.target_port = 0
        self.port = 0
        self.refused = 0
        """Connections that came while it cut them."""
        self.kept_waiting = 0
        """Connections that came while it was mute."""
        self._cutting = False
        self._passing = asyncio.Event()
        self._passing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, LOOPBACK, 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def pass_on(self) -> None:
        """Work; what waited while it was mute goes on, as after a network that lost its packets."""
        self._cutting = False
        self._passing.set()

    def mute(self) -> None:
        """Take every connection and every byte, and answer nothing."""
        self._passing.clear()

    def cut(self) -> None:
        """Reset all connections, and each new one at once."""
        self._cutting = True
        self._passing.set()
        for writer in self._writers:
            writer.transport.abort()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if not self._passing.is_set():
                self.kept_waiting += 1
            await self._passing.wait()
            if self._cutting:
                self.refused += 1
                return
            with suppress(OSError):
                await self._join(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self.target_port)
        self._writers.add(far_writer)
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer)),
            asyncio.create_task(self._pump(far_reader, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._writers.discard(far_writer)
            far_writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK_BYTES):
            await self._passing.wait()
            writer.write(data)
            await writer.drain()
