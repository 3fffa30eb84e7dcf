"""What goes into the catalogue and comes out of it: imports, the effects of operations, filters and pages."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from snapshots.channels import SignalChannelKind
from snapshots.ports.cluster_observer import Unreadable
from snapshots.states import SnapshotState
from snapshots.vocabulary import ConnectorKind, ConnectorState, Dialect, TopicProducer

ItemT = TypeVar("ItemT")


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


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """Something of the catalogue that an operation touched."""

    id: str | None
    """None for what a dry run would add: it gets its id when it is added."""
    name: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What an operation did to the items of one sort, each list in order of the names."""

    added: tuple[CatalogItem, ...] = ()
    """New, or back again after having been retired."""
    changed: tuple[CatalogItem, ...] = ()
    retired: tuple[CatalogItem, ...] = ()
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class CatalogChanges:
    """What an import or a synchronisation did, or would do in a dry run. A connector's state is no change."""

    clusters: Changes = Changes()
    connectors: Changes = Changes()
    topics: Changes = Changes()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What a synchronisation did, and what it could not read."""

    changes: CatalogChanges
    unreadable: tuple[Unreadable, ...] = ()
    """In order of the clusters' and connectors' names."""
    nothing_read: bool = False
    """Whether not one of the clusters could be read, so that nothing was done."""


@dataclass(frozen=True, slots=True)
class TopicFilter:
    """Topics that satisfy all of this; None asks nothing, an empty tuple is satisfied by no topic."""

    name_contains: str | None = None
    """Part of the name, upper or lower case; every character stands for itself."""
    producers: tuple[TopicProducer, ...] | None = None
    source_ids: tuple[str, ...] | None = None
    keyless: bool | None = None
    exists: bool | None = None
    snapshot_states: tuple[SnapshotState, ...] | None = None
    """States of the source snapshot that last had the topic; topics that were in none do not satisfy it."""


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """Connectors that satisfy all of this; None asks nothing, an empty tuple is satisfied by no connector."""

    name_contains: str | None = None
    """Part of the name, upper or lower case; every character stands for itself."""
    states: tuple[ConnectorState, ...] | None = None
    cluster_ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[ItemT]):
    """Some items of a list, in its order, each with its cursor (an opaque text to go on from)."""

    items: tuple[ItemT, ...] = ()
    cursors: tuple[str, ...] = ()
    has_next: bool = False
    total_count: int | None = None
    """How many items the whole list has; None unless it was asked for."""

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first item, None in an empty page."""
        return self.cursors[0] if self.cursors else None

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the last item, None in an empty page."""
        return self.cursors[-1] if self.cursors else None
