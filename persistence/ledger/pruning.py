"""Taking old bulk snapshots out of the ledger: an operator's command, as the owner of the tables.

The application's role cannot do this: it may not delete events. What was removed is itself an event, which stays.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import tables
from persistence.database.errors import AccessRefusedError
from persistence.database.pool import Database
from snapshots.audit import LedgerSubject, Pruned
from snapshots.states import SnapshotState

_BATCH = 200
"""Bulk snapshots that one transaction removes: what it locks is ended, and nobody waits for it."""
_UNANSWERED = timedelta(days=1)
"""A first call that has not answered by then never will."""
_INSUFFICIENT_PRIVILEGE = "42501"
_ENDED = [state.value for state in SnapshotState if state.is_terminal]

_DUE = """
    FROM bulk_snapshot b
    WHERE b.tenant_id = :tenant_id AND b.requested_at < :before
      AND (b.idempotency_key IS NULL OR b.requested_at < :keys_before)
      AND (b.answered_at IS NOT NULL OR b.requested_at < :unanswered_before)
      AND NOT EXISTS (
          SELECT FROM source_snapshot s
          WHERE s.tenant_id = b.tenant_id AND s.bulk_snapshot_id = b.id
            AND (s.state <> ALL(CAST(:ended AS text[]))
                 OR EXISTS (SELECT FROM active_snapshot a
                            WHERE a.tenant_id = s.tenant_id AND a.source_snapshot_id = s.id)))
