"""Notifications that could not be applied: set aside in the transaction that passes their place, and counted."""

from collections.abc import Sequence

from sqlalchemy import func, insert, select, text

from persistence import tables
from persistence.catalog.conditions import storable
from persistence.database.pool import Database
from persistence.ledger.following.cursors import pass_over_known
from snapshots.dead_letters import DeadLetters
from snapshots.following.dead_letters import DeadLetter

_LETTER = tables.dead_letter

# A connector is named by its prefix on its notification topic, as where notifications are applied.
_OF_SOURCES = text("""
    SELECT DISTINCT ON (c.id) c.id AS connector_id, count(*) OVER (PARTITION BY c.id) AS letters, d.last_failed_at,
           d.error_class, d.error_message, d.topic, d.partition, d.record_offset
    FROM connector c
    JOIN dead_letter d ON d.tenant_id = c.tenant_id AND d.cluster_id = c.cluster_id
     AND d.topic = c.notification_topic AND d.prefix = c.topic_prefix
    WHERE c.tenant_id = :tenant_id AND c.id = ANY(CAST(:ids AS text[]))
    ORDER BY c.id, d.last_failed_at DESC, d.record_offset DESC
""")


class LedgerDeadLetters:
    """Sets notifications aside, and tells how many there are."""

    def __init__(self, database: Database) -> None:
        """Read from and write to `database`."""
        self._database = database

    async def add(self, tenant_id: str, letter: DeadLetter) -> bool:
        """Set `letter` aside and pass its place, in one transaction; False where the place was passed already.

        What another replica has applied meanwhile is no dead letter. Raises DatabaseError.
        """
        notification = letter.notification
        async with self._database.write() as connection:
            if not await pass_over_known(connection, tenant_id, notification.cluster_id, [notification]):
                return False
            await connection.execute(
                insert(_LETTER).values(
                    tenant_id=tenant_id,
                    cluster_id=notification.cluster_id,
                    topic=notification.topic,
                    partition=notification.partition,
                    record_offset=notification.offset,
                    record_timestamp_ms=notification.record_timestamp_ms,
                    prefix=notification.prefix,
                    key=letter.record.key,
                    value=letter.record.value,
                    headers=list(letter.record.headers),
                    error_class=letter.error_class,
                    error_message=letter.error_message,
                    attempts=letter.attempts,
                    first_failed_at=letter.first_failed_at,
                    last_failed_at=letter.last_failed_at,
                )
            )
        return True

    async def count(self, tenant_id: str) -> int:
        """Return how many notifications are set aside. Raises DatabaseError."""
        statement = select(func.count()).select_from(_LETTER).where(_LETTER.c.tenant_id == tenant_id)
        async with self._database.read() as connection:
            return int((await connection.execute(statement)).scalar_one())

    async def of_sources(self, tenant_id: str, source_ids: Sequence[str]) -> dict[str, DeadLetters]:
        """Return what is set aside of each of the connectors `source_ids` that have any, by id. One statement.

        Raises DatabaseError.
        """
        async with self._database.read() as connection:
            rows = await connection.execute(_OF_SOURCES, {"tenant_id": tenant_id, "ids": storable(source_ids)})
            return {
                row.connector_id: DeadLetters(
                    count=row.letters,
                    last_failed_at=row.last_failed_at,
                    last_error=f"{row.error_class}: {row.error_message}",
                    last_place=f"{row.topic}/{row.partition}@{row.record_offset}",
                )
                for row in rows
            }
