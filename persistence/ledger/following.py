"""Applying notifications to the ledger: exactly once, a batch in one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.database import Database
from persistence.ledger import active
from persistence.ledger.moves import Move, move
from persistence.ledger.sending import SignalKey
from snapshots.active import Changes
from snapshots.notifications import Notification
from snapshots.reducer import reduce_all

Place = tuple[str, int]
"""A notification topic and its partition."""

_CAUSE = "notification"


class LedgerFollowing:
    """Moves snapshots on by what the engine tells."""

    def __init__(self, database: Database) -> None:
        """Write to `database`."""
        self._database = database

    async def apply(
        self, tenant_id: str, cluster_id: str, batch: Sequence[Notification], *, at: datetime, lease_until: datetime
    ) -> tuple[SignalKey, ...]:
        """Apply `batch`, the notifications of one cluster in the order of their offsets; return the signals now due.

        What was applied before is passed over, so that the caller may commit its Kafka offsets afterwards and repeat
        after a crash. A signal that falls due is left to the caller until `lease_until`. Raises DatabaseError.
        """
        async with self._database.write() as connection:
            fresh = await _pass_over_known(connection, tenant_id, cluster_id, batch)
            if not fresh:
                return ()
            by_snapshot = await _by_snapshot(connection, tenant_id, cluster_id, fresh)
            if not by_snapshot:
                return ()
            snapshots = await active.load(connection, tenant_id, list(by_snapshot))
            changes = {
                snapshot.source_snapshot_id: reduce_all(snapshot, by_snapshot[snapshot.source_snapshot_id])[1]
                for snapshot in snapshots
            }
            await _write(connection, tenant_id, changes, at, lease_until)
        return tuple(
            SignalKey(source_snapshot_id, change.next_signal_id)
            for source_snapshot_id, change in changes.items()
            if change.next_signal_id is not None
        )


async def _pass_over_known(
    connection: AsyncConnection, tenant_id: str, cluster_id: str, batch: Sequence[Notification]
) -> list[Notification]:
    """Return what of `batch` is new, and move the cursors past it; the cursors' rows stay locked till the end."""
    scope = {"tenant_id": tenant_id, "cluster_id": cluster_id}
    last: dict[Place, Notification] = {(n.topic, n.partition): n for n in batch}
    places = sorted(last)
    arrays = {"topics": [topic for topic, _ in places], "partitions": [partition for _, partition in places]}
    await connection.execute(
        text("""
            INSERT INTO notification_cursor (tenant_id, cluster_id, topic, partition, next_offset, last_timestamp_ms)
            SELECT :tenant_id, :cluster_id, w.topic, w.partition, 0, 0
            FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[])) AS w(topic, partition)
            ON CONFLICT DO NOTHING
        """),
        {**scope, **arrays},
    )
    rows = await connection.execute(
        text("""
            SELECT c.topic, c.partition, c.next_offset, c.last_timestamp_ms FROM notification_cursor c
            JOIN unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[])) AS w(topic, partition)
              ON w.topic = c.topic AND w.partition = c.partition
            WHERE c.tenant_id = :tenant_id AND c.cluster_id = :cluster_id
            ORDER BY c.topic, c.partition FOR UPDATE OF c
        """),
        {**scope, **arrays},
    )
    cursors = {(row.topic, row.partition): row for row in rows}
    fresh = [
        n
        for n in batch
        # A topic that was deleted and made anew starts at 0 again: its records are later than all we have seen.
        if n.offset >= cursors[n.topic, n.partition].next_offset
        or n.record_timestamp_ms > cursors[n.topic, n.partition].last_timestamp_ms
    ]
    moved: dict[Place, tuple[int, int]] = {}
    for n in fresh:
        place = (n.topic, n.partition)
        latest = moved.get(place, (0, cursors[place].last_timestamp_ms))[1]
        moved[place] = (n.offset + 1, max(latest, n.record_timestamp_ms))
    await connection.execute(
        text("""
            UPDATE notification_cursor c SET next_offset = w.next_offset, last_timestamp_ms = w.last_timestamp_ms
            FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:offsets AS bigint[]),
                        CAST(:timestamps AS bigint[])) AS w(topic, partition, next_offset, last_timestamp_ms)
            WHERE c.tenant_id = :tenant_id AND c.cluster_id = :cluster_id
              AND c.topic = w.topic AND c.partition = w.partition
        """),
        {
            **scope,
            "topics": [topic for topic, _ in moved],
            "partitions": [partition for _, partition in moved],
            "offsets": [offset for offset, _ in moved.values()],
            "timestamps": [timestamp for _, timestamp in moved.values()],
        },
    )
    return fresh


async def _by_snapshot(
    connection: AsyncConnection, tenant_id: str, cluster_id: str, notifications: Sequence[Notification]
) -> dict[str, list[Notification]]:
    """Return the notifications of connectors that a snapshot holds, by source snapshot id, and lock those snapshots."""
    named = sorted({(n.topic, n.prefix) for n in notifications})
    rows = await connection.execute(
        text("""
            SELECT s.id, c.notification_topic, c.topic_prefix FROM source_snapshot s
            JOIN active_snapshot a ON a.tenant_id = s.tenant_id AND a.source_snapshot_id = s.id
            JOIN connector c ON c.tenant_id = a.tenant_id AND c.id = a.connector_id
            JOIN unnest(CAST(:topics AS text[]), CAST(:prefixes AS text[])) AS w(topic, prefix)
              ON w.topic = c.notification_topic AND w.prefix = c.topic_prefix
            WHERE s.tenant_id = :tenant_id AND c.cluster_id = :cluster_id
            ORDER BY s.id FOR UPDATE OF s
        """),
        {
            "tenant_id": tenant_id,
            "cluster_id": cluster_id,
            "topics": [topic for topic, _ in named],
            "prefixes": [prefix for _, prefix in named],
        },
    )
    holders: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in rows:
        holders[row.notification_topic, row.topic_prefix].append(row.id)
    by_snapshot: dict[str, list[Notification]] = defaultdict(list)
    for n in notifications:
        for source_snapshot_id in holders.get((n.topic, n.prefix), ()):
            by_snapshot[source_snapshot_id].append(n)
    return by_snapshot


async def _write(
    connection: AsyncConnection,
    tenant_id: str,
    changes: Mapping[str, Changes],
    at: datetime,
    lease_until: datetime,
) -> None:
    # Topics and signals first: the last step releases the source, and whoever takes it finds all in its end state.
    topics = [change for c in changes.values() for change in c.topics]
    await active.write_topics(connection, tenant_id, topics, at=at, cause=_CAUSE)
    signals = [change for c in changes.values() for change in c.signals]
    await active.write_signals(connection, tenant_id, signals, at=at, cause=_CAUSE)
    due = [change.next_signal_id for change in changes.values() if change.next_signal_id is not None]
    await active.lease(connection, tenant_id, due, lease_until)
    await active.write_progress(connection, tenant_id, changes)
    for depth in range(max((len(change.steps) for change in changes.values()), default=0)):
        moves = [
            _step(source_snapshot_id, change, depth)
            for source_snapshot_id, change in changes.items()
            if depth < len(change.steps)
        ]
        await move(connection, tenant_id, moves, cause=_CAUSE, at=at)


def _step(source_snapshot_id: str, change: Changes, depth: int) -> Move:
    target = change.steps[depth]
    if not target.is_terminal:
        return Move(source_snapshot_id, target, occurred_at=change.started_at)
    return Move(source_snapshot_id, target, change.code, change.message, change.finished_at)
