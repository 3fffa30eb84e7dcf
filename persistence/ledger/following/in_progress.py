"""Snapshots in progress as the reducer works on them, loaded from the ledger."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from snapshots.following.in_progress import (
    EXTERNAL_SIGNAL,
    ActiveSignal,
    ActiveSnapshot,
    ActiveTopic,
)
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotOrigin, SnapshotType, TopicSnapshotOutcome


async def load(
    connection: AsyncConnection, tenant_id: str, source_snapshot_ids: Sequence[str]
) -> tuple[ActiveSnapshot, ...]:
    """Return the snapshots of `source_snapshot_ids`, in three statements; the caller holds their locks."""
    parameters = {"tenant_id": tenant_id, "ids": list(source_snapshot_ids)}
    signals: dict[str, list[ActiveSignal]] = defaultdict(list)
    sending_since = dict[str, datetime]()
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
