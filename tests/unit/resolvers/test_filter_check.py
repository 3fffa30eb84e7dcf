"""Trying filters before a dispatch: one trial a source, and a fault of one touches no other."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import cast

from resolvers.filter_check import check_filters
from resolvers.services import Services
from snapshots.jobs import Plan, SourceJob, TopicRequest
from snapshots.kinds import SnapshotErrorCode
from snapshots.model import SourceConnector
from tests.factories import make_filter, make_source, make_topic


class FakeTrial:
    """Refuses each filtered topic of the sources named, and fails for those that are broken."""

    def __init__(self, *, refusing: Sequence[str] = (), broken: Sequence[str] = ()) -> None:
        self.asked: list[str] = []
        self._refusing = refusing
        self._broken = broken

    async def refusals(self, source: SourceConnector, topics: Sequence[TopicRequest]) -> Mapping[str, str]:
        self.asked.append(source.id)
        if source.id in self._broken:
            message = "a bug"
            raise RuntimeError(message)
        return {topic.topic.id: "no" for topic in topics if topic.filter and source.id in self._refusing}


def job(id: str, *, filtered: bool = True, surrogate_key: str | None = None) -> SourceJob:
    source = make_source(id)
    row_filter = make_filter() if filtered else None
    return SourceJob(source, (TopicRequest(make_topic(f"of {id}", source), "public.a", row_filter, surrogate_key),), ())


def services(trial: FakeTrial) -> Services:
    return cast("Services", SimpleNamespace(filter_trial=trial))


async def checked(trial: FakeTrial, *jobs: SourceJob) -> Mapping[str, str]:
    return await check_filters(services(trial), Plan(jobs, ()))


async def test_each_source_with_filters_or_surrogate_keys_is_asked_once() -> None:
    trial = FakeTrial(refusing=["a"])
    refused = await checked(trial, job("a"), job("b", filtered=False), job("c", filtered=False, surrogate_key="n"))
    assert refused == {"of a": "no"}
    assert sorted(trial.asked) == ["a", "c"]


async def test_a_source_that_is_refused_already_is_not_asked() -> None:
    refused = job("a").refused(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, "No channel.", retryable=False)
    trial = FakeTrial()
    assert await checked(trial, refused) == {}
    assert trial.asked == []


async def test_a_fault_at_one_source_leaves_the_others_checked() -> None:
    assert await checked(FakeTrial(refusing=["b"], broken=["a"]), job("a"), job("b")) == {"of b": "no"}
