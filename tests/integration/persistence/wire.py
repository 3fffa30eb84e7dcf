"""A proxy in front of PostgreSQL that counts round trips: how tests know what a statement costs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Wire:
    """`url` leads through the proxy; `trips` holds the client's messages that it waited for an answer of."""

    url: str
    trips: list[str] = field(default_factory=list)


@asynccontextmanager
async def tapped(url: str) -> AsyncIterator[Wire]:
    """Serve a proxy to the server of `url`."""
    parts = urlsplit(url)
    wire = Wire(url)
    pumps: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection(parts.hostname, parts.port)
        for pump in (_pump(reader, upstream_writer, wire.trips), _pump(upstream_reader, writer, None)):
            pumps.add(asyncio.create_task(pump))

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        wire.url = parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{port}").geturl()
        try:
            yield wire
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, trips: list[str] | None) -> None:
    started = False
    try:
        while data := await reader.read(65536):
            if trips is not None:
                started = started or not data.startswith(b"\x00")  # only start-up messages begin with their length
                if started:
                    trips += _waiting(data)
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


def _waiting(data: bytes) -> list[str]:
    """The messages in `data` after which a client waits: Sync ends an extended query, Query is a simple one.

    https://www.postgresql.org/docs/current/protocol-message-formats.html: a type byte, then the length with itself.
    """
    found, place = [], 0
    while place < len(data):
        kind, length = chr(data[place]), int.from_bytes(data[place + 1 : place + 5], "big")
        if kind == "S":
            found.append("Sync")
        elif kind == "Q":
            found.append(data[place + 5 : place + length].decode())
        place += 1 + length
    return found
