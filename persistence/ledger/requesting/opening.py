"""Recording a bulk snapshot before anything is sent: one transaction that also takes the lock of each source."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import tables
from persistence.database.pool import Database
from persistence.ledger.reading import assemble
from persistence.ledger.requesting import opening_rows as opened
from persistence.ledger.requesting.opening_rows import NewBulkSnapshot, OpenedBulkSnapshot, OpenedSource
from persistence.ledger.restart_requirements import open_requirements
from persistence.ledger.source_locks import take_sources
from snapshots import identifiers
from snapshots.following.failed_scans import refusal as restart_refusal
from snapshots.identifiers import IdMaker
from snapshots.plan import Refusal, SourceJob
from snapshots.records import BulkSnapshotRecord
from snapshots.vocabulary import SnapshotErrorCode, SnapshotType


class LedgerOpening:
    """Opens bulk snapshots."""

    def __init__(self, database: Database, ids: IdMaker, *, idempotency_days: int) -> None:
        """Write to `database`, with new ids from `ids`; an idempotency key is remembered for `idempotency_days`."""
        self._database = database
        self._ids = ids
        self._key_life = timedelta(days=idempotency_days)

    async def open(self, new: NewBulkSnapshot, *, lease_until: datetime) -> OpenedBulkSnapshot | None:
        """Record `new` whole, or return None where its idempotency key has been used already.

        Sources that another snapshot holds are recorded as FAILED with SNAPSHOT_ALREADY_RUNNING, for INCREMENTAL those
        that need a restart with RESTART_REQUIRED. Until `lease_until` the caller is expected to send; afterwards the
        settle sweep may. Raises DatabaseError.
        """
        bulk_id = self._ids(identifiers.BULK_SNAPSHOT)
        async with self._database.write() as connection:
            if not await self._insert_bulk(connection, bulk_id, new):
                return None
            ids = [self._ids(identifiers.SOURCE_SNAPSHOT) for _ in new.plan.jobs]
            free = ((job.source.id, id) for id, job in zip(ids, new.plan.jobs, strict=True) if job.refusal is None)
            won = await take_sources(connection, new.tenant_id, free)
            holders = await _holders(connection, new, won)
            refusals = await _give_back_unsafe(connection, new, won)
            sources = tuple(
                self._opened(source_id, job, refusals.get(job.source.id) or _refusal(job, source_id in won, holders))
                for source_id, job in zip(ids, new.plan.jobs, strict=True)
            )
            await _insert_all(connection, tables.source_snapshot, opened.source_rows(bulk_id, new, sources))
            await _insert_all(connection, tables.signal, opened.signal_rows(new, sources, lease_until))
            await _insert_all(connection, tables.snapshot_topic, opened.topic_rows(new, sources, self._ids))
            await _insert_all(connection, tables.skipped_topic, opened.skip_rows(bulk_id, new))
            await _insert_all(connection, tables.ledger_event, opened.event_rows(bulk_id, new, sources))
        return OpenedBulkSnapshot(bulk_id, sources)

    async def find_by_key(
        self, tenant_id: str, requested_by: str, operation: str, idempotency_key: str, *, at: datetime
    ) -> BulkSnapshotRecord | None:
        """Return the bulk snapshot that was opened with `idempotency_key` in this scope, or None.

        A key that is forgotten by `at` finds nothing.
        """
        bulk = tables.bulk_snapshot
        statement = select(bulk).where(
            bulk.c.tenant_id == tenant_id,
            bulk.c.requested_by == requested_by,
            bulk.c.operation == operation,
            bulk.c.idempotency_key == idempotency_key,
            bulk.c.requested_at >= at - self._key_life,
        )
        async with self._database.look() as connection:
            found = (await connection.execute(statement)).all()
            records = await assemble(connection, tenant_id, found)
        return next(iter(records.values()), None)

    async def _insert_bulk(self, connection: AsyncConnection, bulk_id: str, new: NewBulkSnapshot) -> bool:
        bulk = tables.bulk_snapshot
        if new.request.idempotency_key is not None:
            await connection.execute(
                update(bulk)
                .where(
                    bulk.c.tenant_id == new.tenant_id,
                    bulk.c.requested_by == new.requested_by,
                    bulk.c.operation == new.operation,
                    bulk.c.idempotency_key == new.request.idempotency_key,
                    bulk.c.requested_at < new.requested_at - self._key_life,
                )
                .values(idempotency_key=None)
            )
        # Of two calls with the same key at the same time, the second waits here for the first one's commit.
        result = await connection.execute(
            upsert(bulk)
            .values(
                tenant_id=new.tenant_id,
                id=bulk_id,
                operation=new.operation,
                snapshot_type=new.request.snapshot_type.value,
                requested_by=new.requested_by,
                requested_at=new.requested_at,
                reason=new.request.reason,
                idempotency_key=new.request.idempotency_key,
                request_hash=new.request_hash,
                retry_of=new.retry_of,
                verify=new.request.verify,
            )
            .on_conflict_do_nothing(
                index_elements=["tenant_id", "requested_by", "operation", "idempotency_key"],
                index_where=text("idempotency_key IS NOT NULL"),
            )
            .returning(bulk.c.id)
        )
        return result.scalar_one_or_none() is not None

    def _opened(self, source_snapshot_id: str, job: SourceJob, refusal: Refusal | None) -> OpenedSource:
        drafts = () if refusal else job.signals
        signals = tuple((self._ids(identifiers.SIGNAL), draft) for draft in drafts)
        return OpenedSource(source_snapshot_id, job, signals, refusal)


async def _holders(connection: AsyncConnection, new: NewBulkSnapshot, won: frozenset[str]) -> dict[str, str]:
    """Which snapshot holds each source that was not won: source snapshot ids by connector id, for the message."""
    free = sum(job.refusal is None for job in new.plan.jobs)
    if free == len(won):
        return {}
    active = tables.active_snapshot
    result = await connection.execute(
        select(active.c.connector_id, active.c.source_snapshot_id).where(
            active.c.tenant_id == new.tenant_id,
            active.c.connector_id == text("ANY(CAST(:connector_ids AS text[]))"),
            active.c.source_snapshot_id != text("ALL(CAST(:won AS text[]))"),
        ),
        {"connector_ids": [job.source.id for job in new.plan.jobs], "won": list(won)},
    )
    return {row.connector_id: row.source_snapshot_id for row in result}


async def _give_back_unsafe(
    connection: AsyncConnection, new: NewBulkSnapshot, won: frozenset[str]
) -> dict[str, Refusal]:
    """Release the sources just won that need a restart before they may read; return why, by connector id.

    Looked at after the locks were taken: whoever held a source before has recorded its failed scans by then.
    """
    if not won or new.request.snapshot_type is not SnapshotType.INCREMENTAL:
        return {}
    unsafe = await open_requirements(connection, new.tenant_id, [job.source.id for job in new.plan.jobs])
    if not unsafe:
        return {}
    await connection.execute(
        text("""
            DELETE FROM active_snapshot
            WHERE tenant_id = :tenant_id AND connector_id = ANY(CAST(:connector_ids AS text[]))
              AND source_snapshot_id = ANY(CAST(:won AS text[]))
        """),
        {"tenant_id": new.tenant_id, "connector_ids": list(unsafe), "won": list(won)},
    )
    return {
        job.source.id: restart_refusal(job.source, unsafe[job.source.id])
        for job in new.plan.jobs
        if job.refusal is None and job.source.id in unsafe
    }


def _refusal(job: SourceJob, won: bool, holders: dict[str, str]) -> Refusal | None:  # noqa: FBT001 (private)
    if job.refusal or won:
        return job.refusal
    holder = holders.get(job.source.id)
    which = f" ({holder})" if holder else ""
    message = f"A snapshot is already running on {job.source.name}{which}. Try again when it has ended."
    return Refusal(SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING, message, retryable=True)


async def _insert_all(connection: AsyncConnection, table: Any, rows: list[dict[str, Any]]) -> None:  # noqa: ANN401
    if rows:
        await connection.execute(insert(table), rows)
