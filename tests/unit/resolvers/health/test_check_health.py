"""Looking for the causes of a silence: the connector's offsets are asked where they can tell something."""

from types import SimpleNamespace
from typing import cast

from resolvers.health.check_health import find_causes
from resolvers.services import Services
from snapshots.health.findings import HealthCheck
from snapshots.model import SourceConnector
from snapshots.ports.snapshot_probe import OffsetsReport
from snapshots.states import SnapshotState
from tests.support.ward import NOW, observed, record


class FakeProbe:
    """Offsets in which no incremental snapshot is under way."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def look(self, source: SourceConnector) -> OffsetsReport:
        self.asked.append(source.id)
        return OffsetsReport()


def services(probe: FakeProbe) -> Services:
    return cast("Services", SimpleNamespace(engine=SimpleNamespace(probe=probe)))


async def test_a_snapshot_that_began_and_is_not_in_the_offsets_is_lost() -> None:
    probe, seen = FakeProbe(), observed()
    [cause] = await find_causes(services(probe), record(SnapshotState.RUNNING, progressed_at=NOW), seen)
    assert cause.code is HealthCheck.SNAPSHOT_LOST
    assert probe.asked == [seen.source.id]


async def test_of_one_that_did_not_begin_they_tell_nothing() -> None:
    probe = FakeProbe()
    [cause] = await find_causes(services(probe), record(SnapshotState.DISPATCHED, dispatched_at=NOW), observed())
    assert cause.code is HealthCheck.UNEXPLAINED
    assert probe.asked == []


async def test_a_connector_that_the_catalogue_lost_is_the_cause() -> None:
    [cause] = await find_causes(services(FakeProbe()), record(SnapshotState.RUNNING), None)
    assert cause.code is HealthCheck.CONNECTOR_STATE
