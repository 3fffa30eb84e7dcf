"""What the catalogue knows: clusters, source connectors, and the route from a topic to its data collection."""

from dataclasses import dataclass
from datetime import datetime

from snapshots.channels import ChannelTraits, SignalChannelKind, traits_of
from snapshots.vocabulary import ConnectorKind, ConnectorState, Dialect, MappingKind, TopicProducer

DOCUMENTED_SIGNAL_DATA_CHARACTERS = 2048
"""Length of the signal table's `data` column in Debezium's documented DDL (docs: Sending signals to a connector)."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Kafka Connect cluster and the Kafka behind it; owned by the operator, never taken from a client's input."""

    id: str
    name: str
    connect_url: str | None
    kafka_bootstrap: str | None
    auth_ref: str | None = None
    """Reference to `user:password` for Kafka Connect's REST API, for example `env:CONNECT_AUTH`."""


@dataclass(frozen=True, slots=True)
class SourceConnector:
    """A connector in the catalogue, with everything that is needed to send it a signal."""

    id: str
    cluster: Cluster
    name: str
    kind: ConnectorKind = ConnectorKind.SOURCE
    connector_class: str | None = None
    version: str | None = None
    dialect: Dialect = Dialect.OTHER
    topic_prefix: str | None = None
    signal_channel: SignalChannelKind | None = None
    """The channel in use; None if signalling is not configured."""
    signal_collection: str | None = None
    """`signal.data.collection`: the signal table, fully qualified."""
    signal_topic: str | None = None
    """The Kafka signal topic; read from its partition 0 only."""
    signal_data_limit: int = DOCUMENTED_SIGNAL_DATA_CHARACTERS
    """Longest `data` in characters that the signal table holds; not used for Kafka."""
    read_only: bool = False
    notification_topic: str | None = None
    """`notification.sink.topic.name`; None if the connector sends no notifications, so that its snapshots cannot be
    followed."""
    database_url_ref: str | None = None
    """Reference to the source database's URL (credentials are never stored), for example `env:SHOP_DATABASE_URL`."""
    state: ConnectorState = ConnectorState.UNKNOWN
    state_observed_at: datetime | None = None
    managed: MappingKind = MappingKind.DERIVED
    """EXPLICIT if an operator imported it, DERIVED if it was read from Kafka Connect."""

    @property
    def cluster_id(self) -> str:
        """The id of its cluster."""
        return self.cluster.id

    @property
    def cluster_name(self) -> str:
        """The name of its cluster."""
        return self.cluster.name

    @property
    def channel(self) -> ChannelTraits:
        """The properties of its signal channel."""
        return traits_of(self.signal_channel)

    @property
    def is_followed(self) -> bool:
        """Whether Topicsnap can read the results of its snapshots; always true for a simulated engine."""
        if self.channel.is_simulated:
            return True
        return self.notification_topic is not None and self.cluster.kafka_bootstrap is not None


@dataclass(frozen=True, slots=True)
class Topic:
    """A Kafka topic of the catalogue."""

    id: str
    cluster_id: str
    cluster_name: str
    name: str
    producer: TopicProducer
    source: SourceConnector | None
    data_collection: str | None
    """The table or collection as a signal names it, for example `public.orders`."""
    mapping: MappingKind | None
    keyless: bool | None
    """Whether the table has no primary key, no unique not-null index and no `message.key.columns`; None if unknown."""
    exists: bool
    """Whether the topic was seen on Kafka; a topic that nobody has written yet can still be snapshotted."""
    ambiguous: bool = False
    """Whether the collection's name, read as Debezium reads it, matches another collection of the connector."""
