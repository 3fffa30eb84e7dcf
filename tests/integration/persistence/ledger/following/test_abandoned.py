"""What an engine goes on telling of a snapshot that was abandoned: it takes no source, and misleads no other."""

from datetime import timedelta

from persistence.ledger.requesting.sending import SendRecord, SignalKey
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.records import BulkSnapshotFilter, SourceSnapshotRecord
from snapshots.states import SnapshotState
from snapshots.vocabulary import SnapshotType, TopicSnapshotOutcome
from tests.support.ledger_bench import SENT, TENANT, Bench

STARTED, IN_PROGRESS, COMPLETED = NotificationKind.STARTED, NotificationKind.IN_PROGRESS, NotificationKind.COMPLETED
BY_HAND = "by-hand"


async def abandon(bench: Bench, id: str) -> None:
    await bench.ledger.abandoning.abandon(
        TENANT, [id], cause="abandoned by tester", message="Enough.", at=bench.notification_time()
    )


async def externals(bench: Bench) -> list[SourceSnapshotRecord]:
    wanted = BulkSnapshotFilter(requested_by=("external",))
    page = await bench.ledger.reading.bulk_snapshots_page(TENANT, wanted, 500, None)
    return [snapshot for bulk in page.items for snapshot in bulk.snapshots]


def at_work(bench: Bench, signal_id: str, *tables: int) -> Notification:
    names = tuple(f"public.table{number}" for number in tables)
    return bench.notification(IN_PROGRESS, signal_id, current_collection=names[0], collections=names)


async def is_free(bench: Bench) -> bool:
    return await bench.ledger.reading.active_snapshots(TENANT, ["src_0"]) == {}


async def test_one_of_somebody_else_is_not_taken_up_again(bench: Bench) -> None:
    """Else to abandon it would free its source until the next thing that it tells."""
    await bench.tell(bench.notification(STARTED, BY_HAND, collections=("public.table0",)))
    (snapshot,) = await externals(bench)
    await abandon(bench, snapshot.id)
    await bench.tell(at_work(bench, BY_HAND, 0))
    await bench.tell(bench.scanned(BY_HAND, 0), bench.notification(COMPLETED, BY_HAND))
    (after,) = await externals(bench)
    assert after.state is SnapshotState.ABANDONED
    assert await is_free(bench)


async def test_the_next_one_of_somebody_else_is_recorded_all_the_same(bench: Bench) -> None:
    await bench.tell(bench.notification(STARTED, BY_HAND, collections=("public.table0",)))
    await abandon(bench, (await externals(bench))[0].id)
    await bench.tell(at_work(bench, BY_HAND, 0), at_work(bench, "joined", 0, 1))
    latest, first = await externals(bench)
    assert (first.state, latest.state) == (SnapshotState.ABANDONED, SnapshotState.RUNNING)


async def test_one_that_was_given_up_for_its_silence_is_taken_up_when_it_speaks_again(bench: Bench) -> None:
    """Nobody has asked for its source, and it is under way."""
    await bench.tell(bench.notification(STARTED, BY_HAND, collections=("public.table0",)))
    at = bench.notification_time() + timedelta(hours=2)
    assert await bench.ledger.unreported.release_silent(TENANT, at=at, silence=timedelta(hours=1)) == 1
    bench.now += timedelta(hours=3)
    await bench.tell(at_work(bench, BY_HAND, 0))
    assert [snapshot.state for snapshot in await externals(bench)] == [SnapshotState.RUNNING, SnapshotState.ABANDONED]


