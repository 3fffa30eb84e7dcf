"""Writing what the reducer found: topics, signals and steps of many snapshots, by a few statements for them all."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.ledger.following import writing
from persistence.ledger.following.joining import note_joined
from persistence.ledger.moves import Move, move
from persistence.ledger.requesting.sending import SignalKey
from snapshots.following.in_progress import SnapshotChanges


async def write_changes(
    connection: AsyncConnection,
    tenant_id: str,
    changes: Mapping[str, SnapshotChanges],
    *,
    at: datetime,
    lease_until: datetime,
    cause: str,
) -> None:
    """Write `changes`, by source snapshot id, noted with `cause` and what showed them.

    Signals due are the caller's until `lease_until`. The caller holds the locks of the snapshots.
    """
    # Topics and signals first: the last step releases the source, and whoever takes it finds all in its end state.
    evidence = {key: notification for c in changes.values() for key, notification in c.evidence.items()}
    topics = [change for c in changes.values() for change in c.topics]
    await writing.write_topics(connection, tenant_id, topics, evidence, at=at, cause=cause)
    signals = [change for c in changes.values() for change in c.signals]
    await writing.write_signals(connection, tenant_id, signals, evidence, at=at, cause=cause)
    due = [change.next_signal_id for change in changes.values() if change.next_signal_id is not None]
    await writing.lease(connection, tenant_id, due, lease_until)
    await writing.write_ends(connection, tenant_id, changes)
    await writing.write_progress(connection, tenant_id, changes)
    for depth in range(max((len(change.steps) for change in changes.values()), default=0) + 1):
        joined = [(key, one.notification) for key, c in changes.items() for one in c.joined if one.step == depth]
        await note_joined(connection, tenant_id, joined, at=at, cause=cause)  # in the state that it was in by then
        moves = [
            _step(source_snapshot_id, change, depth)
            for source_snapshot_id, change in changes.items()
            if depth < len(change.steps)
        ]
        await move(connection, tenant_id, moves, cause=cause, at=at)


def due_signals(changes: Mapping[str, SnapshotChanges]) -> tuple[SignalKey, ...]:
    """Return the signals that fell due, because the one before each has ended."""
    return tuple(
        SignalKey(source_snapshot_id, change.next_signal_id)
        for source_snapshot_id, change in changes.items()
        if change.next_signal_id is not None
    )


def _step(source_snapshot_id: str, change: SnapshotChanges, depth: int) -> Move:
    target, evidence = change.steps[depth], change.step_evidence[depth] if change.step_evidence else None
    if not target.is_terminal:
        return Move(source_snapshot_id, target, occurred_at=change.started_at, evidence=evidence)
    return Move(source_snapshot_id, target, change.code, change.message, change.finished_at, evidence)
