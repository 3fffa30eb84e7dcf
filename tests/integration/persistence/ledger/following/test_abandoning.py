"""Abandoning: only what may be, once, with everything that belongs to it told truthfully, and the source free."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import text

from snapshots.following.notifications import NotificationKind
from snapshots.requesting.dispatch import Unconfirmed
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode, TopicSnapshotOutcome
from tests.support.ledger_bench import TENANT, Bench

LOST = Unconfirmed(SnapshotErrorCode.DISPATCH_TIMEOUT, "No answer.")


async def abandon(bench: Bench, *ids: str, tenant: str = TENANT) -> dict[str, SnapshotState]:
    return await bench.ledger.abandoning.abandon(
        tenant, ids, cause="abandoned by tester", message="Abandoned by tester: stuck", at=bench.now
    )


async def events(bench: Bench, source_snapshot_id: str) -> Sequence[Any]:
    async with bench.database.read() as connection:
        rows = await connection.execute(
            text("SELECT * FROM ledger_event WHERE source_snapshot_id = :id AND cause = 'abandoned by tester'"),
            {"id": source_snapshot_id},
        )
        return rows.all()


async def test_a_snapshot_that_never_starts_is_abandoned_and_its_source_free(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0", "top_src_0_1")
    snapshot_id = key.source_snapshot_id

    assert await abandon(bench, snapshot_id) == {snapshot_id: SnapshotState.DISPATCHED}

    record = await bench.record(snapshot_id)
    assert record.state is SnapshotState.ABANDONED
    assert record.message == "Abandoned by tester: stuck"
    assert record.finished_at == bench.now
    assert {(topic.state, topic.outcome) for topic in record.topics} == {
        (TopicSnapshotState.CANCELLED, TopicSnapshotOutcome.NOT_REPORTED)
    }
    assert [signal.state for signal in record.signals] == [SignalState.SENT]
    assert await bench.ledger.reading.active_snapshots(TENANT, ["src_0"]) == {}
    (again,) = await bench.dispatch("top_src_0_0")
    assert (await bench.record(again.source_snapshot_id)).state is SnapshotState.DISPATCHED
    noted = {(event.subject_kind, event.to_state) for event in await events(bench, snapshot_id)}
    assert noted == {("SOURCE_SNAPSHOT", "ABANDONED"), ("TOPICS", "CANCELLED")}


async def test_what_was_read_stays_read(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0", "top_src_0_1")
    await bench.tell(bench.notification(NotificationKind.STARTED, key.signal_id), bench.scanned(key.signal_id, 0))

    await abandon(bench, key.source_snapshot_id)

    read, unread = (await bench.record(key.source_snapshot_id)).topics
    assert (read.state, read.outcome) == (TopicSnapshotState.COMPLETED, TopicSnapshotOutcome.SUCCEEDED)
    assert (unread.state, unread.outcome) == (TopicSnapshotState.CANCELLED, TopicSnapshotOutcome.NOT_REPORTED)


async def test_what_comes_later_changes_nothing(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    await abandon(bench, key.source_snapshot_id)
    before = await bench.record(key.source_snapshot_id)

    await bench.tell(bench.scanned(key.signal_id, 0), bench.notification(NotificationKind.COMPLETED, key.signal_id))

    assert await bench.record(key.source_snapshot_id) == before


async def test_to_abandon_again_changes_nothing(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    await abandon(bench, key.source_snapshot_id)
    known, before = await events(bench, key.source_snapshot_id), await bench.record(key.source_snapshot_id)

    assert await abandon(bench, key.source_snapshot_id) == {key.source_snapshot_id: SnapshotState.ABANDONED}

    assert await events(bench, key.source_snapshot_id) == known
    assert await bench.record(key.source_snapshot_id) == before


async def test_a_lost_signal_is_given_up_and_never_taken_up_again(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0", outcome=LOST)

    assert await abandon(bench, key.source_snapshot_id) == {key.source_snapshot_id: SnapshotState.UNCONFIRMED}

    (signal,) = (await bench.record(key.source_snapshot_id)).signals
    assert signal.state is SignalState.UNCONFIRMED
    due = await bench.ledger.settling.claim(TENANT, at=bench.lease(1e6), lease_until=bench.lease(2e6), most=50)
    assert due == ()


async def test_what_is_not_out_yet_or_has_ended_is_left_alone(bench: Bench) -> None:
    opened = await bench.open("top_src_0_0")
    pending = opened.sources[0].source_snapshot_id
    (ended,) = await bench.dispatch("top_src_1_0")
    await bench.ledger.abandoning.abandon(TENANT, [], cause="nothing", message="nothing", at=bench.now)

    found = await abandon(bench, pending, "snap_nobody")

    assert found == {pending: SnapshotState.PENDING}
    assert (await bench.record(pending)).state is SnapshotState.PENDING
    assert (await bench.record(ended.source_snapshot_id)).state is SnapshotState.DISPATCHED


@pytest.mark.parametrize("tenant", ["other", ""])
async def test_another_tenant_finds_nothing(bench: Bench, tenant: str) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    assert await abandon(bench, key.source_snapshot_id, tenant=tenant) == {}
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.DISPATCHED
