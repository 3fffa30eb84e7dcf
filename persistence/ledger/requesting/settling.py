"""Taking up signals that whoever should have sent them has left: past their lease, one replica each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from persistence.catalog.rows import RowReader, source_columns, source_join
from persistence.database.pool import Database
from persistence.ledger.requesting.sending import SignalKey
from persistence.tables import signal, source_snapshot
from snapshots.channels import SignalChannelKind
from snapshots.model import SourceConnector
from snapshots.states import SignalState
from snapshots.vocabulary import SnapshotType

# Only the first signal of a snapshot that has not ended has a lease, and only while its snapshot holds the source.
# Materialized, because a join may run a subquery anew for each row, and then it skips what it has locked itself and
# claims more than the most.
_CLAIM = text("""
    WITH due AS MATERIALIZED (
        SELECT d.id FROM signal d
        JOIN active_snapshot a ON a.tenant_id = d.tenant_id AND a.source_snapshot_id = d.source_snapshot_id
        WHERE d.tenant_id = :tenant_id AND d.lease_until < :at AND d.state IN ('PENDING', 'SENDING', 'UNCONFIRMED')
        ORDER BY d.lease_until, d.id LIMIT :most FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE signal g SET lease_until = :lease_until FROM due
    WHERE g.tenant_id = :tenant_id AND g.id = due.id
    RETURNING g.id
""")


@dataclass(frozen=True, slots=True)
class DueSignal:
    """A signal whose sender is gone, with all that settling it takes."""

    key: SignalKey
    source: SourceConnector
    channel: SignalChannelKind
    snapshot_type: SnapshotType
    data: str
    state: SignalState
    attempt: int
    """How often sending it was begun."""


class LedgerSettling:
    """Hands out signals to be settled."""

    def __init__(self, database: Database) -> None:
        """Read from and write to `database`."""
        self._database = database

    async def claim(self, tenant_id: str, *, at: datetime, lease_until: datetime, most: int) -> tuple[DueSignal, ...]:
        """Claim at most `most` signals whose lease ended before `at`; they are the caller's until `lease_until`.

        Each is told as it was when it was claimed: what its sender, slow but alive, begins afterwards is a later
        attempt, of which the caller knows nothing.
        """
        async with self._database.write() as connection:
            parameters = {"tenant_id": tenant_id, "at": at, "lease_until": lease_until, "most": most}
            claimed = list((await connection.execute(_CLAIM, parameters)).scalars())
            return await _read(connection, tenant_id, claimed) if claimed else ()

    async def signals(self, tenant_id: str, ids: list[str]) -> tuple[DueSignal, ...]:
        """Return the signals of `ids` with their source connectors, in the order of their ids."""
        async with self._database.read() as connection:
            return await _read(connection, tenant_id, ids)


async def _read(connection: AsyncConnection, tenant_id: str, ids: list[str]) -> tuple[DueSignal, ...]:
    statement = source_join(
        select(signal, source_snapshot.c.snapshot_type, *source_columns()).join(
            source_snapshot,
            and_(
                source_snapshot.c.tenant_id == signal.c.tenant_id,
                source_snapshot.c.id == signal.c.source_snapshot_id,
            ),
        ),
        source_snapshot.c.tenant_id,
        source_snapshot.c.connector_id,
    ).where(signal.c.tenant_id == bindparam("tenant"), signal.c.id == any_(bindparam("ids", type_=ARRAY(Text))))
    rows = await connection.execute(statement.order_by(signal.c.id), {"tenant": tenant_id, "ids": ids})
    reader = RowReader()
    return tuple(
        DueSignal(
            key=SignalKey(row.source_snapshot_id, row.id),
            source=reader.source(row),
            channel=SignalChannelKind(row.channel),
            snapshot_type=SnapshotType(row.snapshot_type),
            data=row.data,
            state=SignalState(row.state),
            attempt=row.attempts,
        )
        for row in rows
    )
