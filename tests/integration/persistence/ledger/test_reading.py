"""A record is read by several statements, and tells of one moment."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from persistence.database.pool import Database
from persistence.ledger import Ledger, reading
from snapshots.following.notifications import NotificationKind
from snapshots.identifiers import IdMaker
from snapshots.records import SourceSnapshotRecord
from snapshots.states import SnapshotState, TopicSnapshotState
from tests.support.ledger_bench import TENANT, Bench

Read = Callable[[Bench, str, str], Coroutine[Any, Any, SourceSnapshotRecord]]


async def by_bulk(bench: Bench, bulk_id: str, id: str) -> SourceSnapshotRecord:
    return (await bench.ledger.reading.bulk_snapshots(TENANT, [bulk_id]))[bulk_id].snapshots[0]


async def by_id(bench: Bench, bulk_id: str, id: str) -> SourceSnapshotRecord:
    return await bench.record(id)


async def by_source(bench: Bench, bulk_id: str, id: str) -> SourceSnapshotRecord:
    return (await bench.ledger.reading.active_snapshots(TENANT, bench.source_ids))["src_0"]


@pytest.mark.parametrize("read", [by_bulk, by_id, by_source])
async def test_what_is_written_between_two_statements_is_seen_whole_or_not_at_all(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, read: Read
) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    await bench.tell(bench.notification(NotificationKind.STARTED, key.signal_id))
    before = await bench.record(key.source_snapshot_id)
    told = [bench.scanned(key.signal_id, 0), bench.notification(NotificationKind.COMPLETED, key.signal_id)]
    topics_of = reading._topic_snapshots

    async def end_it_first(*arguments: Any) -> Any:  # noqa: ANN401 (what the statement takes)
        await bench.tell(*told)
        return await topics_of(*arguments)

    monkeypatch.setattr(reading, "_topic_snapshots", end_it_first)
    seen = await read(bench, before.bulk_snapshot_id, before.id)
    monkeypatch.undo()
    assert seen == before
    after = await bench.record(before.id)
    assert (after.state, after.topics[0].state) == (SnapshotState.COMPLETED, TopicSnapshotState.COMPLETED)


async def test_a_look_leaves_nothing_behind_for_those_who_write(bench: Bench, database_url: str) -> None:
    database = Database.connect(database_url, pool_size=1, max_overflow=0)
    bench.ledger = Ledger.over(database, IdMaker(), idempotency_days=7)
    (key,) = await bench.dispatch("top_src_0_0")
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.DISPATCHED
    await bench.tell(bench.notification(NotificationKind.STARTED, key.signal_id))
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.RUNNING
    await database.close()
