"""The sweep that ends what nothing more will be told of: it looks, decides, and sends what falls due."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from resolvers.following.end_unreported import GRACE, end_unreported
from snapshots.following.notifications import NotificationKind
from snapshots.model import SourceConnector
from snapshots.ports.snapshot_probe import OffsetsReport
from snapshots.records import SourceSnapshotRecord
from snapshots.states import SignalState, SnapshotState
from snapshots.vocabulary import SnapshotErrorCode, TopicSnapshotOutcome
from tests.integration.resolvers.bench import TENANT, World
from tests.support.services import with_engine


@dataclass
class Offsets:
    """What the offsets of connectors tell, by the connectors' names."""

    sights: dict[str, OffsetsReport] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    async def look(self, source: SourceConnector) -> OffsetsReport | None:
        self.asked[source.name] += 1
        return self.sights.get(source.name)


@pytest.fixture
def offsets(world: World) -> Offsets:
    offsets = Offsets()
    world.services = with_engine(world.services, probe=offsets)
    return offsets


async def change(world: World, **columns: object) -> None:
    """Set columns of all connectors."""
    assignments = ", ".join(f"{name} = ${place}" for place, name in enumerate(columns, start=1))
    async with world.database.write() as connection:
        await connection.exec_driver_sql(f"UPDATE connector SET {assignments}", tuple(columns.values()))


async def mute(world: World) -> SourceSnapshotRecord:
    """A snapshot of three signals on a connector that sends no notifications; the first is sent."""
    await change(world, signal_channel="SOURCE_TABLE", signal_data_limit=70, notification_topic=None)
    (snapshot,) = (await world.ask("top_0_0", "top_0_1", "top_0_2")).snapshots
    return snapshot


async def sweep(world: World) -> int:
    ended = await end_unreported(world.services, TENANT)
    assert await world.services.background.drain(10) == 0
    return ended


async def test_the_signal_after_one_without_a_report_is_sent(world: World) -> None:
    await change(world, signal_channel="SOURCE_TABLE", signal_data_limit=70)
    (snapshot,) = (await world.ask("top_0_0", "top_0_1")).snapshots
    first, second = snapshot.signals
    await world.tell(
        world.notification(NotificationKind.STARTED, first.id), world.notification(NotificationKind.COMPLETED, first.id)
    )
    assert await sweep(world) == 0
    world.clock.advance(GRACE.total_seconds() + 1)
    assert await sweep(world) == 1
    assert [one.signal.id for one in world.recording.recorded] == [first.id, second.id]
    assert (await world.only()).topics[0].outcome is TopicSnapshotOutcome.NOT_REPORTED


async def test_each_signal_of_a_mute_connector_is_sent_when_the_offsets_let_go_of_that_before(
    world: World, offsets: Offsets
) -> None:
    snapshot = await mute(world)
    for number, signal in enumerate(snapshot.signals):
        assert [one.signal.id for one in world.recording.recorded] == [s.id for s in snapshot.signals[: number + 1]]
        world.clock.advance(1)
        offsets.sights["connector-0"] = OffsetsReport(signal.id, (f"public.table{number}",), world.clock())
        await sweep(world)
        assert (await world.only()).state is SnapshotState.RUNNING
        world.clock.advance(1)
        offsets.sights["connector-0"] = OffsetsReport(None, (), world.clock())
        await sweep(world)
    after = await world.only()
    assert (after.state, after.code) == (SnapshotState.ABANDONED, SnapshotErrorCode.END_NOT_REPORTED)
    assert {topic.outcome for topic in after.topics} == {TopicSnapshotOutcome.NOT_REPORTED}
    assert states_of(after) == [SignalState.ENDED] * 3
    assert await world.held() == {}


async def test_a_mute_connector_that_shows_nothing_is_released_in_time(world: World, offsets: Offsets) -> None:
    await mute(world)
    world.clock.advance(3600)
    await sweep(world)
    assert (await world.only()).state is SnapshotState.DISPATCHED
    world.clock.advance(1)
    await sweep(world)
    after = await world.only()
    assert (after.state, states_of(after)) == (
        SnapshotState.ABANDONED,
        [SignalState.SENT, SignalState.REFUSED, SignalState.REFUSED],
    )
    assert world.channel.sends.total() == 1
    assert await world.held() == {}


async def test_only_what_cannot_be_followed_is_looked_for(world: World, offsets: Offsets) -> None:
    await world.ask("top_1_0")
    await sweep(world)
    assert offsets.asked == {}
    await mute(world)
    await sweep(world)
    assert offsets.asked == {"connector-0": 1}


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param({"signal_channel": "SOURCE_TABLE", "notification_topic": None}, id="notifications switched off"),
        pytest.param({"retired_at": datetime(2026, 1, 1, tzinfo=UTC)}, id="the connector is gone"),
    ],
)
async def test_what_was_followed_and_can_be_no_more_is_released_in_time(
    world: World, offsets: Offsets, gone: dict[str, object]
) -> None:
    """Not by its offsets: they may be older than what was reported."""
    (snapshot,) = (await world.ask("top_0_0")).snapshots
    assert snapshot.followed
    await change(world, **gone)
    offsets.sights["connector-0"] = OffsetsReport(None, (), world.clock())
    world.clock.advance(3600)
    await sweep(world)
    assert (await world.only()).state is SnapshotState.DISPATCHED
    world.clock.advance(1)
    await sweep(world)
    after = await world.only()
    assert (after.state, after.code) == (SnapshotState.ABANDONED, SnapshotErrorCode.END_NOT_REPORTED)
    assert await world.held() == {}


async def test_a_cluster_without_kafka_connect_is_not_asked(world: World, offsets: Offsets) -> None:
    await mute(world)
    async with world.database.write() as connection:
        await connection.exec_driver_sql("UPDATE connect_cluster SET connect_url = NULL")
    await sweep(world)
    assert offsets.asked == {}


async def test_a_snapshot_of_somebody_else_that_falls_silent_frees_its_source(world: World) -> None:
    await world.tell(world.notification(NotificationKind.STARTED, "by-hand", collections=("public.table0",)))
    assert list(await world.held()) == ["src_0"]
    world.clock.advance(3590)
    assert await sweep(world) == 0
    world.clock.advance(20)
    assert await sweep(world) == 1
    assert await world.held() == {}


def states_of(snapshot: SourceSnapshotRecord) -> list[SignalState]:
    return [signal.state for signal in snapshot.signals]