"""
_CLAIM = text(f"SELECT b.id, b.requested_at {_DUE} ORDER BY b.id LIMIT :most FOR UPDATE OF b SKIP LOCKED")

_OF_BULK = "tenant_id = :tenant_id AND bulk_snapshot_id = ANY(CAST(:ids AS text[]))"
_OF_SOURCE = f"tenant_id = :tenant_id AND source_snapshot_id IN (SELECT id FROM source_snapshot WHERE {_OF_BULK})"  # noqa: S608
_PARTS = (
    # In this order, so that no row refers to one that is gone. The first of each pair is a field of Pruned.
    ("topics", "snapshot_topic", _OF_SOURCE),
    ("signals", "signal", _OF_SOURCE),
    ("source_snapshots", "source_snapshot", _OF_BULK),
    ("skipped_topics", "skipped_topic", _OF_BULK),
    ("events", "ledger_event", _OF_BULK),
    ("bulk_snapshots", "bulk_snapshot", "tenant_id = :tenant_id AND id = ANY(CAST(:ids AS text[]))"),
)
_DELETE = {field: text(f"DELETE FROM {table} WHERE {condition}") for field, table, condition in _PARTS}  # noqa: S608
_COUNT = text(
    f"WITH due AS (SELECT b.id, b.requested_at {_DUE}), "  # noqa: S608 (constants)
    "ids AS (SELECT coalesce(array_agg(id), '{}') AS ids, min(requested_at) AS oldest, max(requested_at) AS newest "
    "FROM due) "
    "SELECT ids.oldest, ids.newest, cardinality(ids.ids) AS bulk_snapshots, "
    + ", ".join(
        f"(SELECT count(*) FROM {table} WHERE {condition.replace('CAST(:ids AS text[])', 'ids.ids')}) AS {field}"  # noqa: S608
        for field, table, condition in _PARTS[:-1]
    )
    + " FROM ids"
)


# What following keeps beside the ledger. The first of each pair is a field of Pruned.
_BESIDE = (
    ("dead_letters", "dead_letter", "tenant_id = :tenant_id AND last_failed_at < :before"),
    ("failed_scans", "failed_scan", "tenant_id = :tenant_id AND cleared_at < :before"),
)
_DELETE_BESIDE = {field: text(f"DELETE FROM {table} WHERE {condition}") for field, table, condition in _BESIDE}  # noqa: S608
_COUNTS_BESIDE = [f"(SELECT count(*) FROM {table} WHERE {condition}) AS {field}" for field, table, condition in _BESIDE]  # noqa: S608
_COUNT_BESIDE = text(f"SELECT {', '.join(_COUNTS_BESIDE)}")


class LedgerPruning:
    """Removes what has ended and is older than an operator wants to keep."""

    def __init__(self, database: Database, *, idempotency_days: int, batch: int = _BATCH) -> None:
        """Work on `database`, connected as the owner of its tables; keys are remembered for `idempotency_days`.

        One transaction removes `batch` bulk snapshots.
        """
        self._batch = batch
        self._database = database
        self._key_life = timedelta(days=idempotency_days)

    async def count(self, tenant_id: str, *, before: datetime, at: datetime) -> Pruned:
        """Tell what `prune` would remove, at the time `at`."""
        async with self._database.read() as connection:
            row = (await connection.execute(_COUNT, self._parameters(tenant_id, before, at))).one()
            beside = (await connection.execute(_COUNT_BESIDE, {"tenant_id": tenant_id, "before": before})).one()
        return Pruned(**row._asdict(), **beside._asdict())

    async def prune(self, tenant_id: str, *, before: datetime, at: datetime, pruning_id: str, by: str) -> Pruned:
        """Remove the bulk snapshots that were requested before `before` and have ended, with all that belongs to them.

        Never one of which a source snapshot has not ended or holds its source, whose first call may still be under way,
        or whose idempotency key is remembered. Dead letters that were tried last before `before` go as well, and failed
        scans that were cleared before it. A batch is one transaction, which also records as `pruning_id` what it
        removed; so an interrupted pruning has removed and recorded the batches before. Raises AccessRefusedError where
        the user may not delete.
        """
        async with self._writing() as connection:
            total = await self._prune_beside(connection, tenant_id, before, at, pruning_id, by)
        while True:
            async with self._writing() as connection:
                batch = await self._prune_batch(connection, tenant_id, before, at, pruning_id, by)
            if not batch.bulk_snapshots:
                return total
            total = _sum(total, batch)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with self._database.write() as connection:
                yield connection
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _INSUFFICIENT_PRIVILEGE:
                raise
            message = "Pruning takes the owner of the tables, as `topicsnap migrate` does; this user may not delete."
            raise AccessRefusedError(message) from error

    async def _prune_beside(
        self, connection: AsyncConnection, tenant_id: str, before: datetime, at: datetime, pruning_id: str, by: str
    ) -> Pruned:
        counts: dict[str, int] = {}
        for field, statement in _DELETE_BESIDE.items():
            result: CursorResult[Any] = await connection.execute(statement, {"tenant_id": tenant_id, "before": before})
            counts[field] = result.rowcount
        if any(counts.values()):
            detail = {"requestedBefore": before.isoformat(), "removed": counts}
            await _record(connection, tenant_id, at, pruning_id, by, detail)
        return Pruned(dead_letters=counts["dead_letters"], failed_scans=counts["failed_scans"])

    async def _prune_batch(
        self, connection: AsyncConnection, tenant_id: str, before: datetime, at: datetime, pruning_id: str, by: str
    ) -> Pruned:
        due = (await connection.execute(_CLAIM, {**self._parameters(tenant_id, before, at), "most": self._batch})).all()
        if not due:
            return Pruned()
        ids = [row.id for row in due]
        counts: dict[str, int] = {}
        for field, statement in _DELETE.items():
            result: CursorResult[Any] = await connection.execute(statement, {"tenant_id": tenant_id, "ids": ids})
            counts[field] = result.rowcount
        moments = [row.requested_at for row in due]
        batch = Pruned(oldest=min(moments), newest=max(moments), **counts)
        detail = {"requestedBefore": before.isoformat(), "bulkSnapshots": ids, "removed": counts}
        await _record(connection, tenant_id, at, pruning_id, by, detail)
        return batch

    def _parameters(self, tenant_id: str, before: datetime, at: datetime) -> dict[str, object]:
        return {
            "tenant_id": tenant_id,
            "before": before,
            "keys_before": at - self._key_life,
            "unanswered_before": at - _UNANSWERED,
            "ended": _ENDED,
        }


async def _record(
    connection: AsyncConnection, tenant_id: str, at: datetime, pruning_id: str, by: str, detail: Mapping[str, object]
) -> None:
    await connection.execute(
        insert(tables.ledger_event).values(
            tenant_id=tenant_id,
            at=at,
            bulk_snapshot_id=pruning_id,
            subject_kind=LedgerSubject.PRUNING.value,
            subject_id=pruning_id,
            to_state="PRUNED",
            cause=f"pruned by {by}",
            detail=detail,
        )
    )


def _sum(total: Pruned, batch: Pruned) -> Pruned:
    moments = [moment for moment in (total.oldest, total.newest, batch.oldest, batch.newest) if moment is not None]
    counts = {field: getattr(total, field) + getattr(batch, field) for field in _DELETE}
    return replace(total, oldest=min(moments), newest=max(moments), **counts)
