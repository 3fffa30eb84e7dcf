"""Snapshots that somebody else started: recorded once, held against requests, never mistaken for ours."""

import asyncio
from datetime import timedelta

from persistence.ledger.requesting.sending import SignalKey
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.records import BulkSnapshotFilter, SourceSnapshotRecord
from snapshots.states import SnapshotState
from snapshots.vocabulary import SnapshotErrorCode, SnapshotOrigin, SnapshotType, TopicSnapshotOutcome
from tests.support.ledger_bench import SILENCE, TENANT, Bench

STARTED, COMPLETED = NotificationKind.STARTED, NotificationKind.COMPLETED
GRACE = timedelta(seconds=10)


def begun(bench: Bench, *tables: int, signal_id: str = "by-hand", **more: object) -> Notification:
    names = tuple(f"public.table{number}" for number in tables)
    return bench.notification(STARTED, signal_id, collections=names, **more)


async def externals(bench: Bench) -> list[SourceSnapshotRecord]:
    wanted = BulkSnapshotFilter(requested_by=("external",))
    page = await bench.ledger.reading.bulk_snapshots_page(TENANT, wanted, 500, None)
    return [snapshot for bulk in page.items for snapshot in bulk.snapshots]


async def only(bench: Bench) -> SourceSnapshotRecord:
    [snapshot] = await externals(bench)
    return snapshot


async def holder(bench: Bench, source_id: str = "src_0") -> str | None:
    held = (await bench.ledger.reading.active_snapshots(TENANT, [source_id])).get(source_id)
    return held.id if held else None


async def test_it_is_recorded_with_the_topics_that_the_catalogue_knows_and_holds_its_source(bench: Bench) -> None:
    await bench.tell(begun(bench, 0, 1, 99))
    snapshot = await only(bench)
    assert (snapshot.origin, snapshot.state, snapshot.signals) == (SnapshotOrigin.EXTERNAL, SnapshotState.RUNNING, ())
    assert [topic.data_collection for topic in snapshot.topics] == ["public.table0", "public.table1"]
    assert await holder(bench) == snapshot.id

    opened = await bench.open("top_src_0_2", "top_src_1_0")
    refusals = [source.refusal and source.refusal.code for source in opened.sources]
    assert refusals == [SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING, None]

    await bench.tell(bench.scanned("by-hand", 0), bench.scanned("by-hand", 1, "UNKNOWN_SCHEMA"))
    await bench.tell(bench.notification(COMPLETED, "by-hand"))
    ended = await only(bench)
    assert ended.state is SnapshotState.PARTIALLY_COMPLETED
    assert [topic.outcome for topic in ended.topics] == [
        TopicSnapshotOutcome.SUCCEEDED,
        TopicSnapshotOutcome.UNKNOWN_TABLE,
    ]
    assert await holder(bench) is None


async def test_what_was_told_first_is_kept_in_the_ledger(bench: Bench) -> None:
    await bench.tell(begun(bench, 0, 99))
    bulk_id = (await only(bench)).bulk_snapshot_id
    first = (await bench.ledger.auditing.first_events(TENANT, [bulk_id], 10))[bulk_id].items[0]
    assert (first.from_state, first.to_state, first.cause) == (None, "RUNNING", "started by somebody else")
    assert first.detail
    assert first.detail["id"] == "by-hand"
    assert first.detail["collections"] == "public.table0,public.table99"


async def test_a_blocking_one_finds_its_topics_as_it_reads_them(bench: Bench) -> None:
    await bench.tell(bench.notification(STARTED, "r-1", incremental=False))
    assert (await only(bench)).topics == ()
    progress = {"current_collection": "public.table1", "collections": ("public.table1", "public.table2")}
    await bench.tell(bench.notification(NotificationKind.IN_PROGRESS, "r-2", incremental=False, **progress))
    snapshot = await only(bench)
    assert snapshot.snapshot_type is SnapshotType.BLOCKING
    assert [topic.data_collection for topic in snapshot.topics] == ["public.table1", "public.table2"]
    scans = [
        bench.notification(
            NotificationKind.TABLE_SCAN_COMPLETED,
            f"r-{table + 3}",
            incremental=False,
            scanned_collection=f"public.table{table}",
            status="SUCCEEDED",
        )
        for table in (1, 2)
    ]
    await bench.tell(*scans, bench.notification(COMPLETED, "r-9", incremental=False))
    assert (await only(bench)).state is SnapshotState.COMPLETED


async def test_one_that_begins_and_ends_in_one_batch_is_recorded_as_ended(bench: Bench) -> None:
    told = [begun(bench, 0), bench.scanned("by-hand", 0), bench.notification(COMPLETED, "by-hand")]
    again = [begun(bench, 1, signal_id="second"), bench.scanned("second", 1)]
    await bench.tell(*told, *again)
    latest, first = await externals(bench)
    assert (first.state, latest.state) == (SnapshotState.COMPLETED, SnapshotState.RUNNING)
    assert await holder(bench) == latest.id


