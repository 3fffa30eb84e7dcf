"""Subscriptions as parts of one body, byte for byte: what Apollo Client and Apollo Router read."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from persistence.ledger.following.announcements import Announcements
from resolvers.progress.hub import ProgressHub
from tests.support.api import Api
from tests.support.streams import WATCH, Served, followed, served, with_quick_heartbeats
from tests.support.waiting import FAULT_SECONDS

DELIMITER = b"\r\n--graphql"
APOLLO_CLIENT = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"
APOLLO_ROUTER = 'multipart/mixed; subscriptionSpec="1.0", application/json'


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


def parts(body: bytes) -> list[Any]:
    """The JSON of the parts of `body`."""
    first, *middle, last = body.split(DELIMITER)
    assert (first, last) == (b"", b"--\r\n")
    found = []
    for part in middle:
        header, _, content = part.partition(b"\r\n\r\n")
        assert header == b"\r\ncontent-type: application/json"
        found.append(json.loads(content))
    return found


@pytest.mark.parametrize("accept", [APOLLO_CLIENT, APOLLO_ROUTER])
async def test_a_bulk_snapshot_is_watched_to_its_end(gateway: Served, accept: str) -> None:
    record = await gateway.engine.snapshot()
    body = {"query": WATCH, "variables": {"id": record.id}}
    async with gateway.session.post(gateway.graphql, json=body, headers={"Accept": accept}) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
        start = b""
        while b"payload" not in start or not start.endswith(DELIMITER):
            start += await asyncio.wait_for(response.content.readany(), FAULT_SECONDS)
        await gateway.engine.begin(record)
        await gateway.engine.finish(record)
        found = parts(start + await response.content.read())
    assert found[0] == {}
    assert all(set(part) == {"payload"} for part in found[1:])
    assert found[-1]["payload"]["data"]["bulkSnapshotProgress"]["state"] == "COMPLETED"
    assert gateway.hub.watchers == 0


async def test_queries_are_answered_with_json(gateway: Served) -> None:
    headers = {"Accept": APOLLO_CLIENT}
    query = {"query": "{ viewer { subject } }"}
    async with gateway.session.post(gateway.graphql, json=query, headers=headers) as response:
        assert response.content_type == "application/json"


@pytest.mark.parametrize("query", ["subscription {", "subscription { nothing }"])
async def test_a_wrong_subscription_is_answered_with_json(gateway: Served, query: str) -> None:
    async with gateway.session.post(
        gateway.graphql, json={"query": query}, headers={"Accept": APOLLO_CLIENT}
    ) as response:
        text = await response.text()
    assert "errors" in text


async def test_heartbeats_are_empty_objects(listening_api: Api) -> None:
    async with served(with_quick_heartbeats(listening_api)) as gateway:
        record = await gateway.engine.snapshot()
        body = {"query": WATCH, "variables": {"id": record.id}}
        async with gateway.session.post(gateway.graphql, json=body, headers={"Accept": APOLLO_CLIENT}) as response:
            got = b""
            while got.count(b"\r\n\r\n{}" + DELIMITER) < 4:
                got += await asyncio.wait_for(response.content.readany(), FAULT_SECONDS)


async def test_a_stop_is_an_error_of_the_transport(gateway: Served) -> None:
    record = await gateway.engine.snapshot()
    body = {"query": WATCH, "variables": {"id": record.id}}
    async with gateway.session.post(gateway.graphql, json=body, headers={"Accept": APOLLO_CLIENT}) as response:
        start = b""
        while b"payload" not in start or not start.endswith(DELIMITER):
            start += await asyncio.wait_for(response.content.readany(), FAULT_SECONDS)
        stopping = asyncio.create_task(gateway.stop())
        found = parts(start + await asyncio.wait_for(response.content.read(), FAULT_SECONDS))
        await stopping
    assert found[-1]["payload"] is None
    assert found[-1]["errors"][0]["extensions"] == {"code": "SERVICE_UNAVAILABLE"}
