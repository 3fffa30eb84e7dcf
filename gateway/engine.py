"""The engine side of the services: the ports to Kafka Connect, Kafka and the source databases, for real."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from resolvers.services import ClusterObserver
from snapshots.engines.debezium.connect import ConnectClient
from snapshots.engines.debezium.connect_states import CachedConnectorStates
from snapshots.engines.debezium.observe import KafkaConnectObserver
from snapshots.engines.debezium.signal_table import SignalTableChannel
from snapshots.engines.debezium.signal_topic import SignalTopicChannel
from snapshots.kinds import SignalChannelKind
from snapshots.ports import ConnectorStates, Secrets, SignalChannel

_HTTP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Engine:
    """What reaches out of the process."""

    channels: Mapping[SignalChannelKind, SignalChannel]
    connector_states: ConnectorStates
    observer: ClusterObserver
    simulated: bool = False


OpenEngine = AbstractAsyncContextManager[Engine]


@asynccontextmanager
async def debezium(secrets: Secrets) -> AsyncIterator[Engine]:
    """Yield Debezium on Kafka Connect; one HTTP session serves all clusters."""
    topics = SignalTopicChannel()
    try:
        async with aiohttp.ClientSession() as session:
            client = ConnectClient(session, secrets, timeout_seconds=_HTTP_SECONDS)
            yield Engine(
                channels={
                    SignalChannelKind.SOURCE_TABLE: SignalTableChannel(secrets),
                    SignalChannelKind.KAFKA: topics,
                },
                connector_states=CachedConnectorStates(client),
                observer=KafkaConnectObserver(client, secrets),
            )
    finally:
        await topics.close()
