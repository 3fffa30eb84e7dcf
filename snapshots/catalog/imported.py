"""What an operator says of the catalogue."""

from dataclasses import dataclass

from snapshots.channels import SignalChannelKind
from snapshots.vocabulary import ConnectorKind, Dialect, TopicProducer


@dataclass(frozen=True, slots=True)
class ImportedCluster:
    """A cluster as an operator describes it; named again, it takes what is said here."""

    name: str
    connect_url: str | None = None
    kafka_bootstrap: str | None = None
    auth_ref: str | None = None
    id: str | None = None
    """Kept as it is; None has one made."""


@dataclass(frozen=True, slots=True)
class ImportedConnector:
    """A connector as an operator describes it: what is said (not None) wins over every observation from then on.

    An import says it all: a field that an earlier one said and this one does not is left to observation again.
    """

    cluster: str
    """The cluster's name."""
    name: str
    id: str | None = None
    kind: ConnectorKind | None = None
    connector_class: str | None = None
    version: str | None = None
    dialect: Dialect | None = None
    topic_prefix: str | None = None
    signal_channel: SignalChannelKind | None = None
    signal_collection: str | None = None
    signal_topic: str | None = None
    signal_data_limit: int | None = None
    read_only: bool | None = None
    notification_topic: str | None = None
    database_url_ref: str | None = None


@dataclass(frozen=True, slots=True)
class ImportedTopic:
    """A topic as an operator describes it: producer, connector and data collection are explicit from then on."""

    cluster: str
    """The cluster's name."""
    name: str
    id: str | None = None
    producer: TopicProducer = TopicProducer.SOURCE
    connector: str | None = None
    """The name of a connector of the same cluster."""
    data_collection: str | None = None
    keyless: bool | None = None
    """None leaves it to observation."""
    exists: bool | None = None
    """None leaves it to observation."""


@dataclass(frozen=True, slots=True)
class CatalogImport:
    """What an operator says of the catalogue; connectors and topics may name clusters and connectors known already."""

    clusters: tuple[ImportedCluster, ...] = ()
    connectors: tuple[ImportedConnector, ...] = ()
    topics: tuple[ImportedTopic, ...] = ()
