"""Keeping on record which signals of somebody else joined a snapshot of ours."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.ledger.evidence import encode
from snapshots.following.notifications import Notification

_NOTE = text("""
    INSERT INTO ledger_event (tenant_id, at, bulk_snapshot_id, source_snapshot_id, subject_id,
                              from_state, to_state, cause, detail)
    SELECT :tenant_id, CAST(:at AS timestamptz), s.bulk_snapshot_id, s.id, s.id, s.state, s.state, CAST(:cause AS text),
           jsonb_build_object('joinedBy', w.signal_id, 'evidence', CAST(w.evidence AS jsonb))
    FROM unnest(CAST(:ids AS text[]), CAST(:signals AS text[]), CAST(:evidence AS text[])) WITH ORDINALITY
         AS w(id, signal_id, evidence, place)
    JOIN source_snapshot s ON s.tenant_id = :tenant_id AND s.id = w.id
    WHERE NOT EXISTS (
        SELECT FROM ledger_event e
        WHERE e.tenant_id = :tenant_id AND e.bulk_snapshot_id = s.bulk_snapshot_id AND e.subject_id = s.id
          AND e.detail ->> 'joinedBy' = w.signal_id
    )
    ORDER BY w.place
""")


async def note_joined(
    connection: AsyncConnection,
    tenant_id: str,
    joined: Sequence[tuple[str, Notification]],
    *,
    at: datetime,
    cause: str,
) -> None:
    """Note the signals that `joined`, each with the source snapshot's id and what first told of it.

    An event each, which leaves the state as it is, and none where there is one already. The caller holds the locks of
    the snapshots.
    """
    if joined:
        await connection.execute(
            _NOTE,
            {
                "tenant_id": tenant_id,
                "at": at,
                "cause": cause,
                "ids": [source_snapshot_id for source_snapshot_id, _ in joined],
                "signals": [notification.id for _, notification in joined],
                "evidence": [encode(notification) for _, notification in joined],
            },
        )
