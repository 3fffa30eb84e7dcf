"""How the ledger's lists and its export fare with 100,000 bulk snapshots: times, and whether indexes are used.

    .venv/bin/python bench/ledger_lists.py [ROWS]

Run by hand. Starts a PostgreSQL of its own in a temporary directory, which is removed at the end.
"""

import asyncio
import statistics
import sys
import time
import tracemalloc
from datetime import UTC, datetime

from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql

from gateway.export.json_lines import json_line
from persistence import migrations
from persistence.database.pool import Database
from persistence.embedded import EmbeddedPostgres
from persistence.ledger.auditing import LedgerAuditing
from persistence.ledger.conditions import bulk_conditions
from persistence.ledger.reading import LedgerReading
from persistence.tables import bulk_snapshot
from sandbox.workspace import workspace
from snapshots.records import BulkSnapshotFilter
from snapshots.states import BulkSnapshotState

TENANT = "default"
ROUNDS = 15
PAGE = 50

# 200 connectors, 20 requesters; of 1,000 bulk snapshots 2 run, 8 failed, 10 completed in part, 1 was cancelled.
_FILL = """
INSERT INTO connect_cluster (tenant_id, id, name) VALUES ('default', 'clu', 'main');
INSERT INTO connector (tenant_id, id, cluster_id, name, kind, dialect, managed)
SELECT 'default', 'src_' || n, 'clu', 'connector-' || n, 'SOURCE', 'POSTGRESQL', 'DERIVED'
FROM generate_series(0, 199) n;
INSERT INTO topic (tenant_id, id, cluster_id, name, producer, connector_id, data_collection)
SELECT 'default', 'top_' || n, 'clu', 'topic.' || n, 'SOURCE', 'src_' || n % 200, 'public.t' || n
FROM generate_series(0, 3999) n;
INSERT INTO bulk_snapshot
    (tenant_id, id, operation, snapshot_type, requested_by, requested_at, answered_at, request_hash)
SELECT 'default', 'bulk_' || lpad(n::text, 10, '0'), 'bulkSnapshotTopics', 'INCREMENTAL', 'user' || n % 20,
       timestamptz '2026-01-01' + n * interval '1 minute', now(), ''
FROM generate_series(1, {rows}) n;
INSERT INTO source_snapshot (tenant_id, id, bulk_snapshot_id, connector_id, position, snapshot_type, state)
SELECT 'default', 'snap_' || lpad(n::text, 10, '0') || p, 'bulk_' || lpad(n::text, 10, '0'),
       'src_' || (n * 7 + p) % 200, p, 'INCREMENTAL',
       CASE WHEN n % 1000 < 2 THEN 'RUNNING' WHEN n % 1000 < 10 THEN 'FAILED'
                           WHEN n % 1000 < 20 AND p = 0 THEN 'FAILED' WHEN n % 1000 = 20 THEN 'CANCELLED'
                           ELSE 'COMPLETED' END
FROM generate_series(1, {rows}) n, generate_series(0, 1) p;
INSERT INTO snapshot_topic (tenant_id, id, source_snapshot_id, topic_id, position, data_collection, state)
SELECT 'default', 'ts_' || s.id, s.id, 'top_' || abs(hashtext(s.id)) % 4000, 0, 'public.t', 'COMPLETED'
FROM source_snapshot s;
INSERT INTO ledger_event (tenant_id, bulk_snapshot_id, source_snapshot_id, subject_id, to_state, cause)
SELECT 'default', s.bulk_snapshot_id, s.id, s.id, w.state, 'dispatch'
FROM source_snapshot s, unnest(ARRAY['PENDING', 'SENDING', 'DISPATCHED', 'RUNNING', 'COMPLETED']) AS w(state);
"""

