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
    """A connector as the catalogue knows it, with all that sending it a signal takes."""

    id: str
    cluster: Cluster
    name: str
    kind: ConnectorKind = ConnectorKind.SOURCE
    connector_class: str | None = None
    version: str | None = None
    dialect: Dialect = Dialect.OTHER
    topic_prefix: str | None = None
    signal_channel: SignalChannelKind | None = None
    """The channel in use; None where signalling is not configured."""
    signal_collection: str | None = None
    """`signal.data.collection`: the signal table, fully qualified."""
    signal_topic: str | None = None
    """The Kafka signal topic; read from its partition 0 only."""
    signal_data_limit: int = DOCUMENTED_SIGNAL_DATA_CHARACTERS
    """Longest `data` in characters that the signal table takes; has no meaning for Kafka."""
    read_only: bool = False
    notification_topic: str | None = None
    """`notification.sink.topic.name`; None where the connector sends none, so that its snapshots cannot be followed."""
    database_url_ref: str | None = None
    """Reference to the source database's URL (credentials are never stored), for example `env:SHOP_DATABASE_URL`."""
    state: ConnectorState = ConnectorState.UNKNOWN
    state_observed_at: datetime | None = None
    managed: MappingKind = MappingKind.DERIVED
    """EXPLICIT where an operator imported it, DERIVED where Kafka Connect told."""

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
        """What its signal channel is like."""
        return traits_of(self.signal_channel)

    @property
    def is_followed(self) -> bool:
        """Whether what becomes of its snapshots is told, to where it can be read; a simulated engine always tells."""
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
    """No primary key, no unique not-null index and no `message.key.columns`; None where that is not known."""
    exists: bool
    """Whether the topic was seen on Kafka; one that nobody has written yet can be snapshotted all the same."""
    ambiguous: bool = False
    """Whether the collection's name, read as Debezium reads it, matches another collection of the connector."""
