"""Looking at the sources' databases before a dispatch: one look a source, and a fault of one touches no other."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from resolvers.requesting.connector_check import Observations
from resolvers.requesting.source_check import look_at_sources
from resolvers.services import Services
from snapshots.errors import ClusterUnreachableError
from snapshots.model import SourceConnector
from snapshots.plan import Finding, Plan, Refusal, SourceJob, TopicRequest
from snapshots.ports.connector_states import ConnectorObservation
from snapshots.ports.source_trial import Trial
from snapshots.signalling.key_settings import KeySettings
from snapshots.vocabulary import ConnectorState, SkipReason, SnapshotErrorCode, SnapshotType
from tests.support.factories import make_filter, make_source, make_topic

INCREMENTAL, BLOCKING = SnapshotType.INCREMENTAL, SnapshotType.BLOCKING
UNSAFE = Finding(SkipReason.UNSAFE_KEY, "Use BLOCKING.")


class FakeTrial:
    """Finds something about each topic of the sources named, and fails for those that are broken."""

    def __init__(self, *, finding: Sequence[str] = (), broken: Sequence[str] = ()) -> None:
        self.asked: dict[str, KeySettings | None] = {}
        self._finding = finding
        self._broken = broken

    async def look(self, source: SourceConnector, topics: Sequence[TopicRequest], keys: KeySettings | None) -> Trial:
        assert source.id not in self.asked
        self.asked[source.id] = keys
        if source.id in self._broken:
            message = "a bug"
            raise RuntimeError(message)
        return Trial({topic.topic.id: UNSAFE for topic in topics if source.id in self._finding}, asked=True)


def job(id: str, *, filtered: bool = False, surrogate_key: str | None = None) -> SourceJob:
    source = make_source(id)
    row_filter = make_filter() if filtered else None
    return SourceJob(source, (TopicRequest(make_topic(f"of {id}", source), "public.a", row_filter, surrogate_key),), ())


def services(trial: FakeTrial) -> Services:
    return cast("Services", SimpleNamespace(engine=SimpleNamespace(source_trial=trial)))


async def looked(
    trial: FakeTrial,
    *jobs: SourceJob,
    snapshot_type: SnapshotType = INCREMENTAL,
    observed: Mapping[str, Observations] | None = None,
) -> Mapping[str, Trial]:
    return await look_at_sources(services(trial), Plan(jobs, ()), snapshot_type, observed or {})


async def test_for_an_incremental_snapshot_each_source_is_asked_once() -> None:
    trial = FakeTrial(finding=["a"])
    found = await looked(trial, job("a"), job("b", filtered=True))
    assert {source_id: one.findings for source_id, one in found.items()} == {"a": {"of a": UNSAFE}, "b": {}}
    assert trial.asked == dict.fromkeys(("a", "b"), KeySettings())


async def test_for_a_blocking_one_those_with_filters_are_asked_and_not_of_keys() -> None:
    trial = FakeTrial()
    await looked(trial, job("a", filtered=True), job("b"), snapshot_type=BLOCKING)
    assert trial.asked == {"a": None}


async def test_a_source_that_is_refused_already_is_not_asked() -> None:
    refused = job("a").refused(Refusal(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, "No channel.", retryable=False))
    trial = FakeTrial()
    assert await looked(trial, refused) == {}
    assert trial.asked == {}


async def test_a_fault_at_one_source_leaves_the_others_looked_at_and_is_told() -> None:
    found = await looked(FakeTrial(finding=["b"], broken=["a"]), job("a"), job("b"))
    assert found["b"].findings == {"of b": UNSAFE}
    assert found["a"].findings == {}
    assert "see the log" in (found["a"].warning or "")


@pytest.mark.parametrize("snapshot_type", SnapshotType)
async def test_databases_that_are_away_hold_nobody_up_and_are_told(snapshot_type: SnapshotType) -> None:
    class Away(FakeTrial):
        async def look(
            self, source: SourceConnector, topics: Sequence[TopicRequest], keys: KeySettings | None
        ) -> Trial:
            trial = await super().look(source, topics, keys)
            await asyncio.Event().wait()
            return trial

    trial = Away()
    jobs = tuple(job(str(number), filtered=True) for number in range(40))
    found = await look_at_sources(services(trial), Plan(jobs, ()), snapshot_type, {}, wait_seconds=0.01)
    assert len(found) == 40
    assert len(trial.asked) == 40
    [warning] = {one.warning for one in found.values()}
    told = "The keys of the tables were not checked, because the database did not answer in time."
    assert warning == (told if snapshot_type is INCREMENTAL else None)


async def test_what_the_configuration_says_of_keys_is_handed_on() -> None:
    asked, other = job("a"), job("b")
    settings = KeySettings(columns="public.a:n", sends_unknown_types=True)
    seen = ConnectorObservation(
        asked.source.name, ConnectorState.RUNNING, datetime(2026, 1, 1, tzinfo=UTC), keys=settings
    )
    trial = FakeTrial()
    await looked(trial, asked, other, observed={asked.source.cluster.id: {seen.name: seen}})
    assert trial.asked == {"a": settings, "b": KeySettings()}


NAME = make_source("a").name
NOT_TOLD = {NAME: ConnectorObservation(NAME, ConnectorState.RUNNING, datetime(2026, 1, 1, tzinfo=UTC))}
DOWN = ClusterUnreachableError("down")


@pytest.mark.parametrize("observed", [{}, {"clu_1": {}}, {"clu_1": NOT_TOLD}, {"clu_1": DOWN}])
async def test_where_the_configuration_is_not_known_that_is_said(observed: Mapping[str, Observations]) -> None:
    """The keys are those of the database then."""
    trial = FakeTrial()
    found = await looked(trial, job("a"), observed=observed)
    assert trial.asked == {"a": KeySettings()}
    assert "The connector's configuration is unknown" in (found["a"].warning or "")


async def test_of_a_source_whose_database_was_not_asked_nothing_is_said_of_its_configuration() -> None:
    class NotAsked(FakeTrial):
        async def look(
            self, source: SourceConnector, topics: Sequence[TopicRequest], keys: KeySettings | None
        ) -> Trial:
            return Trial()

    assert (await looked(NotAsked(), job("a")))["a"].warning is None


async def test_a_cancellation_that_a_library_lets_out_ends_one_look_alone() -> None:
    class Leaking(FakeTrial):
        async def look(
            self, source: SourceConnector, topics: Sequence[TopicRequest], keys: KeySettings | None
        ) -> Trial:
            if source.id == "a":
                raise asyncio.CancelledError
            return await super().look(source, topics, keys)

    found = await looked(Leaking(finding=["b"]), job("a"), job("b"))
    assert "see the log" in (found["a"].warning or "")
    assert found["b"].findings == {"of b": UNSAFE}
