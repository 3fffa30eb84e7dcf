"""Following a snapshot of several signals to its true end."""

import pytest

from resolvers.following.apply_notifications import apply_notifications
from snapshots.engines.recording import Behaviour
from snapshots.following.notifications import NotificationKind
from snapshots.records import SourceSnapshotRecord
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode
from tests.integration.resolvers.bench import CLUSTER, TENANT, World, dies


@pytest.fixture
async def snapshot(world: World) -> SourceSnapshotRecord:
    """A snapshot of three tables in three signals, of which the first is sent."""
    async with world.database.write() as connection:
        await connection.exec_driver_sql(
            "UPDATE connector SET signal_channel = 'SOURCE_TABLE', signal_data_limit = 70 WHERE id = 'src_0'"
        )
    (snapshot,) = (await world.ask("top_0_0", "top_0_1", "top_0_2")).snapshots
    assert len(snapshot.signals) == 3
    return snapshot


def states(snapshot: SourceSnapshotRecord) -> list[SignalState]:
    return [signal.state for signal in snapshot.signals]


async def test_the_end_of_each_signal_sends_the_next(world: World, snapshot: SourceSnapshotRecord) -> None:
    for number, signal in enumerate(snapshot.signals):
        assert [one.signal.id for one in world.recording.recorded] == [s.id for s in snapshot.signals[: number + 1]]
        await world.tell(*world.ended(signal.id, number))
    after = await world.only()
    assert after.state is SnapshotState.COMPLETED
    assert states(after) == [SignalState.ENDED] * 3
    assert world.channel.sends.total() == 3
    assert await world.held() == {}


async def test_what_is_told_again_sends_nothing_again(world: World, snapshot: SourceSnapshotRecord) -> None:
    told = world.ended(snapshot.signals[0].id, 0)
    await world.tell(*told)
    once = await world.only()
    for _ in range(3):
        await world.tell(*told)
    assert await world.only() == once
    assert world.channel.sends.total() == 2


async def test_a_pause_told_again_after_it_has_ended_is_over(world: World, snapshot: SourceSnapshotRecord) -> None:
    """All in one millisecond, so that only the offset tells that it was applied before."""
    id_ = snapshot.signals[0].id
    kinds = (NotificationKind.STARTED, NotificationKind.PAUSED, NotificationKind.RESUMED)
    told = [world.notification(kind, id_, at=world.clock()) for kind in kinds]
    await world.tell(*told[:2])
    assert (await world.only()).state is SnapshotState.PAUSED
    await world.tell(*told[2:])
    await world.tell(*told[:2])
    assert (await world.only()).state is SnapshotState.RUNNING


async def test_no_notifications_cost_nothing(world: World, snapshot: SourceSnapshotRecord) -> None:
    await world.tell()
    assert await world.only() == snapshot


async def test_a_channel_that_refuses_a_later_signal_ends_the_snapshot_in_part(
    world: World, snapshot: SourceSnapshotRecord
) -> None:
    world.recording.behave("src_0", Behaviour.REFUSE)
    await world.tell(*world.ended(snapshot.signals[0].id, 0))
    after = await world.only()
    assert (after.state, after.code) == (SnapshotState.PARTIALLY_COMPLETED, SnapshotErrorCode.SIGNAL_REJECTED)
    assert after.message
    assert after.finished_at == world.clock()
    assert states(after) == [SignalState.ENDED, SignalState.REFUSED, SignalState.REFUSED]
    assert [topic.state for topic in after.topics] == [
        TopicSnapshotState.COMPLETED,
        TopicSnapshotState.FAILED,
        TopicSnapshotState.FAILED,
    ]
    assert await world.held() == {}


async def test_a_later_signal_of_unknown_fate_is_settled(world: World, snapshot: SourceSnapshotRecord) -> None:
    world.recording.behave("src_0", Behaviour.LOSE_ANSWER)
    await world.tell(*world.ended(snapshot.signals[0].id, 0))
    lost = await world.only()
    assert states(lost) == [SignalState.ENDED, SignalState.UNCONFIRMED, SignalState.PENDING]
    assert "src_0" in await world.held()
    world.clock.advance(3)
    assert await world.settle() == 1
    found = await world.only()
    assert states(found) == [SignalState.ENDED, SignalState.SENT, SignalState.PENDING]
    assert found.state is SnapshotState.RUNNING
    world.recording.behave("src_0", Behaviour.ACCEPT)
    await world.tell(*world.ended(found.signals[1].id, 1))
    await world.tell(*world.ended(found.signals[2].id, 2))
    assert (await world.only()).state is SnapshotState.COMPLETED
    assert set(world.channel.sends.values()) == {1}


async def test_a_follower_that_died_before_it_sent_is_stood_in_for(
    world: World, snapshot: SourceSnapshotRecord
) -> None:
    world.gate.probe = dies("before start_sending")
    await world.tell(*world.ended(snapshot.signals[0].id, 0))
    assert states(await world.only()) == [SignalState.ENDED, SignalState.PENDING, SignalState.PENDING]
    world.gate.probe = dies("never")
    assert await world.settle() == 0
    world.clock.advance(3600)
    assert await world.settle() == 1
    assert states(await world.only()) == [SignalState.ENDED, SignalState.SENT, SignalState.PENDING]


@pytest.mark.parametrize("late_at", ["before signals", "before start_sending"])
async def test_a_follower_that_comes_late_does_not_send_what_the_sweep_has_sent(
    world: World, snapshot: SourceSnapshotRecord, late_at: str
) -> None:
    """The sweep's send was not answered, so its fate is unknown: to send it once more would need proof of absence."""

    async def overtaken(step: str) -> None:
        if step == late_at:
            world.gate.probe = dies("never")
            world.clock.advance(3600)
            world.recording.behave("src_0", Behaviour.LOSE_ANSWER)
            assert await world.settle() == 1

    world.gate.probe = overtaken
    await world.tell(*world.ended(snapshot.signals[0].id, 0))
    assert world.channel.sends[snapshot.signals[1].id] == 1
    assert states(await world.only()) == [SignalState.ENDED, SignalState.UNCONFIRMED, SignalState.PENDING]


async def test_a_stop_ends_it_and_nothing_more_is_sent(world: World, snapshot: SourceSnapshotRecord) -> None:
    first = snapshot.signals[0]
    await world.tell(world.notification(NotificationKind.STARTED, first.id))
    await world.tell(world.notification(NotificationKind.ABORTED, "random"))
    after = await world.only()
    assert after.state is SnapshotState.CANCELLED
    assert world.channel.sends.total() == 1
    assert await world.held() == {}


async def test_another_tenant_moves_nothing(world: World, snapshot: SourceSnapshotRecord) -> None:
    async with world.database.write() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO connect_cluster (tenant_id, id, name) VALUES ('other', 'clu_1', 'main')"
        )
    await apply_notifications(world.services, "other", CLUSTER, world.ended(snapshot.signals[0].id, 0))
    assert await world.only() == snapshot
    await apply_notifications(world.services, TENANT, CLUSTER, world.ended(snapshot.signals[0].id, 0))
    assert await world.services.background.drain(10) == 0
    assert states(await world.only())[0] is SignalState.ENDED
