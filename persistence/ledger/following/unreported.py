"""Snapshots of which nothing more is reported, or never anything: what ends them, so that none holds its source on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.catalog.rows import RowReader, source_columns, source_join
from persistence.database.pool import Database
from persistence.ledger.following import in_progress
from persistence.ledger.following.changes import due_signals, write_changes
from persistence.ledger.requesting.sending import SignalKey
from persistence.tables import active_snapshot, connect_cluster, connector, source_snapshot
from snapshots.channels import TRAITS
from snapshots.following.in_progress import ActiveSnapshot, SnapshotChanges
from snapshots.following.reducer import conclude, give_up
from snapshots.model import SourceConnector
from snapshots.vocabulary import SnapshotOrigin

Judge = Callable[[ActiveSnapshot], tuple[ActiveSnapshot, SnapshotChanges]]
"""Decides, under the snapshot's lock, what becomes of it."""

# An end that lies in the future was told by a clock that is of no use: it is not waited for.
_SIMULATED = [kind.value for kind, traits in TRAITS.items() if traits.is_simulated]
"""The channels of connectors of which every end is told."""


_ENDED = text("""
    SELECT s.id FROM source_snapshot s
    JOIN active_snapshot a ON a.tenant_id = s.tenant_id AND a.source_snapshot_id = s.id
    WHERE s.tenant_id = :tenant_id AND (
        (s.origin = 'EXTERNAL' AND s.finished_at NOT BETWEEN :since AND :until)
        OR EXISTS (
            SELECT 1 FROM signal g WHERE g.tenant_id = s.tenant_id AND g.source_snapshot_id = s.id
            AND g.state = 'SENT' AND g.ended_at NOT BETWEEN :since AND :until
        )
    )
    ORDER BY s.id FOR UPDATE OF s SKIP LOCKED
""")
_SILENT = text("""
    SELECT s.id FROM source_snapshot s
    JOIN active_snapshot a ON a.tenant_id = s.tenant_id AND a.source_snapshot_id = s.id
    WHERE s.tenant_id = :tenant_id AND s.origin = 'EXTERNAL'
      AND coalesce(s.progressed_at, s.started_at, s.requested_at) < :since
    ORDER BY s.id FOR UPDATE OF s SKIP LOCKED
""")
_LOCK = text("""
    SELECT s.id FROM source_snapshot s
    JOIN active_snapshot a ON a.tenant_id = s.tenant_id AND a.source_snapshot_id = s.id
    WHERE s.tenant_id = :tenant_id AND s.id = ANY(CAST(:ids AS text[])) ORDER BY s.id FOR UPDATE OF s SKIP LOCKED
""")


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """A snapshot that is not followed, or no more: its connector sends no notifications, or is gone."""

    source_snapshot_id: str
    source: SourceConnector
    was_followed: bool
    """Whether it could be followed when it was asked for."""


class LedgerUnreported:
    """Ends snapshots without the engine's word."""

    def __init__(self, database: Database) -> None:
        """Write to `database`."""
        self._database = database

    async def conclude_ended(
        self, tenant_id: str, *, at: datetime, grace: timedelta, lease_until: datetime
    ) -> tuple[SignalKey, ...]:
        """End the signals whose end was told more than `grace` before `at`, with what was reported by then.

        Returns the signals that fall due by that; they are the caller's until `lease_until`. Raises DatabaseError.
        """
        async with self._database.write() as connection:
            parameters = {"tenant_id": tenant_id, "since": at - grace, "until": at + grace}
            ids = list((await connection.execute(_ENDED, parameters)).scalars())
            changes = await _judge(connection, tenant_id, dict.fromkeys(ids, conclude))
            await write_changes(
                connection, tenant_id, changes, at=at, lease_until=lease_until, cause="no report came after the end"
            )
        return due_signals(changes)

    async def release_silent(self, tenant_id: str, *, at: datetime, silence: timedelta) -> int:
        """Give up the external snapshots that were silent for `silence`; return their number. Raises DatabaseError."""
        minutes = silence.total_seconds() / 60
        message = f"Its end was not reported: the engine told nothing of it for {minutes:g} minutes."
        async with self._database.write() as connection:
            rows = await connection.execute(_SILENT, {"tenant_id": tenant_id, "since": at - silence})
            judges: dict[str, Judge] = dict.fromkeys(rows.scalars(), lambda held: give_up(held, at, message))
            changes = await _judge(connection, tenant_id, judges)
            await write_changes(connection, tenant_id, changes, at=at, lease_until=at, cause="no sign of life")
        return len(changes)

    async def unfollowed(self, tenant_id: str) -> tuple[Unfollowed, ...]:
        """Return the snapshots that hold a source which sends no notifications. Raises DatabaseError.

        Also those that were followed when they were asked for, and whose connector the catalogue has changed since.
        """
        statement = source_join(
            select(source_snapshot.c.id, source_snapshot.c.followed, *source_columns()).join(
                active_snapshot,
                and_(
                    active_snapshot.c.tenant_id == source_snapshot.c.tenant_id,
                    active_snapshot.c.source_snapshot_id == source_snapshot.c.id,
                ),
            ),
            source_snapshot.c.tenant_id,
            source_snapshot.c.connector_id,
        ).where(
            source_snapshot.c.tenant_id == tenant_id,
            or_(
                source_snapshot.c.followed.is_(False),
                connector.c.retired_at.is_not(None),
                and_(
                    or_(connector.c.notification_topic.is_(None), connect_cluster.c.kafka_bootstrap.is_(None)),
                    func.coalesce(connector.c.signal_channel, "").not_in(_SIMULATED),
                ),
            ),
            source_snapshot.c.origin == SnapshotOrigin.REQUESTED.value,
        )
        async with self._database.read() as connection:
            reader = RowReader()
            rows = await connection.execute(statement.order_by(source_snapshot.c.id))
            return tuple(Unfollowed(row.id, reader.source(row), row.followed) for row in rows)

    async def judge_unfollowed(
        self, tenant_id: str, judges: Sequence[tuple[str, Judge]], *, at: datetime, lease_until: datetime
    ) -> tuple[SignalKey, ...]:
        """Carry out what is decided of each source snapshot id; return the signals that fall due by that.

        One that another replica is at, or that has ended meanwhile, is left alone. Raises DatabaseError.
        """
        async with self._database.write() as connection:
            ids = [source_snapshot_id for source_snapshot_id, _ in judges]
            held = set((await connection.execute(_LOCK, {"tenant_id": tenant_id, "ids": ids})).scalars())
            changes = await _judge(connection, tenant_id, {key: judge for key, judge in judges if key in held})
            await write_changes(
                connection, tenant_id, changes, at=at, lease_until=lease_until, cause="Kafka Connect's offsets"
            )
        return due_signals(changes)


async def _judge(connection: AsyncConnection, tenant_id: str, judges: dict[str, Judge]) -> dict[str, SnapshotChanges]:
    if not judges:
        return {}
    loaded = await in_progress.load(connection, tenant_id, list(judges))
    changes = {held.source_snapshot_id: judges[held.source_snapshot_id](held)[1] for held in loaded}
    return {key: changed for key, changed in changes.items() if not changed.is_empty}
