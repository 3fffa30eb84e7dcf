"""Asking Kafka Connect before sending: one question a cluster, and only a certain no stops a job."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from resolvers.requesting import connector_check
from resolvers.services import Services
from snapshots.errors import ClusterUnreachableError
from snapshots.model import Cluster, SourceConnector
from snapshots.plan import Plan, Refusal, Skip, SourceJob
from snapshots.ports.connector_states import ConnectorObservation
from snapshots.vocabulary import ConnectorState, SkipReason, SnapshotErrorCode
from tests.factories import make_cluster, make_source
from tests.support.waiting import FAULT_SECONDS

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RUNNING = ConnectorState.RUNNING


class FakeConnectorStates:
    """Kafka Connect as a test describes it: a cluster that is not described does not answer."""

    def __init__(self, clusters: Mapping[str, Mapping[str, ConnectorObservation]]) -> None:
        self.clusters = clusters
        self.asked: Counter[str] = Counter()
        self.wanted: dict[str, Collection[str]] = {}

    async def observe(self, cluster: Cluster, wanted: Collection[str] = ()) -> Mapping[str, ConnectorObservation]:
        self.asked[cluster.id] += 1
        self.wanted[cluster.id] = wanted
        if cluster.id not in self.clusters:
            raise ClusterUnreachableError(f"{cluster.name} is down")
        return self.clusters[cluster.id]


def services(states: FakeConnectorStates) -> Services:
    return cast("Services", SimpleNamespace(engine=SimpleNamespace(connector_states=states)))


async def check_connectors(
    services: Services, plan: Plan, *, wait_seconds: float = connector_check.WAIT_SECONDS
) -> Plan:
    observed = await connector_check.observe_connectors(services, plan, wait_seconds=wait_seconds)
    return connector_check.check_connectors(plan, observed)


def job(id: str = "src_1", cluster: Cluster | None = None) -> SourceJob:
    return SourceJob(make_source(id, cluster=cluster), (), ())


def seen(source: SourceConnector, state: ConnectorState = RUNNING, trace: str | None = None) -> ConnectorObservation:
    return ConnectorObservation(source.name, state, NOON, trace)


async def checked(job: SourceJob, *observations: ConnectorObservation) -> SourceJob:
    states = FakeConnectorStates({"clu_1": {observation.name: observation for observation in observations}})
    return (await check_connectors(services(states), Plan((job,), ()))).jobs[0]


@pytest.mark.parametrize("state", [state for state in ConnectorState if state.reads_signals])
async def test_a_connector_that_reads_signals_is_let_through_with_the_state_just_seen(state: ConnectorState) -> None:
    asked = job()

    result = await checked(asked, seen(asked.source, state))

    assert result == replace(asked, source=replace(asked.source, state=state, state_observed_at=NOON))


@pytest.mark.parametrize("state", [state for state in ConnectorState if not state.reads_signals])
async def test_a_connector_that_does_not_run_is_refused_and_may_be_asked_again(state: ConnectorState) -> None:
    asked = job()

    result = await checked(asked, seen(asked.source, state))

    assert result.refusal is not None
    assert (result.refusal.code, result.refusal.retryable) == (SnapshotErrorCode.CONNECTOR_NOT_RUNNING, True)
    assert result.refusal.message == f"Connector connector src_1 is {state}. Start it, then send the request again."
    assert result.source.state is state


async def test_the_refusal_tells_why_a_connector_failed() -> None:
    asked = job()

    result = await checked(asked, seen(asked.source, ConnectorState.FAILED, "java.lang.Oops: no slot"))

    assert result.refusal is not None
    assert "FAILED: java.lang.Oops: no slot." in result.refusal.message


async def test_a_connector_that_kafka_connect_does_not_have_is_refused_for_good() -> None:
    result = await checked(job(), seen(make_source("another")))

    assert result.refusal is not None
    assert (result.refusal.code, result.refusal.retryable) == (SnapshotErrorCode.CONNECTOR_NOT_FOUND, False)


@pytest.mark.parametrize(
    ("cluster", "reason", "asked"),
    [
        pytest.param(make_cluster("down"), "cluster down is down", {"down": 1}, id="does not answer"),
        pytest.param(
            make_cluster("none", connect_url=None), "Cluster cluster none has no Kafka Connect URL.", {}, id="no URL"
        ),
    ],
)
async def test_a_connector_whose_state_is_not_known_goes_on_with_a_warning(
    cluster: Cluster, reason: str, asked: dict[str, int]
) -> None:
    states = FakeConnectorStates({})

    plan = await check_connectors(services(states), Plan((job(cluster=cluster),), ()))

    assert plan.jobs[0].refusal is None
    assert plan.jobs[0].warning == f"The connector's state is unknown: {reason}"
    assert states.asked == asked


async def test_a_fault_in_asking_one_cluster_leaves_the_others(caplog: pytest.LogCaptureFixture) -> None:
    class Faulty(FakeConnectorStates):
        async def observe(self, cluster: Cluster, wanted: Collection[str] = ()) -> Mapping[str, ConnectorObservation]:
            if cluster.id == "faulty":
                raise ValueError("a bug of ours")
            return await super().observe(cluster, wanted)

    jobs = (job("a", make_cluster("faulty")), job("b", make_cluster("well")))
    states = Faulty({"well": {"connector b": seen(jobs[1].source)}})

    plan = await check_connectors(services(states), Plan(jobs, ()))

    assert [planned.refusal for planned in plan.jobs] == [None, None]
    assert plan.jobs[0].warning is not None
    assert "a bug of ours" not in plan.jobs[0].warning
    assert "a bug of ours" in caplog.text
    assert plan.jobs[1].source.state is RUNNING


async def test_a_cluster_that_never_answers_is_not_waited_for_longer_than_agreed() -> None:
    class Hanging(FakeConnectorStates):
        async def observe(self, cluster: Cluster, wanted: Collection[str] = ()) -> Mapping[str, ConnectorObservation]:
            if cluster.id == "hangs":
                await asyncio.Event().wait()
            return await super().observe(cluster, wanted)

    jobs = (job("a", make_cluster("hangs")), job("b", make_cluster("well")))
    states = Hanging({"well": {"connector b": seen(jobs[1].source)}})

    async with asyncio.timeout(FAULT_SECONDS):
        plan = await check_connectors(services(states), Plan(jobs, ()), wait_seconds=0.01)

    assert [planned.refusal for planned in plan.jobs] == [None, None]
    assert plan.jobs[0].warning == (
        "The connector's state is unknown: Kafka Connect of cluster cluster hangs did not answer in time."
    )
    assert plan.jobs[1].source.state is RUNNING


async def test_a_job_that_is_refused_already_stays_so_and_nobody_is_asked() -> None:
    refused = job().refused(Refusal(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, "No channel.", retryable=False))
    states = FakeConnectorStates({})

    plan = await check_connectors(services(states), Plan((refused,), ()))

    assert plan.jobs == (refused,)
    assert not states.asked


async def test_a_cluster_is_asked_once_however_many_of_its_connectors_take_part() -> None:
    one, other = make_cluster("one"), make_cluster("other")
    jobs = (job("a", one), job("b", other), job("c", one))
    states = FakeConnectorStates(
        {
            "one": {"connector a": seen(jobs[0].source), "connector c": seen(jobs[2].source, ConnectorState.PAUSED)},
            "other": {},
        }
    )

    plan = await check_connectors(services(states), Plan(jobs, ()))

    assert states.asked == {"one": 1, "other": 1}
    assert states.wanted == {"one": {"connector a", "connector c"}, "other": {"connector b"}}
    assert [planned.source.id for planned in plan.jobs] == ["a", "b", "c"]
    assert [planned.refusal.code if planned.refusal else None for planned in plan.jobs] == [
        None,
        SnapshotErrorCode.CONNECTOR_NOT_FOUND,
        SnapshotErrorCode.CONNECTOR_NOT_RUNNING,
    ]


async def test_connectors_of_one_name_are_told_apart_by_their_clusters() -> None:
    jobs = tuple(replace(job(id, make_cluster(id)), source=make_source("x", cluster=make_cluster(id))) for id in "ab")
    states = FakeConnectorStates(
        {
            "a": {"connector x": seen(jobs[0].source)},
            "b": {"connector x": seen(jobs[1].source, ConnectorState.STOPPED)},
        }
    )

    plan = await check_connectors(services(states), Plan(jobs, ()))

    assert [planned.source.state for planned in plan.jobs] == [RUNNING, ConnectorState.STOPPED]


async def test_clusters_are_asked_at_the_same_time() -> None:
    clusters = [make_cluster(f"clu_{number}") for number in range(3)]
    all_asked = asyncio.Barrier(len(clusters))

    class Waiting(FakeConnectorStates):
        async def observe(self, cluster: Cluster, wanted: Collection[str] = ()) -> Mapping[str, ConnectorObservation]:
            await all_asked.wait()  # for ever, where they are asked one after the other
            return await super().observe(cluster, wanted)

    jobs = tuple(job(f"src_{cluster.id}", cluster) for cluster in clusters)

    async with asyncio.timeout(FAULT_SECONDS):
        plan = await check_connectors(services(Waiting({})), Plan(jobs, ()))

    assert all(planned.warning for planned in plan.jobs)


async def test_skips_and_an_empty_plan_stay_as_they_are() -> None:
    skip = Skip("t", None, SkipReason.TOPIC_NOT_FOUND, "No topic has this id.")

    assert await check_connectors(services(FakeConnectorStates({})), Plan((), (skip,))) == Plan((), (skip,))


async def test_a_cancelled_check_stops_asking() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    class Hanging(FakeConnectorStates):
        async def observe(self, cluster: Cluster, wanted: Collection[str] = ()) -> Mapping[str, ConnectorObservation]:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            return {}

    task = asyncio.create_task(check_connectors(services(Hanging({})), Plan((job(),), ())))
    await begun.wait()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled.is_set()
