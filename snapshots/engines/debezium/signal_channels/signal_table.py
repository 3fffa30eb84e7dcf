"""Sends signals by the signal tables of sources (Debezium's channel `source`), whatever their dialect."""

from snapshots.engines.debezium.source_database.dialect import SignalTable
from snapshots.engines.debezium.source_database.dialects import DIALECTS, Dialects
from snapshots.engines.debezium.source_database.opener import SourceOpener, TimeLimits
from snapshots.errors import SecretError, SourceError, TopicsnapError
from snapshots.model import SourceConnector
from snapshots.ports.signal_channel import OutgoingSignal, Presence, Receipt
from snapshots.vocabulary import SnapshotErrorCode


class SignalTableChannel:
    """Hands signals to connectors by their signal tables; idempotent by the signal's id."""

    def __init__(self, opener: SourceOpener, limits: TimeLimits | None = None, dialects: Dialects = DIALECTS) -> None:
        """Open each source by `opener` when it is sent to; it has 5 seconds unless `limits` say more."""
        self._tables = {
            key: dialect.signal_table(opener, limits or TimeLimits())
            for key, dialect in dialects.items()
            if dialect.signal_table is not None
        }
        self._names = ", ".join(dialect.name for dialect in dialects.values() if dialect.signal_table is not None)

    async def send(self, source: SourceConnector, signal: OutgoingSignal) -> Receipt:
        """Insert `signal` unless its id is there already; the receipt names the table.

        Raises SourceError where it is certain that nothing was inserted, UnconfirmedError where the connection broke
        after the insert was sent.
        """
        table = self._table(source)
        try:
            await table.insert(source, signal)
        except SecretError as error:
            message = f"The credentials of the database behind {source.name} cannot be resolved: {error}"
            raise SourceError(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False) from error
        return Receipt(source.signal_collection or "")

    async def find(self, source: SourceConnector, signal: OutgoingSignal) -> Presence:
        """Look for the signal's id. An insert that is still under way counts as ABSENT: its id cannot get in twice."""
        try:
            found = await self._table(source).holds(source, signal.id)
        except TopicsnapError:
            return Presence.UNKNOWN
        return Presence.PRESENT if found else Presence.ABSENT

    def _table(self, source: SourceConnector) -> SignalTable:
        table = self._tables.get(source.dialect)
        if table is None:
            message = (
                f"Topicsnap writes the signal tables of {self._names} only; {source.name} reads {source.dialect}: "
                "enable its Kafka signal channel."
            )
            raise SourceError(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False)
        if not source.database_url_ref:
            message = f"No reference to the credentials of the database behind {source.name} is known."
            raise SourceError(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False)
        return table
