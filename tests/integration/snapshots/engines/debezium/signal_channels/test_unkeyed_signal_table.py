"""A signal table without a key: the channel itself sees to it that an id is there once."""

import asyncio
from dataclasses import dataclass
from typing import Any

import asyncpg

from snapshots.channels import SignalChannelKind
from snapshots.engines.debezium.signal_channels.signal_table import SignalTableChannel
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.signal_channel import OutgoingSignal, Presence
from snapshots.vocabulary import Dialect

SOURCE = SourceConnector(
    "src_1",
    Cluster("clu_1", "main", None, None),
    "shop",
    dialect=Dialect.POSTGRESQL,
    signal_channel=SignalChannelKind.SOURCE_TABLE,
    signal_collection="public.debezium_signal",
    database_url_ref="env:SHOP",
)


@dataclass
class OneSecret:
    url: str

    def resolve(self, reference: str) -> str:
        return self.url


async def test_a_signal_sent_many_times_at_once_is_there_once(empty_database_url: str) -> None:
    connection: Any = await asyncpg.connect(empty_database_url)  # type: ignore[no-untyped-call]
    try:
        await connection.execute("CREATE TABLE debezium_signal (id VARCHAR(42), type VARCHAR(32), data VARCHAR(2048))")
        channel = SignalTableChannel(SourceOpener(OneSecret(empty_database_url)))
        signal = OutgoingSignal("sig_1", "execute-snapshot", '{"data-collections":["public.ü"],"type":"BLOCKING"}')
        await asyncio.gather(*(channel.send(SOURCE, signal) for _ in range(20)))
        found = [tuple(row) for row in await connection.fetch("TABLE debezium_signal")]
    finally:
        await connection.close()
    assert found == [(signal.id, signal.type, signal.data)]
    assert await channel.find(SOURCE, signal) is Presence.PRESENT