async def test_one_of_ours_takes_no_source_and_the_next_is_told_apart_from_it(bench: Bench) -> None:
    """The engine reads the tables of the old one first: under its id, then under that of the new one, which joined."""
    (old,) = await bench.dispatch("top_src_0_0", "top_src_0_1")
    await bench.tell(bench.notification(STARTED, old.signal_id), at_work(bench, old.signal_id, 0, 1))
    await abandon(bench, old.source_snapshot_id)
    await bench.tell(at_work(bench, old.signal_id, 0, 1))
    assert await is_free(bench)

    (new,) = await bench.dispatch("top_src_0_0", "top_src_0_1")
    await bench.tell(bench.scanned(old.signal_id, 0, "SQL_EXCEPTION"), at_work(bench, old.signal_id, 1))
    assert (await bench.record(new.source_snapshot_id)).state is SnapshotState.DISPATCHED
    await bench.tell(
        at_work(bench, new.signal_id, 1, 0, 1),
        bench.scanned(
            new.signal_id, 1, "SQL_EXCEPTION", collections=("public.table1", "public.table0", "public.table1")
        ),
        bench.scanned(new.signal_id, 0, collections=("public.table0", "public.table1")),
        bench.scanned(new.signal_id, 1, collections=("public.table1",)),
        bench.notification(COMPLETED, new.signal_id),
    )
    record = await bench.record(new.source_snapshot_id)
    assert [topic.outcome for topic in record.topics] == [TopicSnapshotOutcome.SUCCEEDED] * 2
    assert record.state is SnapshotState.COMPLETED
    assert (await bench.record(old.source_snapshot_id)).state is SnapshotState.ABANDONED
    assert await externals(bench) == []


async def blocking(bench: Bench, *topic_ids: str) -> SignalKey:
    request = bench.request(topic_ids, snapshot_type=SnapshotType.BLOCKING)
    opened = await bench.ledger.opening.open(request, lease_until=bench.lease())
    assert opened is not None
    assert opened.sources[0].refusal is None
    key = SignalKey(opened.sources[0].source_snapshot_id, opened.sources[0].signals[0][0])
    attempts = await bench.start([key])
    await bench.ledger.sending.record(
        TENANT, [SendRecord(key, attempts[key.signal_id], SENT)], at=bench.now, cause="test"
    )
    return key


def told(bench: Bench, kind: NotificationKind, table: int | None = None, status: str = "SUCCEEDED") -> Notification:
    """What an engine tells of a blocking snapshot: a random id each time."""
    more = {} if table is None else {"scanned_collection": f"public.table{table}", "status": status}
    return bench.notification(kind, f"random-{bench.offset}", incremental=False, **more)


async def test_a_blocking_one_that_still_runs_is_not_taken_for_the_next(bench: Bench) -> None:
    """Blocking snapshots queue, so that all comes from the old one until another start is told."""
    scanned = NotificationKind.TABLE_SCAN_COMPLETED
    old = await blocking(bench, "top_src_0_0", "top_src_0_1")
    await bench.tell(told(bench, STARTED))
    await abandon(bench, old.source_snapshot_id)
    bench.now = bench.notification_time()

    new = await blocking(bench, "top_src_0_0", "top_src_0_1")
    await bench.tell(
        told(bench, scanned, 0, "SQL_EXCEPTION"), told(bench, scanned, 1, "SQL_EXCEPTION"), told(bench, COMPLETED)
    )
    assert (await bench.record(new.source_snapshot_id)).state is SnapshotState.DISPATCHED
    await bench.tell(told(bench, STARTED), told(bench, scanned, 0), told(bench, scanned, 1), told(bench, COMPLETED))
    record = await bench.record(new.source_snapshot_id)
    assert [topic.outcome for topic in record.topics] == [TopicSnapshotOutcome.SUCCEEDED] * 2
    assert record.state is SnapshotState.COMPLETED
    assert (await bench.record(old.source_snapshot_id)).state is SnapshotState.ABANDONED
    assert await externals(bench) == []


async def test_a_blocking_one_that_begins_after_it_was_abandoned_is_shown_while_it_blocks(bench: Bench) -> None:
    """Its reports carry no id that tells whose it is; a source that is being blocked is not free."""
    old = await blocking(bench, "top_src_0_0")
    await abandon(bench, old.source_snapshot_id)
    await bench.tell(told(bench, STARTED))
    (shown,) = await externals(bench)
    assert (shown.state, shown.snapshot_type) == (SnapshotState.RUNNING, SnapshotType.BLOCKING)
    assert "abandoned" in (shown.answer.message if shown.answer else "")
    await bench.tell(told(bench, NotificationKind.TABLE_SCAN_COMPLETED, 0), told(bench, COMPLETED))
    (ended,) = await externals(bench)
    assert ended.state is SnapshotState.COMPLETED
    assert await is_free(bench)
