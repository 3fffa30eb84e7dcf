"""A table that failed in mid-scan keeps every further incremental signal from its source, whoever would send it."""

from sqlalchemy import text

from resolvers.requesting.plan_bulk_snapshot import plan_bulk_snapshot
from resolvers.requesting.retry_bulk_snapshot import retry_bulk_snapshot
from snapshots.engines.recording import Behaviour
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.records import AnswerKind
from snapshots.requesting.request import BulkSnapshotRequest
from snapshots.requesting.retry import RetryRequest
from snapshots.states import BulkSnapshotState, SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode, SnapshotType
from tests.integration.resolvers.bench import SOMEBODY, World

RESTART_REQUIRED = SnapshotErrorCode.RESTART_REQUIRED
HOUR = 3600.0


def failed(world: World, signal_id: str, table: int = 0) -> Notification:
    return world.notification(
        NotificationKind.TABLE_SCAN_COMPLETED,
        signal_id,
        scanned_collection=f"public.table{table}",
        status="SQL_EXCEPTION",
        rows_scanned=8,
    )


def start(world: World) -> Notification:
    return world.notification(NotificationKind.SKIPPED, "random", incremental=False)


async def fail_by_hand(world: World) -> None:
    """A signal of somebody else's, on the free source or one that waits, ends with its only table failed."""
    await world.tell(failed(world, "by-hand", 2), world.notification(NotificationKind.COMPLETED, "by-hand"))


async def one_table_a_signal(world: World) -> None:
    async with world.database.write() as connection:
        await connection.execute(
            text("UPDATE connector SET signal_channel = 'SOURCE_TABLE', signal_data_limit = 70 WHERE id = 'src_0'")
        )


async def test_a_request_is_answered_with_what_to_do_and_sends_nothing(world: World) -> None:
    await fail_by_hand(world)

    record = await world.ask("top_0_0", "top_1_0")

    refused, sent = record.snapshots
    assert refused.answer is not None
    assert (refused.state, refused.answer.kind, refused.answer.code, refused.answer.retryable) == (
        SnapshotState.FAILED,
        AnswerKind.FAILED,
        RESTART_REQUIRED,
        True,
    )
    assert "Restart the connector with its task" in refused.answer.message
    assert sent.state is SnapshotState.DISPATCHED
    assert [one.source.id for one in world.recording.recorded] == ["src_1"]
    assert set(await world.held()) == {"src_1"}


async def test_a_plan_says_so_for_incremental_alone(world: World) -> None:
    await fail_by_hand(world)
    codes = []
    for snapshot_type in (SnapshotType.INCREMENTAL, SnapshotType.BLOCKING):
        request = BulkSnapshotRequest(("top_0_0", "top_1_0"), snapshot_type)
        planned = await plan_bulk_snapshot(world.services, SOMEBODY, request)
        codes.append([job.refusal and job.refusal.code for job in planned.jobs])
    assert codes == [[RESTART_REQUIRED, None], [None, None]]


async def test_the_signals_behind_the_failed_one_are_not_sent(world: World) -> None:
    await one_table_a_signal(world)
    [snapshot] = (await world.ask("top_0_0", "top_0_1", "top_0_2")).snapshots
    assert len(snapshot.signals) == 3

    id_ = snapshot.signals[0].id
    await world.tell(failed(world, id_), world.notification(NotificationKind.COMPLETED, id_))

    after = await world.only()
    assert (after.state, after.code) == (SnapshotState.FAILED, RESTART_REQUIRED)
    assert [signal.state for signal in after.signals] == [SignalState.ENDED, SignalState.REFUSED, SignalState.REFUSED]
    assert [topic.state for topic in after.topics] == [TopicSnapshotState.FAILED] * 3
    assert world.channel.sends.total() == 1
    assert await world.held() == {}


async def test_what_was_read_before_the_failure_stays_read(world: World) -> None:
    await one_table_a_signal(world)
    [snapshot] = (await world.ask("top_0_0", "top_0_1", "top_0_2")).snapshots
    await world.tell(*world.ended(snapshot.signals[0].id, 0))
    second = snapshot.signals[1].id
    await world.tell(failed(world, second, 1), world.notification(NotificationKind.COMPLETED, second))
    after = await world.only()
    assert (after.state, after.code) == (SnapshotState.PARTIALLY_COMPLETED, RESTART_REQUIRED)


async def test_the_signals_behind_are_sent_where_the_task_was_restarted_meanwhile(world: World) -> None:
    await one_table_a_signal(world)
    [snapshot] = (await world.ask("top_0_0", "top_0_1")).snapshots
    first, second = (signal.id for signal in snapshot.signals)
    await world.tell(failed(world, first))
    await world.tell(start(world), world.notification(NotificationKind.COMPLETED, first))
    assert world.channel.sends == {first: 1, second: 1}


async def test_what_waits_for_its_channel_is_not_sent_by_the_sweep(world: World) -> None:
    """Its first signal found the channel away; meanwhile a table failed under a signal by hand."""
    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    [snapshot] = (await world.ask("top_0_0")).snapshots
    assert snapshot.state is SnapshotState.UNCONFIRMED
    await fail_by_hand(world)
    world.recording.behave("src_0", Behaviour.ACCEPT)
    world.clock.advance(HOUR)

    assert await world.settle() == 1

    after = await world.only()
    assert (after.state, after.code) == (SnapshotState.FAILED, RESTART_REQUIRED)
    assert not world.recording.recorded
    assert await world.held() == {}


async def test_a_retry_is_taken_once_the_task_has_started(world: World) -> None:
    await fail_by_hand(world)
    refused = await world.ask("top_0_0")
    await world.tell(start(world))
    again = await retry_bulk_snapshot(world.services, SOMEBODY, RetryRequest(refused.id))
    assert again.state is BulkSnapshotState.IN_PROGRESS
    assert [snapshot.state for snapshot in again.snapshots] == [SnapshotState.DISPATCHED]
