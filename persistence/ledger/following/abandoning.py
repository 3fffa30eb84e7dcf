"""Abandoning source snapshots: an operator's word that nothing more is to be waited for, which frees the source."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from persistence.catalog.conditions import storable
from persistence.database.pool import Database
from persistence.ledger.events import NOTE_SIGNALS, NOTE_TOPICS, noting
from persistence.ledger.moves import Move, move
from snapshots.states import SnapshotState

_LOCK = text("""
    SELECT id, state FROM source_snapshot
    WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS text[])) ORDER BY id FOR UPDATE
""")
# What becomes of these tables is not known: the engine may read them all the same, and nobody listens any more.
_END_TOPICS = noting(
    """
    UPDATE snapshot_topic t SET state = 'CANCELLED', outcome = 'NOT_REPORTED', finished_at = :at
    FROM snapshot_topic b
    WHERE t.tenant_id = :tenant_id AND t.source_snapshot_id = ANY(CAST(:ids AS text[]))
      AND t.state IN ('PENDING', 'RUNNING') AND b.tenant_id = t.tenant_id AND b.id = t.id
    RETURNING t.*, b.state AS from_state, t.state AS to_state, CAST(NULL AS jsonb) AS evidence
""",
    NOTE_TOPICS,
)
# What was sent stays as it was, SENT or UNCONFIRMED for ever; what was not will not be.
_END_SIGNALS = noting(
    """
    UPDATE signal SET state = 'REFUSED', ended_at = :at, lease_until = NULL
    WHERE tenant_id = :tenant_id AND source_snapshot_id = ANY(CAST(:ids AS text[])) AND state = 'PENDING'
    RETURNING id, source_snapshot_id, 'PENDING' AS from_state, state AS to_state, CAST(NULL AS jsonb) AS detail
""",
    NOTE_SIGNALS,
)


class LedgerAbandoning:
    """Abandons snapshots."""

    def __init__(self, database: Database) -> None:
        """Write to `database`."""
        self._database = database

    async def abandon(
        self, tenant_id: str, ids: Sequence[str], *, cause: str, message: str, at: datetime
    ) -> dict[str, SnapshotState]:
        """Abandon those of `ids` whose state allows it; return the state that each was found in, by id.

        One transaction. An id that is absent from the answer is nobody's. To abandon again changes nothing, and finds
        ABANDONED. Raises DatabaseError.
        """
        async with self._database.write() as connection:
            rows = await connection.execute(_LOCK, {"tenant_id": tenant_id, "ids": storable(ids)})
            found = {row.id: SnapshotState(row.state) for row in rows}
            chosen = [key for key, state in found.items() if state.can_become(SnapshotState.ABANDONED)]
            if chosen:
                parameters = {"tenant_id": tenant_id, "ids": chosen, "at": at, "cause": cause}
                await connection.execute(_END_TOPICS, parameters)
                await connection.execute(_END_SIGNALS, parameters)
                moves = [Move(key, SnapshotState.ABANDONED, message=message) for key in chosen]
                await move(connection, tenant_id, moves, cause=cause, at=at)
        return found
