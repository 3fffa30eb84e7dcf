"""Ending source snapshots of which a part cannot be carried out: what was read stays read, the rest has failed."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.ledger.events import NOTE_SIGNALS, NOTE_TOPICS, noting
from persistence.ledger.moves import Move, move
from snapshots.states import SnapshotState
from snapshots.vocabulary import SnapshotErrorCode

_FAIL_TOPICS = noting(
    """
    UPDATE snapshot_topic t SET state = 'FAILED', finished_at = :at
    FROM snapshot_topic b
    WHERE t.tenant_id = :tenant_id AND t.source_snapshot_id = ANY(CAST(:ids AS text[]))
      AND t.state IN ('PENDING', 'RUNNING') AND b.tenant_id = t.tenant_id AND b.id = t.id
    RETURNING t.*, b.state AS from_state, t.state AS to_state, CAST(NULL AS jsonb) AS evidence
""",
    NOTE_TOPICS,
)
_REFUSE_SIGNALS = noting(
    """
    UPDATE signal SET state = 'REFUSED', ended_at = :at, lease_until = NULL
    WHERE tenant_id = :tenant_id AND source_snapshot_id = ANY(CAST(:ids AS text[])) AND state = 'PENDING'
    RETURNING id, source_snapshot_id, 'PENDING' AS from_state, state AS to_state, CAST(NULL AS jsonb) AS detail
""",
    NOTE_SIGNALS,
)
_PARTLY_DONE = text("""
    SELECT DISTINCT source_snapshot_id FROM snapshot_topic
    WHERE tenant_id = :tenant_id AND source_snapshot_id = ANY(CAST(:ids AS text[])) AND state = 'COMPLETED'
""")


async def fail_remaining(
    connection: AsyncConnection,
    tenant_id: str,
    failures: Mapping[str, tuple[SnapshotErrorCode, str]],
    *,
    cause: str,
    at: datetime,
) -> None:
    """End the source snapshots of `failures` (by id) with code and message, and their unfinished topics as FAILED.

    A snapshot of which a topic was read already is PARTIALLY_COMPLETED, else FAILED.
    """
    if not failures:
        return
    parameters = {"tenant_id": tenant_id, "ids": list(failures)}
    noted = {**parameters, "at": at, "cause": cause}
    await connection.execute(_FAIL_TOPICS, noted)
    await connection.execute(_REFUSE_SIGNALS, noted)
    partly = set((await connection.execute(_PARTLY_DONE, parameters)).scalars())
    moves = [
        Move(
            source_snapshot_id,
            SnapshotState.PARTIALLY_COMPLETED if source_snapshot_id in partly else SnapshotState.FAILED,
            code,
            message,
        )
        for source_snapshot_id, (code, message) in failures.items()
    ]
    await move(connection, tenant_id, moves, cause=cause, at=at)
