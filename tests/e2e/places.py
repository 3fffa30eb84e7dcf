"""Clusters of which a part is missing: the same connector, seen through what does not answer."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.channels import SignalChannelKind
from snapshots.vocabulary import Dialect
from tests.e2e.chain import Chain
from tests.e2e.gateway import CLUSTER
from tests.e2e.sources import DEPOT, NOTIFICATIONS, TILL

NOWHERE = "127.0.0.1:1"
"""Nobody listens there."""

NO_CONNECT = "no-connect"
"""A cluster whose Kafka Connect cannot be reached, while its Kafka can."""
NO_KAFKA = "no-kafka"
"""A cluster whose Kafka cannot be reached, while its Kafka Connect can."""
MUTE_KAFKA = "mute-kafka"
"""A cluster whose Kafka takes connections and never answers."""
LATE_KAFKA = "late-kafka"
"""A cluster whose Kafka is away until a test opens the door to it."""

GHOST = "ghost"
"""A connector that Kafka Connect has never heard of."""
MISSING_TABLE = "dropped_long_ago"
"""A table of TILL and DEPOT that does not exist, though the catalogue has its topic."""


def seen_from(cluster: str) -> str:
    """The name of the topic of TILL's table `vouchers` in the catalogue of one of these clusters."""
    return f"{cluster}.{TILL.topic('vouchers')}"


class Door:
    """An address at which nobody listens until it is opened: then it leads to a server."""

    def __init__(self, target: str) -> None:
        self._target = target.split(":")
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind(("127.0.0.1", 0))  # ours from now on; connections are refused while nobody listens

    @property
    def address(self) -> str:
        """`host:port`."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Let connections through meanwhile; it can be opened once."""
        async with await asyncio.start_server(self._lead, sock=self._socket):
            yield

    def close(self) -> None:
        """Give the address up."""
        self._socket.close()

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        beyond_reader, beyond_writer = await asyncio.open_connection(*self._target)
        await asyncio.gather(_pass_on(reader, beyond_writer), _pass_on(beyond_reader, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


def broken_places(chain: Chain, mute_bootstrap: str, late_bootstrap: str) -> CatalogImport:
    """What an operator says of them. Nothing is followed but where Kafka can be reached."""
    connect_url, bootstrap = chain.sandbox.connect.url, chain.sandbox.broker.bootstrap
    clusters = (
        ImportedCluster(NO_CONNECT, connect_url=f"http://{NOWHERE}", kafka_bootstrap=bootstrap),
        ImportedCluster(NO_KAFKA, connect_url=connect_url, kafka_bootstrap=NOWHERE),
        ImportedCluster(MUTE_KAFKA, connect_url=connect_url, kafka_bootstrap=mute_bootstrap),
        ImportedCluster(LATE_KAFKA, connect_url=connect_url, kafka_bootstrap=late_bootstrap),
    )
    connectors = (
        *(
            _by_kafka(cluster, NOTIFICATIONS if cluster == NO_CONNECT else None)
            for cluster in (NO_CONNECT, NO_KAFKA, MUTE_KAFKA, LATE_KAFKA)
        ),
        ImportedConnector(
            CLUSTER,
            GHOST,
            dialect=Dialect.POSTGRESQL,
            topic_prefix=GHOST,
            signal_channel=SignalChannelKind.KAFKA,
            signal_topic=TILL.source.signal_topic,
        ),
    )
    topics = (
        *(
            ImportedTopic(
                cluster,
                seen_from(cluster),
                connector=TILL.source.connector,
                data_collection="public.vouchers",
                keyless=False,
            )
            for cluster in (NO_CONNECT, NO_KAFKA, MUTE_KAFKA, LATE_KAFKA)
        ),
        ImportedTopic(CLUSTER, GHOST, connector=GHOST, data_collection="public.ghosts", keyless=False),
        *(
            ImportedTopic(
                CLUSTER,
                source.topic(MISSING_TABLE),
                connector=source.source.connector,
                data_collection=f"public.{MISSING_TABLE}",
                keyless=False,
            )
            for source in (DEPOT, TILL)
        ),
    )
    return CatalogImport(clusters, connectors, topics)


def _by_kafka(cluster: str, notifications: str | None) -> ImportedConnector:
    return ImportedConnector(
        cluster,
        TILL.source.connector,
        dialect=Dialect.POSTGRESQL,
        topic_prefix=TILL.source.topic_prefix,
        signal_channel=SignalChannelKind.KAFKA,
        signal_topic=TILL.source.signal_topic,
        notification_topic=notifications,
    )
