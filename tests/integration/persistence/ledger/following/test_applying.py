"""Applying notifications: exactly once, in one transaction a batch, to the true end of each snapshot."""

import asyncio

from snapshots.channels import SignalChannelKind
from snapshots.following.notifications import NotificationKind
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode, TopicSnapshotOutcome
from tests.support.ledger_bench import TENANT, Bench, catalogue

STARTED, COMPLETED = NotificationKind.STARTED, NotificationKind.COMPLETED


async def test_a_snapshot_runs_to_its_end_and_frees_its_source(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0", "top_src_0_1")
    await bench.tell(bench.notification(STARTED, key.signal_id))
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.RUNNING
    await bench.tell(
        bench.scanned(key.signal_id, 0, rows=7),
        bench.scanned(key.signal_id, 1, "EMPTY", rows=0),
        bench.notification(COMPLETED, key.signal_id),
    )
    record = await bench.record(key.source_snapshot_id)
    assert record.state is SnapshotState.COMPLETED
    assert [(topic.state, topic.outcome, topic.rows_scanned) for topic in record.topics] == [
        (TopicSnapshotState.COMPLETED, TopicSnapshotOutcome.SUCCEEDED, 7),
        (TopicSnapshotState.COMPLETED, TopicSnapshotOutcome.EMPTY, 0),
    ]
    assert record.signals[0].state is SignalState.ENDED
    assert await bench.ledger.reading.active_snapshots(TENANT, bench.source_ids) == {}


async def test_completed_with_a_failed_table_is_partial(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0", "top_src_0_1")
    await bench.tell(
        bench.notification(STARTED, key.signal_id),
        bench.scanned(key.signal_id, 0),
        bench.scanned(key.signal_id, 1, "SQL_EXCEPTION"),
        bench.notification(COMPLETED, key.signal_id),
    )
    record = await bench.record(key.source_snapshot_id)
    assert (record.state, record.code) == (SnapshotState.PARTIALLY_COMPLETED, SnapshotErrorCode.TABLES_FAILED)
    assert record.topics[1].outcome is TopicSnapshotOutcome.OTHER
    assert record.topics[1].engine_status == "SQL_EXCEPTION"


async def test_what_is_told_again_changes_nothing(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    told = [
        bench.notification(STARTED, key.signal_id),
        bench.scanned(key.signal_id, 0),
        bench.notification(COMPLETED, key.signal_id),
    ]
    await bench.tell(*told)
    once = await bench.record(key.source_snapshot_id)
    (later,) = await bench.dispatch("top_src_0_0")
    await asyncio.gather(*(bench.tell(*told) for _ in range(5)))
    assert await bench.record(key.source_snapshot_id) == once
    assert (await bench.record(later.source_snapshot_id)).state is SnapshotState.DISPATCHED


async def test_a_topic_made_anew_is_read_from_its_start(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    await bench.tell(bench.notification(STARTED, key.signal_id, offset=900))
    await bench.tell(bench.scanned(key.signal_id, 0), bench.notification(COMPLETED, key.signal_id))
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.COMPLETED


async def test_another_connector_with_the_same_prefix_elsewhere_changes_nothing(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    before = await bench.record(key.source_snapshot_id)
    await bench.tell(bench.notification(STARTED, key.signal_id, topic="elsewhere"))
    await bench.tell(bench.notification(STARTED, key.signal_id, prefix="prefix1"))
    assert await bench.record(key.source_snapshot_id) == before


async def test_two_followers_of_one_snapshot_apply_it_once(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0", "top_src_0_1", "top_src_0_2")
    told = [
        bench.notification(STARTED, key.signal_id),
        *(bench.scanned(key.signal_id, table) for table in range(3)),
        bench.notification(COMPLETED, key.signal_id),
    ]
    await asyncio.gather(*(bench.tell(*told) for _ in range(8)))
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.COMPLETED


async def test_the_end_of_one_signal_makes_the_next_due_and_the_last_ends_the_snapshot(bench: Bench) -> None:
    bench.routes = catalogue(6, 3, SignalChannelKind.SOURCE_TABLE, signal_data_limit=70)  # one table fits a signal
    keys = await bench.dispatch("top_src_0_0", "top_src_0_1", "top_src_0_2")
    assert len(keys) == 3
    for number, key in enumerate(keys):
        due = await bench.tell(
            bench.notification(STARTED, key.signal_id),
            bench.scanned(key.signal_id, number),
            bench.notification(COMPLETED, key.signal_id),
        )
        assert due == tuple(keys[number + 1 : number + 2])
        assert set(await bench.start(due)) == {key.signal_id for key in due}
    record = await bench.record(keys[0].source_snapshot_id)
    assert record.state is SnapshotState.COMPLETED
    assert [signal.state for signal in record.signals] == [SignalState.ENDED] * 3
