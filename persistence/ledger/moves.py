"""The one statement by which a source snapshot changes its state: compare-and-set, event, and release of its source.

Which changes are allowed is passed in as data from the state machine, so that the database guards exactly what
snapshots.states says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.ledger.evidence import encode
from snapshots.following.notifications import Notification
from snapshots.states import TRANSITIONS, SnapshotState
from snapshots.vocabulary import SnapshotErrorCode

_ALLOWED = [f"{state}>{target}" for state, targets in TRANSITIONS.items() for target in targets]
# Steps that make out of date why the fate of a signal was not known.
_RESOLVING = [
    f"{SnapshotState.UNCONFIRMED}>{target}"
    for target in TRANSITIONS[SnapshotState.UNCONFIRMED]
    if not target.is_terminal
]
_TERMINAL = [state.value for state in SnapshotState if state.is_terminal]

# `before` locks the rows in the order of their ids, so that two moves of several snapshots cannot deadlock.
_MOVE = text("""
WITH wanted AS (
    SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:targets AS text[]), CAST(:codes AS text[]),
                         CAST(:messages AS text[]), CAST(:moments AS timestamptz[]), CAST(:evidence AS text[]))
        AS w(id, target, code, message, moment, evidence)
), before AS (
    SELECT s.id, s.state FROM source_snapshot s JOIN wanted w ON w.id = s.id
    WHERE s.tenant_id = :tenant_id ORDER BY s.id FOR UPDATE OF s
), moved AS (
    UPDATE source_snapshot s SET
        state = w.target,
        code = CASE WHEN b.state || '>' || w.target = ANY(CAST(:resolving AS text[])) THEN w.code
                    ELSE coalesce(w.code, s.code) END,
        message = CASE WHEN b.state || '>' || w.target = ANY(CAST(:resolving AS text[])) THEN w.message
                       ELSE coalesce(w.message, s.message) END,
        dispatched_at = CASE WHEN w.target = 'DISPATCHED' THEN coalesce(s.dispatched_at, :at)
                             ELSE s.dispatched_at END,
        started_at = CASE WHEN w.target = 'RUNNING' THEN coalesce(s.started_at, w.moment) ELSE s.started_at END,
        finished_at = CASE WHEN w.target = ANY(CAST(:terminal AS text[])) THEN w.moment ELSE s.finished_at END
    FROM wanted w JOIN before b ON b.id = w.id
    WHERE s.tenant_id = :tenant_id AND s.id = w.id AND b.state || '>' || w.target = ANY(CAST(:allowed AS text[]))
    RETURNING s.id, s.bulk_snapshot_id, b.state AS from_state, w.target, w.code, w.message, w.evidence
), released AS (
    DELETE FROM active_snapshot a USING moved m
    WHERE a.tenant_id = :tenant_id AND a.source_snapshot_id = m.id AND m.target = ANY(CAST(:terminal AS text[]))
), noted AS (
    INSERT INTO ledger_event
        (tenant_id, at, bulk_snapshot_id, source_snapshot_id, subject_id, from_state, to_state, cause, detail)
    SELECT :tenant_id, :at, m.bulk_snapshot_id, m.id, m.id, m.from_state, m.target, :cause,
           jsonb_strip_nulls(jsonb_build_object('code', m.code, 'message', m.message,
                                               'evidence', CAST(m.evidence AS jsonb)))
    FROM moved m ORDER BY m.id
)
SELECT id FROM moved
""")


@dataclass(frozen=True, slots=True)
class Move:
    """A wish to bring a source snapshot to `target`; code and message, where given, replace what it had.

    Why it was UNCONFIRMED is forgotten when that is resolved.
    """

    source_snapshot_id: str
    target: SnapshotState
    code: SnapshotErrorCode | None = None
    message: str | None = None
    occurred_at: datetime | None = None
    """When the engine did what this records, where that is not the time of the record."""
    evidence: Notification | None = None
    """What showed it, where that was a notification; it is kept with the event."""


async def move(
    connection: AsyncConnection, tenant_id: str, moves: Sequence[Move], *, cause: str, at: datetime
) -> frozenset[str]:
    """Carry out those of `moves` that the state machine allows now; return the ids of the snapshots that moved.

    `cause` says in the ledger why. A terminal state releases the source. One statement, whatever the number.
    """
    if not moves:
        return frozenset()
    result = await connection.execute(
        _MOVE,
        {
            "tenant_id": tenant_id,
            "ids": [wanted.source_snapshot_id for wanted in moves],
            "targets": [wanted.target.value for wanted in moves],
            "codes": [wanted.code and wanted.code.value for wanted in moves],
            "messages": [wanted.message for wanted in moves],
            "moments": [wanted.occurred_at or at for wanted in moves],
            "evidence": [encode(wanted.evidence) for wanted in moves],
            "allowed": _ALLOWED,
            "resolving": _RESOLVING,
            "terminal": _TERMINAL,
            "cause": cause,
            "at": at,
        },
    )
    return frozenset(result.scalars())
