"""Reading the ledger: records by id and by page, a few statements whatever their number."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Row, Select, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from persistence import tables
from persistence.catalog.conditions import storable
from persistence.catalog.rows import RowReader, source_columns, source_join, topic_columns, topic_join
from persistence.cursors import decode_cursor, page_of
from persistence.database.pool import Database
from persistence.ledger import rows
from persistence.ledger.conditions import bulk_conditions
from snapshots.pages import Page
from snapshots.records import BulkSnapshotFilter, BulkSnapshotRecord, SourceSnapshotRecord, TopicSnapshotRecord

V = TypeVar("V")

_SOURCE = tables.source_snapshot
_TOPIC = tables.snapshot_topic
_SIGNAL = tables.signal
_SKIPPED = tables.skipped_topic
_BULK = tables.bulk_snapshot
_ACTIVE = tables.active_snapshot


def _among(column: Any, name: str = "ids") -> Any:  # noqa: ANN401 (SQLAlchemy's own typing)
    """One array parameter, so that the statement is the same, and prepared once, for any number of ids."""
    return column == any_(bindparam(name, type_=ARRAY(Text)))


class LedgerReading:
    """Reads records, each as it was at one moment; every method filters by tenant."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database

    async def bulk_snapshots(self, tenant_id: str, ids: Sequence[str]) -> dict[str, BulkSnapshotRecord]:
        """Return the bulk snapshots of `ids` that exist, by id. Five statements."""
        async with self._database.look() as connection:
            statement = select(_BULK).where(_BULK.c.tenant_id == bindparam("tenant"), _among(_BULK.c.id))
            found = (await connection.execute(statement, {"tenant": tenant_id, "ids": storable(ids)})).all()
            return await assemble(connection, tenant_id, found)

    async def bulk_snapshots_page(
        self, tenant_id: str, wanted: BulkSnapshotFilter, first: int, after: str | None
    ) -> Page[BulkSnapshotRecord]:
        """Return the first `first` bulk snapshots after the cursor `after`, the newest first.

        Raises RequestError for a bad cursor.
        """
        # Ids sort by the time they were made.
        statement = select(_BULK).where(_BULK.c.tenant_id == tenant_id, *bulk_conditions(wanted))
        if after is not None:
            statement = statement.where(_BULK.c.id < decode_cursor(after, 1)[0])
        async with self._database.look() as connection:
            found = (await connection.execute(statement.order_by(_BULK.c.id.desc()).limit(first + 1))).all()
            records = await assemble(connection, tenant_id, found[:first])
        return page_of(found, first, lambda row: records[row.id], lambda record: (record.id,))

    async def source_snapshots(self, tenant_id: str, ids: Sequence[str]) -> dict[str, SourceSnapshotRecord]:
        """Return the source snapshots of `ids` that exist, by id. Three statements."""
        async with self._database.look() as connection:
            condition = _among(_SOURCE.c.id)
            found = await _source_snapshots(connection, tenant_id, condition, {"ids": storable(ids)})
        return {record.id: record for record in found}

    async def active_snapshots(self, tenant_id: str, source_ids: Sequence[str]) -> dict[str, SourceSnapshotRecord]:
        """Return the snapshot that holds each of the connectors `source_ids`, by connector id; free ones are absent."""
        async with self._database.look() as connection:
            held = select(_ACTIVE.c.source_snapshot_id).where(
                _ACTIVE.c.tenant_id == bindparam("tenant"), _among(_ACTIVE.c.connector_id)
            )
            condition = _SOURCE.c.id.in_(held)
            found = await _source_snapshots(connection, tenant_id, condition, {"ids": storable(source_ids)})
        return {record.source.id: record for record in found}

    async def topic_snapshots(self, tenant_id: str, ids: Sequence[str]) -> dict[str, TopicSnapshotRecord]:
        """Return the topic snapshots of `ids` that exist, by id. One statement."""
        async with self._database.read() as connection:
            found = await _topic_snapshots(connection, tenant_id, _among(_TOPIC.c.id), {"ids": storable(ids)})
        return {record.id: record for record in found}

    async def last_topic_snapshots(self, tenant_id: str, topic_ids: Sequence[str]) -> dict[str, TopicSnapshotRecord]:
        """Return the latest snapshot of each topic of `topic_ids`, by topic id. One statement."""
        async with self._database.read() as connection:
            # Ids sort by the time they were made, so the greatest is the latest.
            latest = (
                select(_TOPIC.c.id)
                .where(_TOPIC.c.tenant_id == bindparam("tenant"), _among(_TOPIC.c.topic_id))
                .order_by(_TOPIC.c.topic_id, _TOPIC.c.id.desc())
                .ext(distinct_on(_TOPIC.c.topic_id))
            )
            found = await _topic_snapshots(connection, tenant_id, _TOPIC.c.id.in_(latest), {"ids": storable(topic_ids)})
        return {record.topic.id: record for record in found}


