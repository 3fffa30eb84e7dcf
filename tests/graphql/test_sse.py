"""Subscriptions as server-sent events, byte for byte: what EventSource, graphql-sse and Hive's gateway can read."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from persistence.ledger.following.announcements import Announcements
from resolvers.progress.hub import ProgressHub
from tests.support.api import Api
from tests.support.streams import WATCH, Served, followed, served, with_quick_heartbeats
from tests.support.waiting import FAULT_SECONDS, until

EVENTS = {"Accept": "text/event-stream"}


@pytest.fixture
async def listening_api(api: Api, database_url: str) -> AsyncIterator[Api]:
    """The API, with a hub that hears of changes."""
    await followed(api)
    hub = ProgressHub(api.services.ledger.reading, Announcements.at(database_url), stall_after=api.services.stall_after)
    yield api.over(replace(api.services, progress=hub))
    await hub.close()


@pytest.fixture
async def gateway(listening_api: Api) -> AsyncIterator[Served]:
    async with served(listening_api) as gateway:
        yield gateway


def events(body: bytes) -> list[tuple[str, Any]]:
    """The events of `body`, which has to be framed by LF alone."""
    assert b"\r" not in body
    assert body.endswith(b"\n\n")
    found = []
    for block in body.decode().split("\n\n")[:-1]:
        if block == ":":
            continue
        event, data = block.split("\n")
        found.append((event.removeprefix("event: "), json.loads(data.removeprefix("data:") or "null")))
    return found


async def test_a_bulk_snapshot_is_watched_to_its_end(gateway: Served) -> None:
    record = await gateway.engine.snapshot()
    body = {"query": WATCH, "variables": {"id": record.id}}
    async with gateway.session.post(gateway.graphql, json=body, headers=EVENTS) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream"
        assert response.headers["Cache-Control"] == "no-cache, no-transform"
        assert await response.content.readuntil(b"\n\n") == b":\n\n"
        await response.content.readuntil(b"\n\n")
        await gateway.engine.begin(record)
        await gateway.engine.finish(record)
        found = events(await response.content.read())
    assert found[-1] == ("complete", None)
    assert {kind for kind, _ in found[:-1]} == {"next"}
    assert found[-2][1]["data"]["bulkSnapshotProgress"]["state"] == "COMPLETED"
    assert gateway.hub.watchers == 0


async def test_a_cancellation_that_nobody_asked_for_is_an_error_and_the_stream_completes(gateway: Served) -> None:
    async def leaking(*arguments: object, **more: object) -> object:
        raise asyncio.CancelledError("of a future of the driver's own")

    gateway.engine.api.services.catalog.topics_page = leaking  # type: ignore[method-assign, assignment]
    body = {"query": "{ topics { totalCount } }"}
    async with gateway.session.post(gateway.graphql, json=body, headers=EVENTS) as response:
        found = events((await response.content.read()).removeprefix(b":\n\n"))
    assert [kind for kind, _ in found] == ["next", "complete"]
    (error,) = found[0][1]["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("Unexpected error.", "INTERNAL_ERROR")


async def test_get_works_as_well(gateway: Served) -> None:
    parameters = {"query": WATCH, "variables": '{"id": "bulk_unknown"}'}
    async with gateway.session.get(gateway.graphql, params=parameters, headers=EVENTS) as response:
        found = events(await response.content.read())
    assert found == [("next", {"data": {"bulkSnapshotProgress": None}}), ("complete", None)]


@pytest.mark.parametrize(
    ("method", "query", "start"),
    [
        ("POST", "{ viewer { subject } }", {"data": {"viewer": {"subject": "local"}}}),
        ("GET", "{ viewer { subject } }", {"data": {"viewer": {"subject": "local"}}}),
        ("POST", "{ nothing }", {"errors"}),
        ("POST", "{", {"errors"}),
        ("GET", "mutation { syncCatalog(input: {}) { dryRun } }", {"errors"}),
    ],
)
async def test_other_operations_are_one_event(gateway: Served, method: str, query: str, start: object) -> None:
    sent: dict[str, Any] = {"json": {"query": query}} if method == "POST" else {"params": {"query": query}}
    async with gateway.session.request(method, gateway.graphql, headers=EVENTS, **sent) as response:
        assert response.status == 200
        (kind, result), last = events(await response.content.read())
    assert (kind, last) == ("next", ("complete", None))
    assert result == start or set(result) == start


async def test_who_reads_json_too_gets_it_where_that_will_do(gateway: Served) -> None:
    """As urql asks, in every request."""
    accept = {"Accept": "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"}
    async with gateway.session.post(
        gateway.graphql, json={"query": "{ viewer { subject } }"}, headers=accept
    ) as response:
        assert response.content_type == "application/graphql-response+json"
    body = {"query": WATCH, "variables": {"id": "bulk_unknown"}}
    async with gateway.session.post(gateway.graphql, json=body, headers=accept) as response:
        assert response.content_type == "text/event-stream"
        assert events(await response.content.read())[-1] == ("complete", None)


@pytest.mark.parametrize("accept", ["application/json", "*/*", "multipart/mixed", "text/html"])
async def test_a_plain_request_is_told_how(gateway: Served, accept: str) -> None:
    body = {"query": WATCH, "variables": {"id": "bulk_unknown"}}
    async with gateway.session.post(gateway.graphql, json=body, headers={"Accept": accept}) as response:
        assert response.status == 400
        (error,) = (await response.json())["errors"]
        assert "graphql-transport-ws" in error["message"]
    assert gateway.hub.watchers == 0


async def test_a_body_that_is_no_request_is_refused_as_ever(gateway: Served) -> None:
    headers = {**EVENTS, "Content-Type": "application/json"}
    async with gateway.session.post(gateway.graphql, data=b"null", headers=headers) as response:
        assert response.status == 400


async def test_comments_keep_it_alive(listening_api: Api) -> None:
    async with served(with_quick_heartbeats(listening_api)) as gateway:
        record = await gateway.engine.snapshot()
        body = {"query": WATCH, "variables": {"id": record.id}}
        async with gateway.session.post(gateway.graphql, json=body, headers=EVENTS) as response:
            got = [await asyncio.wait_for(response.content.readuntil(b"\n\n"), FAULT_SECONDS) for _ in range(6)]
    assert got.count(b":\n\n") == 5


async def test_a_client_that_goes_leaves_nothing_behind(gateway: Served) -> None:
    record = await gateway.engine.snapshot()
    body = {"query": WATCH, "variables": {"id": record.id}}
    async with aiohttp.ClientSession() as session:
        response = await session.post(gateway.graphql, json=body, headers=EVENTS)
        await response.content.readuntil(b"event: next")
        assert gateway.hub.watchers == 1
        response.close()
    await until(lambda: gateway.hub.watchers == 0)


async def test_a_stop_ends_the_stream_without_complete(gateway: Served) -> None:
    """So that clients come again, to another gateway."""
    record = await gateway.engine.snapshot()
    body = {"query": WATCH, "variables": {"id": record.id}}
    async with gateway.session.post(gateway.graphql, json=body, headers=EVENTS) as response:
        await response.content.readuntil(b"event: next")
        stopping = asyncio.create_task(gateway.stop())
        assert b"complete" not in await response.content.read()
        await asyncio.wait_for(stopping, FAULT_SECONDS)
