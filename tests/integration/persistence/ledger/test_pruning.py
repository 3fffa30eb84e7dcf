"""Retention: what has ended and is old enough goes, with all that belongs to it; the rest stays; so does a record."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import cast

import orjson
import pytest

from persistence.database.errors import AccessRefusedError
from persistence.database.pool import Database
from persistence.ledger.pruning import LedgerPruning
from snapshots.audit import Pruned
from snapshots.plan import Refusal
from snapshots.records import BulkSnapshotFilter
from snapshots.vocabulary import SnapshotErrorCode
from tests.databases import Administrator
from tests.integration.persistence.ledger.bench import NOW, TENANT, Bench

REFUSED = Refusal(SnapshotErrorCode.SIGNAL_REJECTED, "No.", retryable=False)
LATER = NOW + timedelta(days=100)
TABLES = ("bulk_snapshot", "source_snapshot", "snapshot_topic", "signal", "skipped_topic", "ledger_event")


@pytest.fixture
async def pruning(database_url: str) -> AsyncIterator[LedgerPruning]:
    owner = Database.connect(database_url, role=None)
    yield LedgerPruning(owner, idempotency_days=7)
    await owner.close()


async def ended(bench: Bench, *topic_ids: str) -> str:
    """A bulk snapshot that failed at once."""
    (key,) = await bench.dispatch(*topic_ids, outcome=REFUSED)
    return (await bench.record(key.source_snapshot_id)).bulk_snapshot_id


async def prune(pruning: LedgerPruning, **more: object) -> Pruned:
    given = {"before": LATER, "at": LATER, "pruning_id": "prune_1", "by": "root"} | more
    return await pruning.prune(TENANT, **given)  # type: ignore[arg-type]


async def left(bench: Bench) -> list[str]:
    return [one.record.id async for one in bench.ledger.auditing.audited(TENANT, BulkSnapshotFilter())]


async def rows(administrator: Administrator) -> dict[str, int]:
    return {name: cast("int", await administrator.fetchval(f"SELECT count(*) FROM {name}")) for name in TABLES}


async def test_all_that_belongs_to_it_goes_and_is_counted_beforehand(
    bench: Bench, pruning: LedgerPruning, administrator: Administrator
) -> None:
    await ended(bench, "top_src_0_0", "top_src_0_1", "nobody")
    before = await rows(administrator)
    foretold = await pruning.count(TENANT, before=LATER, at=LATER)
    assert await rows(administrator) == before
    removed = await prune(pruning)
    assert removed == foretold
    assert removed == Pruned(1, 1, 2, 1, 1, before["ledger_event"], NOW, NOW)
    assert await rows(administrator) == dict.fromkeys(TABLES, 0) | {"ledger_event": 1}


async def test_the_pruning_itself_stays_on_record(
    bench: Bench, pruning: LedgerPruning, administrator: Administrator
) -> None:
    bulk_id = await ended(bench, "top_src_0_0")
    await prune(pruning)
    query = "SELECT subject_kind || ' ' || subject_id || ' ' || to_state || ' ' || cause FROM ledger_event"
    assert await administrator.fetchval(query) == "PRUNING prune_1 PRUNED pruned by root"
    detail = orjson.loads(cast("str", await administrator.fetchval("SELECT detail::text FROM ledger_event")))
    assert (detail["bulkSnapshots"], detail["removed"]["bulk_snapshots"]) == ([bulk_id], 1)
    assert await prune(pruning, pruning_id="prune_2") == Pruned()
    assert await administrator.fetchval("SELECT count(*) FROM ledger_event") == 1


async def test_what_holds_a_source_stays_however_old(bench: Bench, pruning: LedgerPruning) -> None:
    opened = await bench.open("top_src_0_0", "top_src_1_0")
    refused = await bench.open("top_src_0_0")  # of the same source, and ended at once
    assert (await prune(pruning)).bulk_snapshots == 1
    assert await left(bench) == [opened.id]
    assert set(await bench.ledger.reading.active_snapshots(TENANT, bench.source_ids)) == {"src_0", "src_1"}
    assert refused.id not in await left(bench)


async def test_only_what_was_requested_before_goes(bench: Bench, pruning: LedgerPruning) -> None:
    old = await ended(bench, "top_src_0_0")
    bench.now = NOW + timedelta(days=1)
    young = await ended(bench, "top_src_0_0")
    assert await left(bench) == [old, young]
    assert (await prune(pruning, before=bench.now)).bulk_snapshots == 1
    assert await left(bench) == [young]


async def test_a_remembered_key_keeps_what_it_would_answer(bench: Bench, pruning: LedgerPruning) -> None:
    """Else a repetition of the call would dispatch it once more."""
    opened = await bench.ledger.opening.open(bench.request(["nobody"], "key"), lease_until=bench.lease())
    assert opened is not None
    assert await prune(pruning, at=NOW + timedelta(days=6)) == Pruned()
    assert (await prune(pruning, at=NOW + timedelta(days=8))).bulk_snapshots == 1


async def test_a_call_that_has_not_answered_yet_keeps_its_record(bench: Bench, pruning: LedgerPruning) -> None:
    opened = await bench.open("nobody")
    assert await prune(pruning, at=NOW + timedelta(minutes=1)) == Pruned()
    await bench.ledger.sending.record_answers(TENANT, opened.id, [], at=NOW)
    assert (await prune(pruning, at=NOW + timedelta(minutes=1))).bulk_snapshots == 1


async def test_many_go_in_batches_each_on_record(
    bench: Bench, pruning: LedgerPruning, administrator: Administrator
) -> None:
    pruning = LedgerPruning(pruning._database, idempotency_days=7, batch=3)
    for _ in range(7):
        await ended(bench, "top_src_0_0")
    assert (await prune(pruning)).bulk_snapshots == 7
    assert await administrator.fetchval("SELECT count(*) FROM ledger_event WHERE subject_id = 'prune_1'") == 3


async def test_the_applications_role_may_not(bench: Bench) -> None:
    bulk_id = await ended(bench, "top_src_0_0")
    with pytest.raises(AccessRefusedError, match="owner of the tables"):
        await prune(LedgerPruning(bench.database, idempotency_days=7))
    assert await left(bench) == [bulk_id]
    assert (await bench.ledger.auditing.first_events(TENANT, [bulk_id], 50))[bulk_id].items


async def test_another_tenant_is_left_alone(bench: Bench, pruning: LedgerPruning) -> None:
    bulk_id = await ended(bench, "top_src_0_0")
    nothing = await pruning.prune("other", before=LATER, at=LATER, pruning_id="prune_1", by="root")
    assert nothing == Pruned()
    assert await left(bench) == [bulk_id]


async def test_old_dead_letters_and_failed_scans_go_with_a_record_of_it(
    bench: Bench, pruning: LedgerPruning, administrator: Administrator
) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    await bench.tell(bench.scanned(key.signal_id, 0, "SQL_EXCEPTION"))
    await bench.ledger.failed_scans.clear(TENANT, ["src_0"], by="root", reason="checked", at=NOW)
    await bench.tell(bench.scanned(key.signal_id, 0, "SQL_EXCEPTION"))  # this one is not cleared
    for failed_at in (NOW, LATER):
        await bench.ledger.dead_letters.add(TENANT, bench.letter(last_failed_at=failed_at))
    foretold = await pruning.count(TENANT, before=LATER, at=LATER)
    removed = await prune(pruning)
    assert (removed, removed.dead_letters, removed.failed_scans) == (foretold, 1, 1)
    assert await administrator.fetchval("SELECT count(*) FROM dead_letter") == 1
    assert await administrator.fetchval("SELECT count(*) FROM failed_scan WHERE cleared_at IS NULL") == 1
    query = "SELECT detail::text FROM ledger_event WHERE subject_kind = 'PRUNING'"
    detail = orjson.loads(cast("str", await administrator.fetchval(query)))
    assert detail["removed"] == {"dead_letters": 1, "failed_scans": 1}
    assert (await prune(pruning, pruning_id="prune_2")).dead_letters == 0