FILTERS = {
    "none": BulkSnapshotFilter(),
    **{f"state {state}": BulkSnapshotFilter(states=(state,)) for state in BulkSnapshotState},
    "one source of 200": BulkSnapshotFilter(source_ids=("src_7",)),
    "one topic of 4,000": BulkSnapshotFilter(topic_ids=("top_7",)),
    "one requester of 20": BulkSnapshotFilter(requested_by=("user7",)),
    "an unknown requester": BulkSnapshotFilter(requested_by=("nobody",)),
    "a day in the middle": BulkSnapshotFilter(
        requested_after=datetime(2026, 2, 1, tzinfo=UTC), requested_before=datetime(2026, 2, 2, tzinfo=UTC)
    ),
    "failed, of one source": BulkSnapshotFilter(states=(BulkSnapshotState.FAILED,), source_ids=("src_7",)),
}


async def measure(rows: int) -> None:
    """Fill a database, read a page by each filter, and export all of it."""
    settings = {"fsync": "off"}
    async with workspace() as directory, EmbeddedPostgres(directory / "postgres", settings=settings) as server:
        await server.create_database("bench")
        url = server.url("bench")
        await migrations.upgrade(url)
        owner = Database.connect(url, role=None, deadlines=None)
        for statement in _FILL.format(rows=rows).split(";\n"):
            if statement.strip():
                async with owner.write() as connection:
                    await connection.execute(text(statement))
        async with owner.read() as connection:
            await connection.execute(text("ANALYZE"))
        await owner.close()
        database = Database.connect(url)
        try:
            await pages(database, rows)
            await export(database)
        finally:
            await database.close()


async def pages(database: Database, rows: int) -> None:
    """Print for each filter the time of a page, its ratio to that without a filter, and the scans of its plan."""
    ledger = LedgerReading(database)
    print(f"{rows:,} bulk snapshots, two source snapshots each; pages of {PAGE}, median of {ROUNDS}")
    plain = 0.0
    for name, wanted in FILTERS.items():
        for place, after in (("first page", None), ("deep page", await middle(database, rows))):
            taken = []
            found = 0
            for _ in range(ROUNDS):
                began = time.perf_counter()
                page = await ledger.reading.bulk_snapshots_page(TENANT, wanted, PAGE, after)
                taken.append(time.perf_counter() - began)
                found = len(page.items)
            seconds = statistics.median(taken)
            plain = plain or seconds
            scans = await plan(database, wanted)
            print(f"{name:32} {place:10} {seconds * 1000:7.1f} ms  {seconds / plain:5.1f}x  {found:2} found  {scans}")


async def middle(database: Database, rows: int) -> str:
    """Return the cursor of the bulk snapshot in the middle."""
    from persistence.cursors import encode_cursor  # noqa: PLC0415 (beside its only use)

    del database
    return encode_cursor(f"bulk_{rows // 2:010}")


async def plan(database: Database, wanted: BulkSnapshotFilter) -> str:
    """Return the scans of the plan for the rows of a page, sequential ones in capitals."""
    statement = (
        select(bulk_snapshot.c.id)
        .where(bulk_snapshot.c.tenant_id == TENANT, *bulk_conditions(wanted))
        .order_by(bulk_snapshot.c.id.desc())
        .limit(PAGE + 1)
    )
    compiled = statement.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    async with database.read() as connection:
        lines = (await connection.execute(text("EXPLAIN " + str(compiled).replace(":", "\\:")))).scalars().all()
    scans = [line.split("->")[-1].split("(cost")[0].strip() for line in lines if "Scan" in line]
    return "; ".join(scan.upper() if scan.startswith("Seq") else scan for scan in scans)


async def export(database: Database) -> None:
    """Print how fast all is exported, and the most memory that Python had for it."""
    tracemalloc.start()
    began, count, size = time.perf_counter(), 0, 0
    async for audited in LedgerAuditing(database).audited(TENANT, BulkSnapshotFilter()):
        count += 1
        size += len(json_line(audited))
        if count == 5_000:  # noqa: PLR2004 - enough for its memory to have settled
            settled = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            print(f"export: at most {settled / 1e6:.1f} MB of Python's memory for the first {count:,}")
            began, size = time.perf_counter(), 0
    seconds = time.perf_counter() - began
    print(f"export: {(count - 5_000) / seconds:,.0f} bulk snapshots a second, {size / 1e6 / seconds:.1f} MB a second")


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
