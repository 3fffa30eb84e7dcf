"""What the ledger knows of sources that nothing holds: which signals were its own, and when the last one ended."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.ledger.following.connector_notifications import ConnectorNotifications
from snapshots.following.external import Known


async def find_known(
    connection: AsyncConnection, tenant_id: str, free: Sequence[ConnectorNotifications], not_before: datetime
) -> dict[str, Known]:
    """Return what is known of each source of `free`, by connector id."""
    connectors = [one.connector_id for one in free]
    signals = await connection.execute(
        text("""
            SELECT g.id, g.state = 'ENDED' AND s.state <> 'ABANDONED' AS ended FROM signal g
            JOIN source_snapshot s ON s.tenant_id = g.tenant_id AND s.id = g.source_snapshot_id
            WHERE g.tenant_id = :tenant_id AND g.id = ANY(CAST(:ids AS text[]))
        """),
        {"tenant_id": tenant_id, "ids": sorted({n.id for one in free for n in one.notifications if n.incremental})},
    )
    ours = {row.id: row.ended for row in signals}
    ended_ids = frozenset(id_ for id_, ended in ours.items() if ended)
    # What an operator gave up stays given up; what had fallen silent, and has a code for that, may speak again.
    abandoned = await connection.execute(
        text("""
            SELECT e.detail ->> 'id' AS id FROM source_snapshot s
            JOIN ledger_event e ON e.tenant_id = s.tenant_id AND e.bulk_snapshot_id = s.bulk_snapshot_id
             AND e.subject_id = s.id AND e.from_state IS NULL
            WHERE s.tenant_id = :tenant_id AND s.connector_id = ANY(CAST(:connectors AS text[]))
              AND s.origin = 'EXTERNAL' AND s.state = 'ABANDONED' AND s.code IS NULL
        """),
        {"tenant_id": tenant_id, "connectors": connectors},
    )
    signal_ids = ours.keys() | frozenset(abandoned.scalars())
    # A refusal of ours tells nothing of the engine, so only those count that were seen at work.
    rows = await connection.execute(
        text("""
            SELECT c.id, (
                SELECT max(last.finished_at) FROM (
                    SELECT s.finished_at, s.started_at FROM source_snapshot s
                    WHERE s.tenant_id = :tenant_id AND s.connector_id = c.id ORDER BY s.id DESC LIMIT 20
                ) AS last WHERE last.started_at IS NOT NULL
            ) AS ended_at
            FROM unnest(CAST(:connectors AS text[])) AS c(id)
        """),
        {"tenant_id": tenant_id, "connectors": connectors},
    )
    ends = {row.id: row.ended_at for row in rows}
    return {
        one.connector_id: Known(signal_ids, _later(ends[one.connector_id], one.last_end), not_before, ended_ids)
        for one in free
    }


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)
