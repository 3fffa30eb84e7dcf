"""The clients that frontends use, from npm, against a served gateway: each sees a snapshot to its end."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.e2e.clients.npm import Clients
from tests.support.streams import Served

WAYS = ["graphql-ws", "graphql-sse", "apollo-multipart", "apollo-ws"]


class Running:
    """A client at work; it writes a line of JSON for each result."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> Any:  # noqa: ANN401 (JSON)
        assert self.process.stdout
        line = await asyncio.wait_for(self.process.stdout.readline(), 30)
        assert line, await self._said()
        return json.loads(line)

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), 30)

    async def _said(self) -> str:
        assert self.process.stderr
        return (await self.process.stderr.read()).decode()


@asynccontextmanager
async def running(clients: Clients, way: str, gateway: Served, bulk_id: str) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        clients.node,
        "watch.mjs",
        way,
        gateway.graphql,
        bulk_id,
        cwd=clients.folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Running(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("way", WAYS)
async def test_a_snapshot_is_watched_to_its_end(clients: Clients, gateway: Served, way: str) -> None:
    record = await gateway.engine.snapshot("top_orders", "top_invoices")
    async with running(clients, way, gateway, record.id) as client:
        first = (await client.line())["data"]["bulkSnapshotProgress"]
        assert [one["state"] for one in first["snapshots"]] == ["DISPATCHED", "DISPATCHED"]
        await gateway.engine.begin(record)
        second = (await client.line())["data"]["bulkSnapshotProgress"]
        assert "RUNNING" in {one["state"] for one in second["snapshots"]}
        await gateway.engine.finish(record)
        *results, complete = [result async for result in to_the_end(client)]
        assert complete == "complete"
        last = results[-1]["data"]["bulkSnapshotProgress"]
        assert (last["state"], last["progress"]["rowsScanned"]) == ("COMPLETED", "10")
        assert await client.ended() == 0
    assert gateway.hub.watchers == 0


@pytest.mark.parametrize("way", WAYS)
async def test_what_does_not_exist_is_null_and_complete(clients: Clients, gateway: Served, way: str) -> None:
    async with running(clients, way, gateway, "bulk_unknown") as client:
        assert (await client.line())["data"] == {"bulkSnapshotProgress": None}
        assert await client.line() == "complete"
        assert await client.ended() == 0


async def to_the_end(client: Running) -> AsyncIterator[Any]:
    """Every line, the last of which is `complete`."""
    while True:
        line = await client.line()
        yield line
        if line == "complete":
            return
