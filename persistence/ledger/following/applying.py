"""Applying notifications to the ledger: exactly once, a batch in one transaction."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.database.pool import Database
from persistence.ledger.following import external as externals
from persistence.ledger.following import in_progress
from persistence.ledger.following.changes import due_signals, write_changes
from persistence.ledger.following.connector_notifications import (
    ConnectorNotifications,
    find_notifications,
    find_senders,
)
from persistence.ledger.following.cursors import pass_over_known
from persistence.ledger.following.failed_scans import note_scans
from persistence.ledger.requesting.sending import SignalKey
from snapshots.following.correlation import telling
from snapshots.following.notifications import Notification
from snapshots.following.reducer import reduce_until_end
from snapshots.identifiers import IdMaker

_CAUSE = "notification"


class LedgerFollowing:
    """Moves snapshots on by what the engine tells."""

    def __init__(self, database: Database, ids: IdMaker) -> None:
        """Write to `database`, with new ids from `ids`."""
        self._database = database
        self._ids = ids

    async def apply(
        self,
        tenant_id: str,
        cluster_id: str,
        batch: Sequence[Notification],
        *,
        at: datetime,
        lease_until: datetime,
        silence: timedelta,
    ) -> tuple[SignalKey, ...]:
        """Apply `batch`, the notifications of one cluster in the order of their offsets; return the signals now due.

        What was applied before is passed over, so that the caller may commit its Kafka offsets afterwards and repeat
        after a crash. A signal that falls due is left to the caller until `lease_until`. A snapshot of somebody else's
        that is under way on a free source is recorded, unless it was silent for `silence`. Raises DatabaseError.
        """
        due: list[SignalKey] = []
        async with self._database.write() as connection:
            fresh = await pass_over_known(connection, tenant_id, cluster_id, batch)
            told = await find_notifications(connection, tenant_id, cluster_id, fresh) if fresh else []
            await note_scans(connection, tenant_id, told, at=at)
            told = [one for one in told if not one.is_over]
            # Once more for each source whose snapshot has ended: what is left may tell of the next one.
            while held := await externals.take_free(
                connection, tenant_id, told, ids=self._ids, at=at, not_before=at - silence
            ):
                told, signals = await self._apply_to_holders(connection, tenant_id, held, at, lease_until)
                due += signals
        return tuple(due)

    async def _apply_to_holders(
        self,
        connection: AsyncConnection,
        tenant_id: str,
        held: Sequence[ConnectorNotifications],
        at: datetime,
        lease_until: datetime,
    ) -> tuple[list[ConnectorNotifications], tuple[SignalKey, ...]]:
        """Apply to each snapshot what is told of it; return what is left for those that ended, and the signals due."""
        by_id = {one.source_snapshot_id: one for one in held if one.source_snapshot_id is not None}
        loaded = await in_progress.load(connection, tenant_id, list(by_id))
        outside = [(by_id[snapshot.source_snapshot_id], snapshot) for snapshot in loaded if snapshot.external]
        candidates = await externals.candidates(connection, tenant_id, outside, self._ids) if outside else {}
        senders = await find_senders(connection, tenant_id, loaded, held)
        changes, left = {}, []
        for snapshot in loaded:
            one = by_id[snapshot.source_snapshot_id]
            found = candidates.get(snapshot.source_snapshot_id, ())
            told = telling(snapshot, one.notifications, senders)
            after, changed, rest = reduce_until_end(snapshot, told, [topic for topic, _ in found])
            changes[snapshot.source_snapshot_id] = changed
            if rest:
                last_end = after.finished_at
                left.append(replace(one, source_snapshot_id=None, last_end=last_end, notifications=rest))
        topic_ids = {topic.id: topic_id for found in candidates.values() for topic, topic_id in found}
        await externals.write_found(connection, tenant_id, changes, topic_ids)
        await write_changes(connection, tenant_id, changes, at=at, lease_until=lease_until, cause=_CAUSE)
        return left, due_signals(changes)
