"""Writing back what the reducer changed: topics, signals, leases and times, each kind of all snapshots at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.ledger.events import NOTE_SIGNALS, NOTE_TOPICS, noting
from persistence.ledger.evidence import encode
from snapshots.following.in_progress import (
    EXTERNAL_SIGNAL,
    SignalChange,
    SnapshotChanges,
    TopicChange,
)
from snapshots.following.notifications import Notification
from snapshots.states import SIGNAL_TRANSITIONS, TOPIC_TRANSITIONS

_SIGNAL_STEPS = [f"{state}>{target}" for state, targets in SIGNAL_TRANSITIONS.items() for target in targets]
_TOPIC_STEPS = [f"{state}>{target}" for state, targets in TOPIC_TRANSITIONS.items() for target in targets]


async def write_topics(
    connection: AsyncConnection,
    tenant_id: str,
    changes: Sequence[TopicChange],
    evidence: Mapping[str, Notification],
    *,
    at: datetime,
    cause: str,
) -> None:
    """Write topics that changed, each guarded by the state it had; their ends are noted with `cause` and `evidence`."""
    if not changes:
        return
    after = [change.after for change in changes]
    await connection.execute(
        noting(
            """
            UPDATE snapshot_topic t SET
                state = w.state, rows_scanned = w.rows_scanned, outcome = w.outcome,
                engine_status = w.engine_status, started_at = w.started_at, finished_at = w.finished_at
            FROM unnest(CAST(:ids AS text[]), CAST(:befores AS text[]), CAST(:states AS text[]),
                        CAST(:rows AS bigint[]), CAST(:outcomes AS text[]), CAST(:statuses AS text[]),
                        CAST(:started AS timestamptz[]), CAST(:finished AS timestamptz[]),
                        CAST(:evidence AS text[]))
                 AS w(id, before, state, rows_scanned, outcome, engine_status, started_at, finished_at, evidence)
            WHERE t.tenant_id = :tenant_id AND t.id = w.id AND t.state = w.before
              AND (w.before = w.state OR w.before || '>' || w.state = ANY(CAST(:allowed AS text[])))
            RETURNING t.*, w.before AS from_state, w.state AS to_state, CAST(w.evidence AS jsonb) AS evidence
        """,
            NOTE_TOPICS,
        ),
        {
            "tenant_id": tenant_id,
            "at": at,
            "cause": cause,
            "allowed": _TOPIC_STEPS,
            "ids": [topic.id for topic in after],
            "befores": [change.before.state.value for change in changes],
            "states": [topic.state.value for topic in after],
            "rows": [topic.rows_scanned for topic in after],
            "outcomes": [topic.outcome and topic.outcome.value for topic in after],
            "statuses": [topic.engine_status for topic in after],
            "started": [topic.started_at for topic in after],
            "finished": [topic.finished_at for topic in after],
            "evidence": [encode(evidence.get(topic.id)) for topic in after],
        },
    )


async def write_signals(
    connection: AsyncConnection,
    tenant_id: str,
    changes: Sequence[SignalChange],
    evidence: Mapping[str, Notification],
    *,
    at: datetime,
    cause: str,
) -> None:
    """Write signals that changed, each guarded by the state it had, and note it with `cause` and `evidence`.

    One that was seen at work needs no lease.
    """
    changes = [change for change in changes if change.after.id != EXTERNAL_SIGNAL]
    if not changes:
        return
    await connection.execute(
        noting(
            """
            UPDATE signal g SET state = w.state, sent_at = coalesce(g.sent_at, :at), ended_at = w.ended_at,
                                started_at = w.started_at, lease_until = NULL
            FROM unnest(CAST(:ids AS text[]), CAST(:befores AS text[]), CAST(:states AS text[]),
                        CAST(:ended AS timestamptz[]), CAST(:started AS timestamptz[]), CAST(:evidence AS text[]))
                 AS w(id, before, state, ended_at, started_at, evidence)
            WHERE g.tenant_id = :tenant_id AND g.id = w.id AND g.state = w.before
              AND (w.before = w.state OR w.before || '>' || w.state = ANY(CAST(:allowed AS text[])))
            RETURNING g.id, g.source_snapshot_id, w.before AS from_state, w.state AS to_state,
                      CASE WHEN w.before <> w.state AND w.evidence IS NOT NULL
                           THEN jsonb_build_object('evidence', CAST(w.evidence AS jsonb)) END AS detail
        """,
            NOTE_SIGNALS,
        ),
        {
            "tenant_id": tenant_id,
            "at": at,
            "cause": cause,
            "allowed": _SIGNAL_STEPS,
            "ids": [change.after.id for change in changes],
            "befores": [change.before.state.value for change in changes],
            "states": [change.after.state.value for change in changes],
            "ended": [change.after.ended_at for change in changes],
            "started": [change.after.started_at for change in changes],
            "evidence": [encode(evidence.get(change.after.id)) for change in changes],
        },
    )


async def lease(connection: AsyncConnection, tenant_id: str, signal_ids: Sequence[str], until: datetime) -> None:
    """Leave the sending of the pending signals `signal_ids` to the caller until `until`."""
    if signal_ids:
        await connection.execute(
            text("""
                UPDATE signal SET lease_until = :until
                WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS text[])) AND state = 'PENDING'
            """),
            {"tenant_id": tenant_id, "ids": list(signal_ids), "until": until},
        )


async def write_progress(connection: AsyncConnection, tenant_id: str, changes: Mapping[str, SnapshotChanges]) -> None:
    """Write when the engine was last seen at each snapshot, by source snapshot id."""
    seen = {key: change.progressed_at for key, change in changes.items() if change.progressed_at is not None}
    if seen:
        await connection.execute(
            text("""
                UPDATE source_snapshot s SET progressed_at = greatest(s.progressed_at, w.at)
                FROM unnest(CAST(:ids AS text[]), CAST(:moments AS timestamptz[])) AS w(id, at)
                WHERE s.tenant_id = :tenant_id AND s.id = w.id
            """),
            {"tenant_id": tenant_id, "ids": list(seen), "moments": list(seen.values())},
        )


async def write_ends(connection: AsyncConnection, tenant_id: str, changes: Mapping[str, SnapshotChanges]) -> None:
    """Write the ends that were told of external snapshots which wait for late reports, by source snapshot id."""
    ends = {
        key: change.after.ended_at
        for key, changed in changes.items()
        for change in changed.signals
        if change.after.id == EXTERNAL_SIGNAL and change.after.in_flight and change.after.ended_at is not None
    }
    if ends:
        await connection.execute(
            text("""
                UPDATE source_snapshot s SET finished_at = w.at
                FROM unnest(CAST(:ids AS text[]), CAST(:moments AS timestamptz[])) AS w(id, at)
                WHERE s.tenant_id = :tenant_id AND s.id = w.id
            """),
            {"tenant_id": tenant_id, "ids": list(ends), "moments": list(ends.values())},
        )