async def test_ours_and_then_one_of_somebody_else_in_one_batch(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    await bench.tell(
        bench.notification(STARTED, key.signal_id),
        bench.scanned(key.signal_id, 0),
        bench.notification(COMPLETED, key.signal_id),
        begun(bench, 1),
    )
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.COMPLETED
    assert await holder(bench) == (await only(bench)).id


async def test_nothing_that_is_told_of_ours_makes_one(bench: Bench) -> None:
    """Neither while it holds its source, nor late, when it has been ended already."""
    (key,) = await bench.dispatch("top_src_0_0")
    late = [bench.notification(kind, key.signal_id, partition=1) for kind in (STARTED, NotificationKind.IN_PROGRESS)]
    await bench.tell(
        bench.notification(STARTED, key.signal_id),
        bench.scanned(key.signal_id, 0),
        bench.notification(COMPLETED, key.signal_id),
    )
    await bench.tell(*late)
    assert await externals(bench) == []
    assert await holder(bench) is None


async def test_a_signal_of_ours_that_the_engine_runs_again_holds_its_source_and_says_so(bench: Bench) -> None:
    """As after a crash of Kafka Connect, which had not written its offsets."""
    (key,) = await bench.dispatch("top_src_0_0")
    once = [begun(bench, 0, signal_id=key.signal_id), bench.scanned(key.signal_id, 0)]
    await bench.tell(*once, bench.notification(COMPLETED, key.signal_id))
    await bench.tell(begun(bench, 0, signal_id=key.signal_id))
    again = await only(bench)
    assert await holder(bench) == again.id
    assert again.answer
    assert again.answer.message.startswith("The engine runs a signal again")
    [refused] = (await bench.open("top_src_0_1")).sources
    assert refused.refusal
    assert refused.refusal.code is SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING

    await bench.tell(bench.scanned(key.signal_id, 0), bench.notification(COMPLETED, key.signal_id))
    assert (await only(bench)).state is SnapshotState.COMPLETED
    assert await holder(bench) is None
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.COMPLETED


async def test_a_signal_of_ours_that_is_run_again_while_another_holds_its_source_tells_it_nothing(bench: Bench) -> None:
    (older,) = await bench.dispatch("top_src_0_0")
    done = [bench.scanned(older.signal_id, 0), bench.notification(COMPLETED, older.signal_id)]
    await bench.tell(begun(bench, 0, signal_id=older.signal_id), *done)
    (key,) = await bench.dispatch("top_src_0_0")
    await bench.tell(begun(bench, 0, signal_id=key.signal_id))

    await bench.tell(
        begun(bench, 0, signal_id=older.signal_id),
        bench.scanned(older.signal_id, 0, "SQL_EXCEPTION"),
        bench.notification(COMPLETED, older.signal_id),
    )
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.RUNNING
    await bench.tell(begun(bench, 0, signal_id=key.signal_id), bench.scanned(key.signal_id, 0))
    await bench.tell(bench.notification(COMPLETED, key.signal_id))
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.COMPLETED
    assert await externals(bench) == []


async def test_a_late_start_of_a_blocking_one_of_ours_makes_none(bench: Bench) -> None:
    opened = await bench.ledger.opening.open(
        bench.request(["top_src_0_0"], snapshot_type=SnapshotType.BLOCKING), lease_until=bench.lease()
    )
    assert opened
    source = opened.sources[0]
    await bench.start([SignalKey(source.source_snapshot_id, source.signals[0][0])])
    start = bench.notification(STARTED, "r-1", incremental=False, partition=1)
    scan = bench.scanned("r-2", 0)
    await bench.tell(
        *(
            bench.notification(
                NotificationKind.TABLE_SCAN_COMPLETED,
                scan.id,
                incremental=False,
                scanned_collection=scan.scanned_collection,
                status="SUCCEEDED",
            ),
            bench.notification(COMPLETED, "r-3", incremental=False),
        )
    )
    assert (await bench.record(source.source_snapshot_id)).state is SnapshotState.COMPLETED
    await bench.tell(start)
    assert await externals(bench) == []


async def test_a_connector_that_starts_makes_none(bench: Bench) -> None:
    await bench.tell(bench.notification(NotificationKind.SKIPPED, "random", incremental=False))
    assert await externals(bench) == []


async def test_history_makes_none(bench: Bench) -> None:
    """A follower that starts on an old topic: what was silent for so long would be given up anyway."""
    old = {"at": bench.now - timedelta(hours=1, seconds=1)}
    told = [begun(bench, 0, signal_id=f"old-{number}", **old) for number in range(50)]
    await bench.tell(*told)
    assert await externals(bench) == []


async def test_it_is_recorded_once_whoever_is_told_and_however_often(bench: Bench) -> None:
    told = [begun(bench, 0), bench.scanned("by-hand", 0)]
    await asyncio.gather(*(bench.tell(*told) for _ in range(6)))
    assert len(await externals(bench)) == 1


async def test_a_request_and_an_external_snapshot_that_meet_do_not_both_win_and_never_wait_for_each_other(
    bench: Bench,
) -> None:
    for number in range(5):
        told = [
            begun(
                bench,
                0,
                signal_id=f"by-hand-{number}-{source}",
                topic=f"prefix{source}.notifications",
                prefix=f"prefix{source}",
            )
            for source in reversed(range(6))
        ]
        topics = [f"top_src_{source}_0" for source in range(6)]
        opened, _ = await asyncio.wait_for(asyncio.gather(bench.open(*topics), bench.tell(*told)), timeout=30)
        ours = {source.job.source.id: source.source_snapshot_id for source in opened.sources if not source.refusal}
        held = {
            id: snapshot.id
            for id, snapshot in (await bench.ledger.reading.active_snapshots(TENANT, bench.source_ids)).items()
        }
        assert len(held) == 6
        assert ours.items() <= held.items()
        async with bench.database.write() as connection:
            await connection.exec_driver_sql("DELETE FROM active_snapshot")


async def test_a_stop_is_a_cancellation_however_late_it_is_told(bench: Bench) -> None:
    at = bench.now + timedelta(seconds=30)
    await bench.tell(begun(bench, 0), bench.notification(COMPLETED, "by-hand", at=at))
    waiting = await only(bench)
    assert (waiting.state, waiting.finished_at) == (SnapshotState.RUNNING, None)
    await bench.tell(bench.notification(NotificationKind.ABORTED, "random", at=at, collections=("public.table0",)))
    assert (await only(bench)).state is SnapshotState.CANCELLED


async def test_an_end_without_a_report_is_waited_for_a_little(bench: Bench) -> None:
    ended_at = bench.now + timedelta(seconds=30)
    await bench.tell(begun(bench, 0), bench.notification(COMPLETED, "by-hand", at=ended_at))

    async def conclude(seconds: float) -> SnapshotState:
        at = ended_at + timedelta(seconds=seconds)
        assert await bench.ledger.unreported.conclude_ended(TENANT, at=at, grace=GRACE, lease_until=at) == ()
        return (await only(bench)).state

    assert await conclude(9) is SnapshotState.RUNNING
    assert await conclude(11) is SnapshotState.FAILED
    assert (await only(bench)).finished_at == ended_at
    assert await holder(bench) is None


async def test_one_that_falls_silent_is_given_up(bench: Bench) -> None:
    await bench.tell(begun(bench, 0, 1), bench.scanned("by-hand", 0))
    last_word = (await only(bench)).progressed_at
    assert last_word
    hour = timedelta(hours=1)
    assert await bench.ledger.unreported.release_silent(TENANT, at=last_word + hour, silence=hour) == 0
    assert await bench.ledger.unreported.release_silent(TENANT, at=last_word + hour + GRACE, silence=hour) == 1
    snapshot = await only(bench)
    assert (snapshot.state, snapshot.code) == (SnapshotState.ABANDONED, SnapshotErrorCode.END_NOT_REPORTED)
    assert [topic.outcome for topic in snapshot.topics] == [
        TopicSnapshotOutcome.SUCCEEDED,
        TopicSnapshotOutcome.NOT_REPORTED,
    ]
    assert await holder(bench) is None


async def test_one_of_ours_is_not_given_up_for_its_silence(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    await bench.ledger.unreported.release_silent(TENANT, at=bench.now + timedelta(days=9), silence=timedelta(hours=1))
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.DISPATCHED


async def test_a_connector_of_the_same_prefix_on_another_cluster_is_another(bench: Bench) -> None:
    """Neither moves what is told there a snapshot of ours, nor makes it one on our source."""
    async with bench.database.write() as connection:
        await connection.exec_driver_sql(
            "INSERT INTO connect_cluster (tenant_id, id, name) VALUES ('default', 'clu_2', 'elsewhere')"
        )
    (key,) = await bench.dispatch("top_src_1_0")
    before = await bench.record(key.source_snapshot_id)
    elsewhere = [
        begun(bench, 0),
        bench.notification(STARTED, key.signal_id, topic="prefix1.notifications", prefix="prefix1"),
    ]
    due = await bench.ledger.following.apply(
        TENANT, "clu_2", elsewhere, at=bench.now, lease_until=bench.lease(), silence=SILENCE
    )
    assert due == ()
    assert await bench.record(key.source_snapshot_id) == before
    assert await externals(bench) == []
