"""The channel of signal tables, whatever the dialect: here of one that is made up."""

from dataclasses import replace

import pytest

from snapshots.engines.debezium.signal_channels.signal_table import SignalTableChannel
from snapshots.engines.debezium.source_database.dialect import SourceDialect
from snapshots.engines.debezium.source_database.opener import SourceOpener, TimeLimits
from snapshots.errors import SecretError, SourceError
from snapshots.model import SourceConnector
from snapshots.ports.signal_channel import OutgoingSignal, Presence, Receipt
from snapshots.vocabulary import Dialect, SnapshotErrorCode
from tests.support.factories import make_source
from tests.unit.snapshots.engines.debezium.conftest import NoSecrets

SIGNAL = OutgoingSignal("sig_1", "execute-snapshot", "{}")


class Table:
    """Keeps the ids of signals."""

    def __init__(self, opener: SourceOpener, limits: TimeLimits) -> None:
        self.limits = limits
        self.ids: set[str] = set()

    async def insert(self, source: SourceConnector, signal: OutgoingSignal) -> None:
        if source.database_url_ref == "env:NOWHERE":
            raise SecretError("env:NOWHERE is not set.")
        self.ids.add(signal.id)

    async def holds(self, source: SourceConnector, signal_id: str) -> bool:
        if source.database_url_ref == "env:NOWHERE":
            raise SecretError("env:NOWHERE is not set.")
        return signal_id in self.ids


def channel() -> SignalTableChannel:
    dialects = {
        Dialect.MYSQL: SourceDialect(name="MySQL", signal_table=Table),
        Dialect.DB2: SourceDialect(name="Db2"),
    }
    return SignalTableChannel(SourceOpener(NoSecrets()), dialects=dialects)


def source(dialect: Dialect = Dialect.MYSQL, reference: str | None = "env:KNOWN") -> SourceConnector:
    return replace(make_source(dialect=dialect, signal_collection="shop.signals"), database_url_ref=reference)


async def test_a_signal_goes_into_the_table_of_the_dialect() -> None:
    sender = channel()
    assert await sender.find(source(), SIGNAL) is Presence.ABSENT
    assert await sender.send(source(), SIGNAL) == Receipt("shop.signals")
    assert await sender.find(source(), SIGNAL) is Presence.PRESENT


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (source(Dialect.DB2), "signal tables of MySQL only"),
        (source(reference=None), "No reference to the credentials"),
        (source(reference="env:NOWHERE"), "env:NOWHERE is not set"),
    ],
)
async def test_a_source_that_cannot_be_written_is_refused_for_good(other: SourceConnector, reason: str) -> None:
    with pytest.raises(SourceError, match=reason) as caught:
        await channel().send(other, SIGNAL)
    assert (caught.value.code, caught.value.retryable) == (SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, False)
    assert await channel().find(other, SIGNAL) is Presence.UNKNOWN
