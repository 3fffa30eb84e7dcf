"""The registration: which channels there are, which of them a connector can be signalled by, and how each is opened."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from snapshots.channels import SignalChannelKind
from snapshots.engines.debezium.configuration import properties as configuration
from snapshots.engines.debezium.configuration.properties import Config
from snapshots.engines.debezium.kafka import KafkaClients
from snapshots.engines.debezium.signal_channels.signal_table import SignalTableChannel
from snapshots.engines.debezium.signal_channels.signal_topic import SignalTopicChannel
from snapshots.engines.debezium.source_database.dialects import with_signal_tables
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.ports.signal_channel import SignalChannel
from snapshots.vocabulary import Dialect


def _has_table(config: Config, database_url_ref: str | None) -> bool:
    """A connector that only reads has no use for a signal table, and writing one takes credentials of our own."""
    return (
        "source" in configuration.enabled_channels(config)
        and configuration.signal_collection(config) is not None
        and not configuration.read_only(config)
        and database_url_ref is not None
        and configuration.dialect(config) in with_signal_tables()
    )


def _has_topic(config: Config, _: str | None) -> bool:
    return configuration.signal_topic(config) is not None


_CHOICES: Mapping[SignalChannelKind, Callable[[Config, str | None], bool]] = {
    SignalChannelKind.SOURCE_TABLE: _has_table,
    SignalChannelKind.KAFKA: _has_topic,
}
"""In order of preference, whether a connector of this configuration can be signalled by a channel."""


def choose_channel(config: Config, database_url_ref: str | None) -> SignalChannelKind | None:
    """Return the channel to signal by: the table where we can write it, or else Kafka; None where there is neither."""
    if configuration.dialect(config) is Dialect.OTHER:
        return None
    return next((kind for kind, can_signal in _CHOICES.items() if can_signal(config, database_url_ref)), None)


@asynccontextmanager
async def open_channels(
    kafka: KafkaClients, opener: SourceOpener
) -> AsyncIterator[Mapping[SignalChannelKind, SignalChannel]]:
    """Yield the channels, closed at the end."""
    topics = SignalTopicChannel(kafka)
    try:
        yield {SignalChannelKind.SOURCE_TABLE: SignalTableChannel(opener), SignalChannelKind.KAFKA: topics}
    finally:
        await topics.close()
