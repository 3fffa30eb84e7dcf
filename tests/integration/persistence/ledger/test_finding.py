"""Finding bulk snapshots: by derived state exactly as the domain derives it, page by page without gap or repetition."""

import random
from itertools import combinations_with_replacement

import pytest
from sqlalchemy import text

from persistence.database.pool import Database
from persistence.ledger import Ledger
from snapshots.identifiers import IdMaker
from snapshots.records import BulkSnapshotFilter, BulkSnapshotRecord
from snapshots.states import BulkSnapshotState, SnapshotState, bulk_state
from tests.support.ledger_bench import TENANT, Bench

_FILL = text("""
WITH made AS (
    INSERT INTO bulk_snapshot (tenant_id, id, operation, snapshot_type, requested_by, request_hash)
    SELECT :tenant, id, 'bulkSnapshotTopics', 'INCREMENTAL', 'somebody', '' FROM unnest(CAST(:ids AS text[])) AS w(id)
)
INSERT INTO source_snapshot (tenant_id, id, bulk_snapshot_id, connector_id, position, snapshot_type, state)
SELECT :tenant, 'snap_' || row_number() OVER (), bulk_id, 'src_0', 0, 'INCREMENTAL', state
FROM unnest(CAST(:owners AS text[]), CAST(:states AS text[])) AS w(bulk_id, state)
""")


@pytest.fixture
async def states(bench: Bench) -> dict[str, BulkSnapshotState]:
    """Bulk snapshots of up to three source snapshots in every combination of states: the state of each, by id."""
    kinds = [combination for size in range(4) for combination in combinations_with_replacement(SnapshotState, size)]
    random.Random(7).shuffle(kinds)  # noqa: S311 (the same order each time)
    owned = {f"bulk_{number:04}": kind for number, kind in enumerate(kinds)}
    pairs = [(bulk_id, state) for bulk_id, kind in owned.items() for state in kind]
    async with bench.database.write() as connection:
        await connection.execute(
            _FILL,
            {
                "tenant": TENANT,
                "ids": list(owned),
                "owners": [bulk_id for bulk_id, _ in pairs],
                "states": [state.value for _, state in pairs],
            },
        )
    return {bulk_id: bulk_state(kind) for bulk_id, kind in owned.items()}


async def pages(database: Database, wanted: BulkSnapshotFilter, first: int) -> list[BulkSnapshotRecord]:
    ledger, found, after = Ledger.over(database, IdMaker(), idempotency_days=7), list[BulkSnapshotRecord](), None
    while True:
        page = await ledger.reading.bulk_snapshots_page(TENANT, wanted, first, after)
        found += page.items
        after = page.end_cursor
        if not page.has_next:
            return found


@pytest.mark.parametrize("state", BulkSnapshotState)
async def test_a_state_finds_exactly_the_bulk_snapshots_that_are_in_it(
    bench: Bench, states: dict[str, BulkSnapshotState], state: BulkSnapshotState
) -> None:
    found = await pages(bench.database, BulkSnapshotFilter(states=(state,)), 37)
    assert [record.id for record in found] == sorted((id_ for id_ in states if states[id_] is state), reverse=True)
    assert {record.state for record in found} == {state}


async def test_several_states_are_either(bench: Bench, states: dict[str, BulkSnapshotState]) -> None:
    wanted = (BulkSnapshotState.FAILED, BulkSnapshotState.CANCELLED, BulkSnapshotState.FAILED)
    found = await pages(bench.database, BulkSnapshotFilter(states=wanted), 500)
    assert [record.id for record in found] == sorted((id_ for id_ in states if states[id_] in wanted), reverse=True)


async def test_reading_all_for_an_audit_comes_to_the_same_the_oldest_first(
    bench: Bench, states: dict[str, BulkSnapshotState]
) -> None:
    wanted = BulkSnapshotFilter(states=(BulkSnapshotState.PARTIALLY_COMPLETED,))
    found = [one.record.id async for one in bench.ledger.auditing.audited(TENANT, wanted)]
    assert found == sorted(id_ for id_ in states if states[id_] is BulkSnapshotState.PARTIALLY_COMPLETED)
    assert len([one async for one in bench.ledger.auditing.audited(TENANT, BulkSnapshotFilter())]) == len(states) > 400
