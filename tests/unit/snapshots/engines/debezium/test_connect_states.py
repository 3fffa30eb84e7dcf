"""One question for many who want to know, and its answer kept for a moment."""

import asyncio
from datetime import UTC, datetime
from typing import cast

import pytest

from snapshots.engines.debezium.connect import ConnectClient, ConnectorInfo
from snapshots.engines.debezium.connect_states import CachedConnectorStates
from snapshots.errors import ClusterUnreachableError
from snapshots.kinds import ConnectorKind, ConnectorState
from snapshots.model import Cluster
from snapshots.ports import ConnectorObservation

CLUSTER = Cluster("c1", "prod", "http://c1", None)
OTHER = Cluster("c2", "test", "http://c2", None)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Client:
    """Answers when `go` is set; fails for clusters in `broken`."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.go = asyncio.Event()
        self.go.set()
        self.broken: set[str] = set()

    async def connectors(self, cluster: Cluster) -> list[ConnectorInfo]:
        self.asked.append(cluster.id)
        await self.go.wait()
        if cluster.id in self.broken:
            raise ClusterUnreachableError(cluster.name)
        return [ConnectorInfo("shop", ConnectorKind.SOURCE, None, None, ConnectorState.FAILED, "lost")]


class Time:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def states(client: Client, time: Time) -> CachedConnectorStates:
    return CachedConnectorStates(
        cast("ConnectClient", client), ttl_seconds=2, wait_seconds=0.2, clock=lambda: NOON, now=time
    )


async def test_a_connector_s_state(states: CachedConnectorStates) -> None:
    assert await states.observe(CLUSTER) == {"shop": ConnectorObservation("shop", ConnectorState.FAILED, NOON, "lost")}


async def test_all_who_ask_at_once_share_one_question(states: CachedConnectorStates, client: Client) -> None:
    await asyncio.gather(*(states.observe(CLUSTER) for _ in range(50)), states.observe(OTHER))
    assert client.asked == ["c1", "c2"]


async def test_an_answer_is_good_for_a_moment(states: CachedConnectorStates, client: Client, time: Time) -> None:
    await states.observe(CLUSTER)
    time.seconds = 1.9
    await states.observe(CLUSTER)
    assert client.asked == ["c1"]
    time.seconds = 2.0
    await states.observe(CLUSTER)
    assert client.asked == ["c1", "c1"]


async def test_a_failure_is_kept_as_well(states: CachedConnectorStates, client: Client, time: Time) -> None:
    client.broken.add("c1")
    outcomes = await asyncio.gather(*(states.observe(CLUSTER) for _ in range(5)), return_exceptions=True)
    assert [str(outcome) for outcome in outcomes] == ["prod"] * 5
    assert len({id(outcome) for outcome in outcomes}) == 5
    with pytest.raises(ClusterUnreachableError):
        await states.observe(CLUSTER)
    assert client.asked == ["c1"]
    client.broken.clear()
    time.seconds = 2.0
    assert await states.observe(CLUSTER)


async def test_nobody_waits_for_long(states: CachedConnectorStates, client: Client) -> None:
    client.go.clear()
    with pytest.raises(ClusterUnreachableError, match=r"prod did not answer within 0\.2 s"):
        await states.observe(CLUSTER)
    client.go.set()
    assert await states.observe(CLUSTER)
    assert client.asked == ["c1"]


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others(
    states: CachedConnectorStates, client: Client
) -> None:
    client.go.clear()
    first = asyncio.create_task(states.observe(CLUSTER))
    second = asyncio.create_task(states.observe(CLUSTER))
    await asyncio.sleep(0)
    first.cancel()
    client.go.set()
    assert await second
    assert first.cancelled() or await asyncio.wait({first})
    assert client.asked == ["c1"]


async def test_closing_gives_up_what_is_under_way(states: CachedConnectorStates, client: Client) -> None:
    client.go.clear()
    waiting = asyncio.create_task(states.observe(CLUSTER))
    await asyncio.sleep(0)
    await states.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
