"""The engine side of the services: the ports to Kafka Connect, Kafka and the source databases, for real."""

from collections.abc import AsyncIterator
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
from snapshots.engines.debezium.signal_channels.signal_table import SignalTableChannel
from snapshots.engines.debezium.signal_channels.signal_topic import SignalTopicChannel
from snapshots.engines.debezium.source_database.postgresql.rows import PostgresRows
from snapshots.engines.debezium.source_database.postgresql.source_trial import PostgresSourceTrial
from snapshots.engines.debezium.verification.topic_reader import KafkaTopicReader
from snapshots.ports.engine import Engine
from snapshots.ports.secrets import Secrets
from snapshots.vocabulary import SignalChannelKind

_HTTP_SECONDS = 10.0


OpenEngine = AbstractAsyncContextManager[Engine]


@asynccontextmanager
async def debezium(secrets: Secrets) -> AsyncIterator[Engine]:
    """Yield Debezium on Kafka Connect; one HTTP session serves all clusters."""
    kafka = KafkaClients()
    topics = SignalTopicChannel(kafka)
    try:
        async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
            client = ConnectClient(session, secrets, timeout_seconds=_HTTP_SECONDS)
            inspector = DebeziumInspector(client, secrets, kafka=KafkaLook(kafka))
            stack.push_async_callback(inspector.close)
            yield Engine(
                channels={
                    SignalChannelKind.SOURCE_TABLE: SignalTableChannel(secrets),
                    SignalChannelKind.KAFKA: topics,
                },
                connector_states=CachedConnectorStates(client),
                observer=KafkaConnectObserver(client, secrets, list_topics=partial(list_topics, kafka)),
                inspector=inspector,
                topic_reader=KafkaTopicReader(kafka),
                source_rows=PostgresRows(secrets),
                probe=OffsetsProbe(client),
                source_trial=PostgresSourceTrial(secrets),
                simulated=False,
            )
    finally:
        await topics.close()
