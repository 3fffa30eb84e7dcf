"""The engine side of the services: the ports to Kafka Connect, Kafka and the source databases, for real."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial

import aiohttp

from snapshots.engines.debezium.catalog.kafka_topics import list_topics
from snapshots.engines.debezium.catalog.observer import KafkaConnectObserver
from snapshots.engines.debezium.connect.client import ConnectClient
from snapshots.engines.debezium.connect.offsets import OffsetsProbe
from snapshots.engines.debezium.connect.states import CachedConnectorStates
from snapshots.engines.debezium.health.inspector import DebeziumInspector
from snapshots.engines.debezium.health.kafka import KafkaLook
from snapshots.engines.debezium.kafka import KafkaClients
from snapshots.engines.debezium.signal_channels.registration import open_channels
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.engines.debezium.source_database.rows import SourceDatabaseRows
from snapshots.engines.debezium.source_database.trial import SourceDatabaseTrial
from snapshots.engines.debezium.verification.topic_reader import KafkaTopicReader
from snapshots.ports.engine import Engine
from snapshots.ports.secrets import Secrets

_HTTP_SECONDS = 10.0


OpenEngine = Callable[[KafkaClients], AbstractAsyncContextManager[Engine]]
"""Opens an engine whose clients of Kafka are made by what makes those of the following as well."""


def debezium(secrets: Secrets) -> OpenEngine:
    """Return what opens Debezium on Kafka Connect; one HTTP session serves all clusters."""
    return partial(_debezium, secrets)


@asynccontextmanager
async def _debezium(secrets: Secrets, kafka: KafkaClients) -> AsyncIterator[Engine]:
    opener = SourceOpener(secrets)
    async with (
        open_channels(kafka, opener) as channels,
        aiohttp.ClientSession() as session,
        AsyncExitStack() as stack,
    ):
        client = ConnectClient(session, secrets, timeout_seconds=_HTTP_SECONDS)
        inspector = DebeziumInspector(client, opener, kafka=KafkaLook(kafka))
        stack.push_async_callback(inspector.close)
        yield Engine(
            channels=channels,
            connector_states=CachedConnectorStates(client),
            observer=KafkaConnectObserver(client, opener, list_topics=partial(list_topics, kafka)),
            inspector=inspector,
            topic_reader=KafkaTopicReader(kafka),
            source_rows=SourceDatabaseRows(opener),
            probe=OffsetsProbe(client),
            source_trial=SourceDatabaseTrial(opener),
            simulated=False,
        )
