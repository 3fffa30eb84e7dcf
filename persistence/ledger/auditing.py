"""Reading the ledger for those who audit it: events, retries, and all of it from its beginning to its end."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

from sqlalchemy import Row, and_, any_, bindparam, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from persistence import tables
from persistence.catalog.conditions import storable, texts
from persistence.cursors import decode_number, page_of
from persistence.database.pool import Database
from persistence.ledger.conditions import bulk_conditions
from persistence.ledger.reading import assemble
from snapshots.audit import AuditedBulkSnapshot, LedgerEvent, LedgerSubject
from snapshots.pages import Page
from snapshots.records import BulkSnapshotFilter, BulkSnapshotRecord

_BULK = tables.bulk_snapshot
_BATCH = 50
"""Bulk snapshots that are in memory at once while all are read; each may have 500 topics."""

# One index scan for each bulk snapshot, which stops at the limit.
_EVENTS = text("""
    SELECT e.* FROM unnest(CAST(:ids AS text[])) AS w(id)
    CROSS JOIN LATERAL (
        SELECT * FROM ledger_event e
        WHERE e.tenant_id = :tenant_id AND e.bulk_snapshot_id = w.id AND e.id > :after
        ORDER BY e.id LIMIT :most
    ) AS e
    ORDER BY e.bulk_snapshot_id, e.id
""")


class LedgerAuditing:
    """Reads what happened; every method filters by tenant."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database

    async def events_page(self, tenant_id: str, bulk_snapshot_id: str, first: int, after: str) -> Page[LedgerEvent]:
        """Return the first `first` events of a bulk snapshot after the cursor `after`.

        Raises RequestError for a bad cursor.
        """
        following = decode_number(after)
        async with self._database.read() as connection:
            found = await _events(connection, tenant_id, storable([bulk_snapshot_id]), first + 1, following)
        return _page(found, first)

    async def first_events(self, tenant_id: str, ids: Sequence[str], first: int) -> dict[str, Page[LedgerEvent]]:
        """Return the first `first` events of each of the bulk snapshots `ids`, by id. One statement."""
        async with self._database.read() as connection:
            found = await _events(connection, tenant_id, storable(ids), first + 1)
        return {key: _page(rows, first) for key, rows in _by_bulk(found).items()}

    async def retries(self, tenant_id: str, ids: Sequence[str]) -> dict[str, tuple[BulkSnapshotRecord, ...]]:
        """Return the retries of the bulk snapshots `ids`, by the id of what they retry, the oldest first."""
        statement = (
            select(_BULK)
            .where(
                _BULK.c.tenant_id == bindparam("tenant"),
                _BULK.c.retry_of.is_not(None),
                _BULK.c.retry_of == any_(bindparam("ids", type_=ARRAY(Text))),
            )
            .order_by(_BULK.c.id)
        )
        async with self._database.look() as connection:
            found = (await connection.execute(statement, {"tenant": tenant_id, "ids": storable(ids)})).all()
            records = await assemble(connection, tenant_id, found)
        retries: dict[str, tuple[BulkSnapshotRecord, ...]] = {}
        for row in found:
            retries[row.retry_of] = (*retries.get(row.retry_of, ()), records[row.id])
        return retries

    async def ids_of(
        self, tenant_id: str, table: Literal["connector", "topic"], names: Sequence[str]
    ) -> dict[str, list[str]]:
        """Return the ids that are meant by each of `names`: id, name, or `cluster/name`, retired or not."""
        each = tables.metadata.tables[table].c
        cluster = tables.connect_cluster.c
        bare = [name.rpartition("/")[2] for name in names]
        statement = (
            select(each.id, each.name, cluster.name.label("cluster"))
            .join(tables.connect_cluster, and_(cluster.tenant_id == each.tenant_id, cluster.id == each.cluster_id))
            .where(
                each.tenant_id == tenant_id,
                or_(each.id == any_(texts(storable(names))), each.name == any_(texts(storable(bare)))),
            )
            .order_by(each.id)
        )
        async with self._database.read() as connection:
            found = (await connection.execute(statement)).all()
        return {
            name: [row.id for row in found if name in {row.id, row.name, f"{row.cluster}/{row.name}"}] for name in names
        }

    async def audited(self, tenant_id: str, wanted: BulkSnapshotFilter) -> AsyncIterator[AuditedBulkSnapshot]:
        """Yield every bulk snapshot that is `wanted` with all its events, the oldest first; a few are read at a time.

        What is recorded meanwhile may come or not. Raises DatabaseError.
        """
        last = ""
        while True:
            statement = select(_BULK).where(_BULK.c.tenant_id == tenant_id, _BULK.c.id > last, *bulk_conditions(wanted))
            async with self._database.look() as connection:
                found = (await connection.execute(statement.order_by(_BULK.c.id).limit(_BATCH))).all()
                records = await assemble(connection, tenant_id, found)
                events = _by_bulk(await _events(connection, tenant_id, list(records)))
            for row in found:
                of_this = tuple(_event(event) for event in events.get(row.id, ()))
                yield AuditedBulkSnapshot(records[row.id], row.operation, of_this)
            if len(found) < _BATCH:
                return
            last = found[-1].id


async def _events(
    connection: AsyncConnection, tenant_id: str, ids: Sequence[str], most: int | None = None, after: int = 0
) -> Sequence[Row[Any]]:
    if not ids:
        return ()
    parameters = {"tenant_id": tenant_id, "ids": list(ids), "most": most, "after": after}
    return (await connection.execute(_EVENTS, parameters)).all()


def _by_bulk(found: Sequence[Row[Any]]) -> dict[str, list[Row[Any]]]:
    grouped: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in found:
        grouped[row.bulk_snapshot_id].append(row)
    return grouped


def _page(found: Sequence[Row[Any]], first: int) -> Page[LedgerEvent]:
    return page_of(found, first, _event, lambda event: (str(event.id),))


def _event(row: Row[Any]) -> LedgerEvent:
    return LedgerEvent(
        id=row.id,
        at=row.at,
        bulk_snapshot_id=row.bulk_snapshot_id,
        source_snapshot_id=row.source_snapshot_id,
        subject_kind=LedgerSubject(row.subject_kind),
        subject_id=row.subject_id,
        from_state=row.from_state,
        to_state=row.to_state,
        cause=row.cause,
        detail=row.detail,
    )
