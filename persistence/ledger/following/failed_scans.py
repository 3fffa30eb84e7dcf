"""Tables that failed in mid-scan: recorded as they are told of, cleared by the task's start or by an operator."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.catalog.conditions import storable
from persistence.database.pool import Database
from persistence.ledger.evidence import encode
from persistence.ledger.following.connector_notifications import ConnectorNotifications
from persistence.ledger.restart_requirements import open_requirements
from snapshots.following.failed_scans import ScanNews, scan_news
from snapshots.following.notifications import Notification
from snapshots.restart_requirement import RestartRequirement

_RECORD = text("""
    INSERT INTO failed_scan (tenant_id, connector_id, data_collection, failed_at, evidence,
                             cleared_at, cleared_evidence)
    SELECT :tenant_id, w.connector_id, w.collection, w.failed_at, CAST(w.evidence AS jsonb),
           CASE WHEN w.cleared_by IS NOT NULL THEN CAST(:at AS timestamptz) END, CAST(w.cleared_by AS jsonb)
    FROM unnest(CAST(:connectors AS text[]), CAST(:collections AS text[]), CAST(:moments AS timestamptz[]),
                CAST(:evidence AS text[]), CAST(:cleared_by AS text[]))
         AS w(connector_id, collection, failed_at, evidence, cleared_by)
""")
# Of one partition, what is on record came before what is told now; of several, the engine's clock tells.
_CLEAR_BY_START = text("""
    UPDATE failed_scan f SET cleared_at = :at, cleared_evidence = CAST(w.evidence AS jsonb)
    FROM unnest(CAST(:connectors AS text[]), CAST(:moments AS timestamptz[]), CAST(:topics AS text[]),
                CAST(:partitions AS integer[]), CAST(:evidence AS text[]))
         AS w(connector_id, at, topic, partition, evidence)
    WHERE f.tenant_id = :tenant_id AND f.connector_id = w.connector_id AND f.cleared_at IS NULL
      AND (f.failed_at < w.at
           OR (f.evidence ->> 'topic' = w.topic AND CAST(f.evidence ->> 'partition' AS integer) = w.partition))
""")
_CLEAR = text("""
    UPDATE failed_scan SET cleared_at = :at, cleared_by = :by, reason = :reason
    WHERE tenant_id = :tenant_id AND connector_id = ANY(CAST(:ids AS text[])) AND cleared_at IS NULL
    RETURNING connector_id
""")


class LedgerFailedScans:
    """Tells which connectors need a restart."""

    def __init__(self, database: Database) -> None:
        """Read from and write to `database`."""
        self._database = database

    async def requirements(self, tenant_id: str, source_ids: Sequence[str]) -> dict[str, RestartRequirement]:
        """Return why those of the connectors `source_ids` that need a restart do, by id. Raises DatabaseError."""
        async with self._database.read() as connection:
            return await open_requirements(connection, tenant_id, source_ids)

    async def clear(
        self, tenant_id: str, source_ids: Sequence[str], *, by: str, reason: str, at: datetime
    ) -> frozenset[str]:
        """Clear, on the word of `by`, what the connectors `source_ids` need; return the ids of those that needed it.

        One statement; what was cleared stays on record with `by` and `reason`. Raises DatabaseError.
        """
        parameters = {"tenant_id": tenant_id, "ids": storable(source_ids), "by": by, "reason": reason, "at": at}
        async with self._database.write() as connection:
            return frozenset((await connection.execute(_CLEAR, parameters)).scalars())


async def note_scans(
    connection: AsyncConnection, tenant_id: str, told: Iterable[ConnectorNotifications], *, at: datetime
) -> None:
    """Record the failed scans that are told of, and clear those that a start of the task came after.

    No statement where nothing of either is told; the starts before the failures, so that none clears a later one.
    """
    news = {one.connector_id: scan_news(one.notifications) for one in told}
    starts = [(connector_id, one.start) for connector_id, one in news.items() if one.start is not None]
    if starts:
        await connection.execute(_CLEAR_BY_START, _start_rows(tenant_id, starts, at))
    failures = [row for connector_id, one in news.items() for row in _failure_rows(connector_id, one)]
    if failures:
        connectors, collections, moments, evidence, cleared_by = zip(*failures, strict=True)
        parameters = {
            "tenant_id": tenant_id,
            "at": at,
            "connectors": list(connectors),
            "collections": list(collections),
            "moments": list(moments),
            "evidence": list(evidence),
            "cleared_by": list(cleared_by),
        }
        await connection.execute(_RECORD, parameters)


def _failure_rows(connector_id: str, news: ScanNews) -> list[tuple[str, str | None, datetime, str | None, str | None]]:
    return [
        (
            connector_id,
            one.scanned_collection,
            one.at,
            encode(one),
            encode(news.start) if place < news.cleared else None,
        )
        for place, one in enumerate(news.failures)
    ]


def _start_rows(tenant_id: str, starts: Sequence[tuple[str, Notification]], at: datetime) -> dict[str, object]:
    return {
        "tenant_id": tenant_id,
        "at": at,
        "connectors": [connector_id for connector_id, _ in starts],
        "moments": [start.at for _, start in starts],
        "topics": [start.topic for _, start in starts],
        "partitions": [start.partition for _, start in starts],
        "evidence": [encode(start) for _, start in starts],
    }
