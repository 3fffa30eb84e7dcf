"""One question for many who want to know, and its answer kept for a moment."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

import pytest

from snapshots.engines.debezium.connect.client import ConnectClient, ConnectorInfo
from snapshots.engines.debezium.connect.states import CachedConnectorStates
from snapshots.errors import ClusterUnreachableError
from snapshots.model import Cluster
from snapshots.ports.connector_states import ConnectorObservation
from snapshots.signalling.key_settings import KeySettings
from snapshots.vocabulary import ConnectorKind, ConnectorState

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
        self.states = {"shop": ConnectorState.FAILED}

    async def connectors(self, cluster: Cluster) -> list[ConnectorInfo]:
        self.asked.append(cluster.id)
        await self.go.wait()
        if cluster.id in self.broken:
            raise ClusterUnreachableError(cluster.name)
        return [
            ConnectorInfo(name, ConnectorKind.SOURCE, None, None, state, "lost") for name, state in self.states.items()
        ]


class Time:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    async def pass_by(self, seconds: float) -> None:
        """Be the pause of somebody who waits: others have their turn, then the time has passed."""
        until = self.seconds + seconds
        await asyncio.sleep(0)
        self.seconds = max(self.seconds, until)


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def states(client: Client, time: Time) -> CachedConnectorStates:
    return CachedConnectorStates(
        cast("ConnectClient", client),
        ttl_seconds=2,
        wait_seconds=0.2,
        between_seconds=0.5,
        clock=lambda: NOON,
        now=time,
        pause=time.pass_by,
    )


async def test_a_connector_s_state(states: CachedConnectorStates) -> None:
    assert await states.observe(CLUSTER) == {
        "shop": ConnectorObservation("shop", ConnectorState.FAILED, NOON, "lost", KeySettings())
    }


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


@pytest.mark.parametrize("before", [None, ConnectorState.PAUSED], ids=["made since", "started since"])
async def test_a_kept_answer_refuses_no_connector(
    states: CachedConnectorStates, client: Client, time: Time, before: ConnectorState | None
) -> None:
    client.states = {"new": before} if before else {}
    await states.observe(CLUSTER)
    client.states = {"new": ConnectorState.RUNNING}
    time.seconds = 1.0
    assert (await states.observe(CLUSTER, {"new"}))["new"].state is ConnectorState.RUNNING
    assert client.asked == ["c1", "c1"]
    await states.observe(CLUSTER, {"new"})
    assert client.asked == ["c1", "c1"]


async def test_the_second_answer_is_the_truth(states: CachedConnectorStates, client: Client, time: Time) -> None:
    await states.observe(CLUSTER)
    time.seconds = 1.0
    assert "absent" not in await states.observe(CLUSTER, {"absent"})
    assert client.asked == ["c1", "c1"]


async def test_an_own_question_needs_no_second(states: CachedConnectorStates, client: Client) -> None:
    assert "absent" not in await states.observe(CLUSTER, {"absent"})
    assert client.asked == ["c1"]


async def test_those_who_miss_a_connector_share_one_question_and_none_is_put_too_soon(
    states: CachedConnectorStates, client: Client, time: Time
) -> None:
    await states.observe(CLUSTER)
    for second in range(1, 5):
        time.seconds += 0.01
        await asyncio.gather(*(states.observe(CLUSTER, {"absent"}) for _ in range(50)))
        assert len(client.asked) == 1 + second
        assert time.seconds == 0.5 * second


async def test_a_second_question_that_fails_leaves_it_unknown(
    states: CachedConnectorStates, client: Client, time: Time
) -> None:
    await states.observe(CLUSTER)
    client.broken.add("c1")
    time.seconds = 1.0
    with pytest.raises(ClusterUnreachableError):
        await states.observe(CLUSTER, {"absent"})


async def test_both_questions_together_are_not_waited_for_longer_than_one(
    states: CachedConnectorStates, client: Client, time: Time
) -> None:
    await states.observe(CLUSTER)
    client.go.clear()
    time.seconds = 1.0
    with pytest.raises(ClusterUnreachableError, match=r"within 0\.2 s"):
        await states.observe(CLUSTER, {"absent"})


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


async def test_what_the_configuration_says_of_keys_comes_along() -> None:
    class Configured(Client):
        async def connectors(self, cluster: Cluster) -> list[ConnectorInfo]:
            [connector] = await super().connectors(cluster)
            return [replace(connector, config={"message.key.columns": "public.a:id", "database.password": "secret"})]

    states = CachedConnectorStates(cast("ConnectClient", Configured()))
    observed = await states.observe(CLUSTER)
    assert observed["shop"].keys == KeySettings(columns="public.a:id")
    assert "secret" not in repr(observed)
