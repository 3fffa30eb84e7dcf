"""Two `topicsnap serve` on one database: what happens in one is seen in the other, and open streams stop neither."""

import asyncio
import re
from typing import Any

import aiohttp

from tests.integration.resolvers.bench import World
from tests.integration.subscriptions.bench import begin, finish
from tests.support.commands import Running, started
from tests.support.figures import Figure

WATCH = "subscription($id: ID!) { bulkSnapshotProgress(id: $id) { state snapshots { state } } }"


async def endpoint(running: Running) -> str:
    found = re.search(r"GraphQL at (http://\S+?/graphql)", await running.says("Topicsnap is ready at "))
    assert found
    return found[1]


async def subscribe(socket: aiohttp.ClientWebSocketResponse, id: str, bulk_id: str) -> None:
    payload = {"query": WATCH, "variables": {"id": bulk_id}}
    await socket.send_json({"type": "subscribe", "id": id, "payload": payload})


async def state_of(socket: aiohttp.ClientWebSocketResponse) -> Any:  # noqa: ANN401 (JSON)
    """The next state; None at the end."""
    message = await socket.receive_json(timeout=10)
    return message["payload"]["data"]["bulkSnapshotProgress"]["state"] if message["type"] == "next" else None


async def test_both_see_the_same_and_do_not_wait_for_streams_to_end(
    world: World, database_url: str, figure: Figure
) -> None:
    """The world is a third process: it dispatches, and follows the engine. Who waited would take minutes to stop."""
    variables = {"TOPICSNAP_DATABASE_URL": database_url, "TOPICSNAP_SHUTDOWN_SECONDS": "600"}
    serve = ("serve", "--port", "0")
    async with (
        started(*serve, **variables) as one,
        started(*serve, **variables) as other,
        aiohttp.ClientSession() as session,
    ):
        endpoints = [await endpoint(running) for running in (one, other)]
        record = await begin(world, "top_0_0", "top_1_0")
        sockets = [await session.ws_connect(url, protocols=["graphql-transport-ws"]) for url in endpoints]
        for socket in sockets:
            await socket.send_json({"type": "connection_init"})
            assert (await socket.receive_json(timeout=10))["type"] == "connection_ack"
            await subscribe(socket, "1", record.id)
            assert await state_of(socket) == "IN_PROGRESS"
        await finish(world, record)
        for socket in sockets:
            states = []
            while (state := await state_of(socket)) is not None:
                states.append(state)
            assert states[-1] == "COMPLETED"

        open_record = await begin(world, "top_2_0")
        streams = []
        for url, socket in zip(endpoints, sockets, strict=True):
            await subscribe(socket, "2", open_record.id)
            assert await state_of(socket) == "IN_PROGRESS"
            body = {"query": WATCH, "variables": {"id": open_record.id}}
            streams.append(await session.post(url, json=body, headers={"Accept": "text/event-stream"}))
            await streams[-1].content.readuntil(b"event: next")
        with figure("two gateways stop, with streams open"):
            assert sum(await asyncio.gather(one.stop(), other.stop())) == 0
        for socket, stream in zip(sockets, streams, strict=True):
            closing = await socket.receive(timeout=5)
            assert (closing.type, closing.data) == (aiohttp.WSMsgType.CLOSE, 1001)
            assert b"complete" not in await stream.content.read()
    assert "Traceback" not in one.text + other.text