async def assemble(
    connection: AsyncConnection, tenant_id: str, found: Sequence[Row[Any]]
) -> dict[str, BulkSnapshotRecord]:
    """Return the records of the rows `found` of bulk_snapshot, by id, in their order."""
    if not found:
        return {}
    ids = {"ids": [row.id for row in found]}
    sources = await _source_snapshots(connection, tenant_id, _among(_SOURCE.c.bulk_snapshot_id), ids)
    reader = RowReader()
    statement = topic_join(
        select(_SKIPPED, *topic_columns()), _SKIPPED.c.tenant_id, _SKIPPED.c.topic_id, optional=True
    ).where(_SKIPPED.c.tenant_id == bindparam("tenant"), _among(_SKIPPED.c.bulk_snapshot_id))
    skipped = await connection.execute(statement.order_by(_SKIPPED.c.position), {"tenant": tenant_id, **ids})
    skips = _group((row.bulk_snapshot_id, rows.skip(row, reader)) for row in skipped)
    snapshots = _group((record.bulk_snapshot_id, record) for record in sources)
    return {row.id: rows.bulk_snapshot(row, snapshots[row.id], skips[row.id]) for row in found}


async def _source_snapshots(
    connection: AsyncConnection,
    tenant_id: str,
    condition: Any,  # noqa: ANN401 (a column expression)
    parameters: Mapping[str, object],
) -> list[SourceSnapshotRecord]:
    statement = (
        source_join(select(_SOURCE, *source_columns()), _SOURCE.c.tenant_id, _SOURCE.c.connector_id)
        .where(_SOURCE.c.tenant_id == bindparam("tenant"), condition)
        .order_by(_SOURCE.c.bulk_snapshot_id, _SOURCE.c.position)
    )
    found = (await connection.execute(statement, {"tenant": tenant_id, **parameters})).all()
    if not found:
        return []
    ids = {"tenant": tenant_id, "ids": [row.id for row in found]}
    signal_rows = await connection.execute(
        select(_SIGNAL)
        .where(_SIGNAL.c.tenant_id == bindparam("tenant"), _among(_SIGNAL.c.source_snapshot_id))
        .order_by(_SIGNAL.c.position),
        ids,
    )
    signals = _group((row.source_snapshot_id, rows.signal(row)) for row in signal_rows)
    of_these = _among(_TOPIC.c.source_snapshot_id)
    topics = _group(
        (record.source_snapshot_id, record)
        for record in await _topic_snapshots(connection, tenant_id, of_these, {"ids": ids["ids"]})
    )
    reader = RowReader()
    return [rows.source_snapshot(row, reader, signals[row.id], topics[row.id]) for row in found]


async def _topic_snapshots(
    connection: AsyncConnection,
    tenant_id: str,
    condition: Any,  # noqa: ANN401 (a column expression)
    parameters: Mapping[str, object],
) -> list[TopicSnapshotRecord]:
    statement: Select[Any] = (
        topic_join(select(_TOPIC, *topic_columns()), _TOPIC.c.tenant_id, _TOPIC.c.topic_id)
        .where(_TOPIC.c.tenant_id == bindparam("tenant"), condition)
        .order_by(_TOPIC.c.source_snapshot_id, _TOPIC.c.position)
    )
    reader = RowReader()
    found = await connection.execute(statement, {"tenant": tenant_id, **parameters})
    return [rows.topic_snapshot(row, reader) for row in found]


def _group(pairs: Iterable[tuple[str, V]]) -> dict[str, tuple[V, ...]]:
    grouped: dict[str, list[V]] = defaultdict(list)
    for key, value in pairs:
        grouped[key].append(value)
    return defaultdict(tuple, {key: tuple(values) for key, values in grouped.items()})
