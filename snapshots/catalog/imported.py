"""An operator's description of the catalogue."""

from dataclasses import dataclass

from snapshots.channels import SignalChannelKind
from snapshots.vocabulary import ConnectorKind, Dialect, TopicProducer


@dataclass(frozen=True, slots=True)
class ImportedCluster:
    """A cluster as an operator describes it. If an import names it again, the new description replaces this one."""

    name: str
    connect_url: str | None = None
    kafka_bootstrap: str | None = None
    auth_ref: str | None = None
    id: str | None = None
    """Kept as it is; if None, an id is generated."""


@dataclass(frozen=True, slots=True)
class ImportedConnector:
    """A connector as an operator describes it: each field that is given (not None) wins over every later observation.

    An import replaces the previous one: observation sets a field again if an earlier import gave it and this one does
    not.
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
    """An operator's description; its connectors and topics may name clusters and connectors that are already known."""

    clusters: tuple[ImportedCluster, ...] = ()
    connectors: tuple[ImportedConnector, ...] = ()
    topics: tuple[ImportedTopic, ...] = ()
