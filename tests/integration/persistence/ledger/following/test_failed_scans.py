"""A table that failed in mid-scan: its source reads nothing until its task started anew, or somebody clears it."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select, text, update

from persistence import tables
from persistence.embedded.sessions import connected
from persistence.ledger.requesting.opening_rows import OpenedSource
from persistence.ledger.requesting.sending import SignalKey
from sandbox.waiting import eventually
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.restart_requirement import RestartRequirement
from snapshots.states import SnapshotState
from snapshots.vocabulary import SnapshotErrorCode, SnapshotType
from tests.support.ledger_bench import TENANT, Bench

STARTED, COMPLETED = NotificationKind.STARTED, NotificationKind.COMPLETED


async def fail_a_scan(bench: Bench, *more: Notification) -> Notification:
    """Dispatch one table of connector 0, and tell that its scan failed; return what told it."""
    (key,) = await bench.dispatch("top_src_0_0")
    failure = bench.scanned(key.signal_id, 0, "SQL_EXCEPTION")
    await bench.tell(
        bench.notification(STARTED, key.signal_id), failure, bench.notification(COMPLETED, key.signal_id), *more
    )
    return failure


def start_of_the_task(bench: Bench, **more: object) -> Notification:
    return bench.notification(NotificationKind.SKIPPED, "random", **{"incremental": False, **more})


async def open_one(bench: Bench, snapshot_type: SnapshotType = SnapshotType.INCREMENTAL) -> OpenedSource:
    new = bench.request(["top_src_0_1"], snapshot_type=snapshot_type)
    opened = await bench.ledger.opening.open(new, lease_until=bench.lease())
    assert opened is not None
    return opened.sources[0]


async def refused(bench: Bench) -> bool:
    """Whether an incremental snapshot of connector 0 is refused; one that is not is abandoned at once."""
    source = await open_one(bench)
    if source.refusal is not None:
        assert source.refusal.code is SnapshotErrorCode.RESTART_REQUIRED
        return True
    await bench.start([first_signal(source)])
    await bench.tell(bench.notification(STARTED, source.signals[0][0]))
    await bench.ledger.abandoning.abandon(
        TENANT, [source.source_snapshot_id], cause="test", message="test", at=bench.now
    )
    return False


def first_signal(source: OpenedSource) -> SignalKey:
    return SignalKey(source.source_snapshot_id, source.signals[0][0])


async def test_the_source_refuses_incremental_and_is_not_held(bench: Bench) -> None:
    failure = await fail_a_scan(bench)

    source = await open_one(bench)

    assert source.refusal is not None
    assert (source.refusal.code, source.refusal.retryable) == (SnapshotErrorCode.RESTART_REQUIRED, True)
    assert "public.table0" in source.refusal.message
    assert "POST /connectors/connector-0/restart" in source.refusal.message
    record = await bench.record(source.source_snapshot_id)
    assert (record.state, record.code) == (SnapshotState.FAILED, SnapshotErrorCode.RESTART_REQUIRED)
    assert await bench.ledger.reading.active_snapshots(TENANT, ["src_0"]) == {}
    assert await bench.ledger.failed_scans.requirements(TENANT, ["src_0", "src_1"]) == {
        "src_0": RestartRequirement(failure.at, ("public.table0",))
    }


async def test_blocking_and_other_sources_are_not_refused(bench: Bench) -> None:
    await fail_a_scan(bench)
    assert (await open_one(bench, SnapshotType.BLOCKING)).refusal is None
    opened = await bench.open("top_src_1_0", "top_src_2_0")
    assert [source.refusal for source in opened.sources] == [None, None]


@pytest.mark.parametrize("status", ["SUCCEEDED", "EMPTY", "NO_PRIMARY_KEY", "UNKNOWN_SCHEMA", "SKIPPED"])
async def test_what_is_no_failure_in_mid_scan_needs_no_restart(bench: Bench, status: str) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    await bench.tell(bench.scanned(key.signal_id, 0, status), bench.notification(COMPLETED, key.signal_id))
    assert not await refused(bench)


async def test_the_failure_of_a_blocking_scan_needs_no_restart(bench: Bench) -> None:
    await bench.tell(bench.scanned("random", 0, "SQL_EXCEPTION", incremental=False))
    assert await bench.ledger.failed_scans.requirements(TENANT, ["src_0"]) == {}


async def test_the_failure_of_somebody_else_s_snapshot_counts(bench: Bench) -> None:
    await bench.tell(
        bench.notification(STARTED, "by-hand", collections=("public.table0",)),
        bench.scanned("by-hand", 0, "SQL_EXCEPTION"),
        bench.notification(COMPLETED, "by-hand"),
    )
    assert await refused(bench)


async def test_a_start_of_the_task_clears_it(bench: Bench) -> None:
    await fail_a_scan(bench)
    start = start_of_the_task(bench)
    await bench.tell(start)
    assert not await refused(bench)
    async with bench.database.read() as connection:
        row = (await connection.execute(select(tables.failed_scan))).one()
    assert row.cleared_evidence["offset"] == start.offset
    assert (row.cleared_at, row.cleared_by) == (bench.now, None)


async def test_a_start_in_the_same_batch_clears_what_came_before_it_alone(bench: Bench) -> None:
    await fail_a_scan(bench, start_of_the_task(bench))
    assert not await refused(bench)
    later = bench.scanned("by-hand", 1, "SQL_EXCEPTION")
    before = bench.scanned("by-hand", 0, "SQL_EXCEPTION", offset=later.offset - 1, at=later.at - timedelta(seconds=9))
    start = start_of_the_task(bench, offset=later.offset - 1)
    await bench.tell(before, replace(start, offset=later.offset), replace(later, offset=later.offset + 1))
    requirements = await bench.ledger.failed_scans.requirements(TENANT, ["src_0"])
    assert requirements["src_0"].data_collections == ("public.table1",)


async def test_a_start_of_another_connector_clears_nothing(bench: Bench) -> None:
    await fail_a_scan(bench)
    await bench.tell(start_of_the_task(bench, topic="prefix1.notifications", prefix="prefix1"))
    assert await refused(bench)


async def test_of_several_partitions_a_start_from_before_the_failure_clears_nothing(bench: Bench) -> None:
    failure = await fail_a_scan(bench)
    await bench.tell(start_of_the_task(bench, partition=1, at=failure.at - timedelta(seconds=1)))
    assert await refused(bench)
    await bench.tell(start_of_the_task(bench, partition=1, at=failure.at + timedelta(seconds=1)))
    assert not await refused(bench)


async def test_of_one_partition_the_order_tells_whatever_the_clock_says(bench: Bench) -> None:
    failure = await fail_a_scan(bench)
    await bench.tell(start_of_the_task(bench, at=failure.at - timedelta(hours=1)))
    assert not await refused(bench)


async def test_told_twice_by_two_followers_it_is_recorded_once(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    told = [bench.scanned(key.signal_id, 0, "SQL_EXCEPTION"), bench.notification(COMPLETED, key.signal_id)]
    await asyncio.gather(*(bench.tell(*told) for _ in range(6)))
    async with bench.database.read() as connection:
        rows = (await connection.execute(select(tables.failed_scan))).all()
    assert [(row.connector_id, row.data_collection) for row in rows] == [("src_0", "public.table0")]


async def test_an_operator_clears_it_with_a_reason_that_is_kept(bench: Bench) -> None:
    await fail_a_scan(bench)
    cleared = await bench.ledger.failed_scans.clear(
        TENANT, ["src_0", "src_1", "nobody\x00"], by="ann", reason="the filter was wrong", at=bench.now
    )
    assert cleared == {"src_0"}
    assert not await refused(bench)
    async with bench.database.read() as connection:
        row = (await connection.execute(select(tables.failed_scan))).one()
    assert (row.cleared_by, row.reason, row.cleared_evidence) == ("ann", "the filter was wrong", None)


async def test_another_tenant_sees_and_clears_nothing(bench: Bench) -> None:
    await fail_a_scan(bench)
    assert await bench.ledger.failed_scans.requirements("other", ["src_0"]) == {}
    cleared = await bench.ledger.failed_scans.clear("other", ["src_0"], by="eve", reason="-", at=bench.now)
    assert cleared == frozenset()
    assert await refused(bench)


async def test_a_request_that_waited_for_the_source_sees_the_failure(bench: Bench, database_url: str) -> None:
    """The holder's end and its failed scan are committed while the request waits for the source's lock."""
    await bench.dispatch("top_src_0_0")
    async with bench.database.write() as connection:
        await connection.execute(text("DELETE FROM active_snapshot WHERE connector_id = 'src_0'"))
        asking = asyncio.create_task(open_one(bench))
        await eventually(partial(is_waiting, database_url), 10.0, "the request to wait for the lock")
        await connection.execute(
            text("""
                INSERT INTO failed_scan (tenant_id, connector_id, failed_at, evidence)
                VALUES (:tenant_id, 'src_0', now(), '{}')
            """),
            {"tenant_id": TENANT},
        )
    source = await asking
    assert source.refusal is not None
    assert source.refusal.code is SnapshotErrorCode.RESTART_REQUIRED
    assert await bench.ledger.reading.active_snapshots(TENANT, ["src_0"]) == {}


async def is_waiting(url: str) -> bool:
    """Whether a statement waits for a lock in the database at `url`; only its owner is told of that."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with connected(url) as connection:
        return bool(await connection.fetch(waiting))


async def test_what_is_told_of_a_retired_connector_counts_as_well(bench: Bench) -> None:
    """Deleted and made anew between two synchronisations, it starts before it is back in the catalogue."""

    async def retire(moment: datetime | None) -> None:
        statement = update(tables.connector).where(tables.connector.c.id == "src_0").values(retired_at=moment)
        async with bench.database.write() as connection:
            await connection.execute(statement)

    await retire(bench.now)
    await bench.tell(bench.scanned("by-hand", 0, "SQL_EXCEPTION"))
    assert set(await bench.ledger.failed_scans.requirements(TENANT, ["src_0"])) == {"src_0"}
    assert await bench.ledger.reading.active_snapshots(TENANT, ["src_0"]) == {}
    await bench.tell(start_of_the_task(bench))
    await retire(None)
    assert not await refused(bench)
