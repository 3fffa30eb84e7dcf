"""Snapshots in progress as the reducer works on them: loaded from the ledger, and its changes written back."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.ledger.events import NOTE_SIGNALS, NOTE_TOPICS, noting
from persistence.ledger.evidence import encode
from snapshots.following.in_progress import (
    EXTERNAL_SIGNAL,
    ActiveSignal,
    ActiveSnapshot,
    ActiveTopic,
    SignalChange,
    SnapshotChanges,
    TopicChange,
)
from snapshots.following.notifications import Notification
from snapshots.states import SIGNAL_TRANSITIONS, TOPIC_TRANSITIONS, SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotOrigin, SnapshotType, TopicSnapshotOutcome

_SIGNAL_STEPS = [f"{state}>{target}" for state, targets in SIGNAL_TRANSITIONS.items() for target in targets]
_TOPIC_STEPS = [f"{state}>{target}" for state, targets in TOPIC_TRANSITIONS.items() for target in targets]


async def load(
    connection: AsyncConnection, tenant_id: str, source_snapshot_ids: Sequence[str]
) -> tuple[ActiveSnapshot, ...]:
    """Return the snapshots of `source_snapshot_ids`, in three statements; the caller holds their locks."""
    parameters = {"tenant_id": tenant_id, "ids": list(source_snapshot_ids)}
    signals: dict[str, list[ActiveSignal]] = defaultdict(list)
    sending_since: dict[str, datetime] = {}
    for row in await connection.execute(
        text("""
            SELECT source_snapshot_id, id, position, state, sending_at, started_at, ended_at FROM signal
            WHERE tenant_id = :tenant_id AND source_snapshot_id = ANY(CAST(:ids AS text[])) ORDER BY position
        """),
        parameters,
    ):
        signal = ActiveSignal(row.id, row.position, SignalState(row.state), row.ended_at, row.started_at)
        signals[row.source_snapshot_id].append(signal)
        if row.sending_at is not None and not SignalState(row.state).is_terminal:
            sending_since[row.source_snapshot_id] = row.sending_at
    topics: dict[str, list[ActiveTopic]] = defaultdict(list)
    for row in await connection.execute(
        text("""
            SELECT * FROM snapshot_topic
            WHERE tenant_id = :tenant_id AND source_snapshot_id = ANY(CAST(:ids AS text[])) ORDER BY position
        """),
        parameters,
    ):
        topics[row.source_snapshot_id].append(
            ActiveTopic(
                id=row.id,
                signal_id=row.signal_id,
                data_collection=row.data_collection,
                filtered=row.filter is not None,
                state=TopicSnapshotState(row.state),
                rows_scanned=row.rows_scanned,
                outcome=row.outcome and TopicSnapshotOutcome(row.outcome),
                engine_status=row.engine_status,
                started_at=row.started_at,
                finished_at=row.finished_at,
            )
        )
    snapshots = await connection.execute(
        text("""
            SELECT s.id, s.snapshot_type, s.state, s.started_at, s.progressed_at, s.finished_at, s.origin, s.followed,
                   s.snapshot_type = 'BLOCKING' AND s.started_at IS NULL AND coalesce((
                       SELECT last.state = 'ABANDONED' FROM (
                           SELECT p.id, p.state, p.snapshot_type, p.started_at FROM source_snapshot p
                           WHERE p.tenant_id = s.tenant_id AND p.connector_id = s.connector_id AND p.id < s.id
                           ORDER BY p.id DESC LIMIT 20
                       ) AS last
                       WHERE last.snapshot_type = s.snapshot_type AND last.started_at IS NOT NULL
                       ORDER BY last.id DESC LIMIT 1
                   ), false) AS after_abandoned
            FROM source_snapshot s
            WHERE s.tenant_id = :tenant_id AND s.id = ANY(CAST(:ids AS text[])) ORDER BY s.id
        """),
        parameters,
    )
    return tuple(
        _as_external(snapshot) if row.origin == SnapshotOrigin.EXTERNAL else snapshot
        for row in snapshots
        for snapshot in [
            ActiveSnapshot(
                source_snapshot_id=row.id,
                snapshot_type=SnapshotType(row.snapshot_type),
                state=SnapshotState(row.state),
                sending_since=sending_since.get(row.id),
                signals=tuple(signals[row.id]),
                topics=tuple(topics[row.id]),
                started_at=row.started_at,
                progressed_at=row.progressed_at,
                finished_at=row.finished_at,
                followed=row.followed,
                after_abandoned=row.after_abandoned,
            )
        ]
    )


def _as_external(snapshot: ActiveSnapshot) -> ActiveSnapshot:
    """Return `snapshot` with the signal that nobody has recorded; its end is kept with the snapshot itself."""
    state = SignalState.ENDED if snapshot.state.is_terminal else SignalState.SENT
    return replace(
        snapshot,
        signals=(ActiveSignal(EXTERNAL_SIGNAL, 0, state, snapshot.finished_at, snapshot.started_at),),
        topics=tuple(replace(topic, signal_id=EXTERNAL_SIGNAL) for topic in snapshot.topics),
        external=True,
    )


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
