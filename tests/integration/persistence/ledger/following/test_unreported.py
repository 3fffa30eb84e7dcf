"""Ends without the engine's word: of reports that never come, and of connectors that send no notifications."""

from datetime import timedelta

import pytest

from persistence.ledger.requesting.sending import SendRecord, SignalKey
from snapshots.channels import SignalChannelKind
from snapshots.following.in_progress import ActiveSnapshot, SnapshotChanges
from snapshots.following.notifications import NotificationKind
from snapshots.following.reducer import end_in_flight, give_up
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode, SnapshotType, TopicSnapshotOutcome
from tests.support.ledger_bench import SENT, TENANT, Bench, catalogue

STARTED, COMPLETED = NotificationKind.STARTED, NotificationKind.COMPLETED
GRACE = timedelta(seconds=10)


async def conclude(bench: Bench, seconds: float) -> tuple[SignalKey, ...]:
    """End what was told to have ended, so many seconds after the bench's clock."""
    at = bench.now + timedelta(seconds=seconds)
    return await bench.ledger.unreported.conclude_ended(TENANT, at=at, grace=GRACE, lease_until=at)


async def test_a_late_report_is_waited_for_and_then_missed(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0", "top_src_0_1")
    ended = bench.notification(COMPLETED, key.signal_id, at=bench.now + timedelta(seconds=60))
    await bench.tell(bench.notification(STARTED, key.signal_id), bench.scanned(key.signal_id, 0), ended)
    assert await conclude(bench, 69) == ()
    record = await bench.record(key.source_snapshot_id)
    assert (record.state, record.finished_at) == (SnapshotState.RUNNING, None)
    await conclude(bench, 71)
    record = await bench.record(key.source_snapshot_id)
    assert (record.state, record.finished_at) == (SnapshotState.PARTIALLY_COMPLETED, ended.at)
    assert record.topics[1].outcome is TopicSnapshotOutcome.NOT_REPORTED
    assert await bench.ledger.reading.active_snapshots(TENANT, bench.source_ids) == {}


async def test_a_late_report_of_a_blocking_snapshot_still_counts(bench: Bench) -> None:
    """Its end is kept with the signal, which does not forget when it was sent."""
    new = bench.request(["top_src_0_0"], snapshot_type=SnapshotType.BLOCKING)
    opened = await bench.ledger.opening.open(new, lease_until=bench.lease())
    assert opened
    [source] = opened.sources
    await bench.start([SignalKey(source.source_snapshot_id, source.signals[0][0])])
    blocking = {"incremental": False}
    end_at = bench.now + timedelta(seconds=20)
    await bench.tell(bench.notification(STARTED, "r-1", **blocking))
    await bench.tell(bench.notification(COMPLETED, "r-2", at=end_at, **blocking))
    scan = {"scanned_collection": "public.table0", "status": "SUCCEEDED", "at": end_at - timedelta(seconds=1)}
    await bench.tell(bench.notification(NotificationKind.TABLE_SCAN_COMPLETED, "r-3", **blocking, **scan))
    record = await bench.record(source.source_snapshot_id)
    assert (record.state, record.finished_at) == (SnapshotState.COMPLETED, end_at)


async def test_an_end_by_a_clock_of_another_time_is_not_waited_for(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    start = bench.notification(STARTED, key.signal_id)
    await bench.tell(start, bench.notification(COMPLETED, key.signal_id, at=bench.now + timedelta(days=1)))
    await conclude(bench, 1)
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.FAILED


async def test_the_next_signal_falls_due(bench: Bench) -> None:
    bench.routes = catalogue(6, 3, SignalChannelKind.SOURCE_TABLE, signal_data_limit=70)  # one table fits a signal
    first, second = await bench.dispatch("top_src_0_0", "top_src_0_1")
    await bench.tell(bench.notification(STARTED, first.signal_id))
    assert await bench.tell(bench.notification(COMPLETED, first.signal_id)) == ()
    assert await conclude(bench, 60) == (second,)
    assert set(await bench.start([second])) == {second.signal_id}


@pytest.fixture
async def mute(bench: Bench) -> Bench:
    """The bench, whose connectors send no notifications."""
    async with bench.database.write() as connection:
        await connection.exec_driver_sql("UPDATE connector SET notification_topic = NULL")
    bench.routes = catalogue(6, 3, SignalChannelKind.SOURCE_TABLE, notifications=False)
    return bench


async def dispatched(bench: Bench) -> SignalKey:
    opened = await bench.open("top_src_0_0")
    [source] = opened.sources
    key = SignalKey(source.source_snapshot_id, source.signals[0][0])
    attempts = await bench.start([key])
    await bench.ledger.sending.record(
        TENANT, [SendRecord(key, attempts[key.signal_id], SENT)], at=bench.now, cause="test"
    )
    return key


async def test_what_holds_a_mute_source_is_found(mute: Bench) -> None:
    key = await dispatched(mute)
    [found] = await mute.ledger.unreported.unfollowed(TENANT)
    assert (found.source_snapshot_id, found.source.id) == (key.source_snapshot_id, "src_0")
    record = await mute.record(key.source_snapshot_id)
    assert not record.followed
    assert (record.message or "").startswith("Topicsnap cannot follow this snapshot, because connector connector-0")


async def test_what_is_followed_is_not_among_them(bench: Bench) -> None:
    await bench.dispatch("top_src_0_0")
    assert await bench.ledger.unreported.unfollowed(TENANT) == ()


async def test_an_end_that_nobody_reports_claims_no_success(mute: Bench) -> None:
    key = await dispatched(mute)

    def ended(held: ActiveSnapshot) -> tuple[ActiveSnapshot, SnapshotChanges]:
        return end_in_flight(held, mute.now)

    judges = [(key.source_snapshot_id, ended)]
    assert await mute.ledger.unreported.judge_unfollowed(TENANT, judges, at=mute.now, lease_until=mute.lease()) == ()
    record = await mute.record(key.source_snapshot_id)
    assert (record.state, record.code) == (SnapshotState.ABANDONED, SnapshotErrorCode.END_NOT_REPORTED)
    [topic] = record.topics
    assert (topic.state, topic.outcome) == (TopicSnapshotState.CANCELLED, TopicSnapshotOutcome.NOT_REPORTED)
    assert record.signals[0].state is SignalState.ENDED
    assert await mute.ledger.unreported.unfollowed(TENANT) == ()


async def test_what_has_ended_meanwhile_is_left_alone(mute: Bench) -> None:
    key = await dispatched(mute)
    await mute.ledger.abandoning.abandon(
        TENANT, [key.source_snapshot_id], cause="test", message="By hand.", at=mute.now
    )
    before = await mute.record(key.source_snapshot_id)

    def given_up(held: ActiveSnapshot) -> tuple[ActiveSnapshot, SnapshotChanges]:
        return give_up(held, mute.now, "By rule.")

    judges = [(key.source_snapshot_id, given_up)]
    await mute.ledger.unreported.judge_unfollowed(TENANT, judges, at=mute.now, lease_until=mute.lease())
    assert await mute.record(key.source_snapshot_id) == before
