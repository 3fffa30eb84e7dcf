"""The port that tells what a cluster has, and the values that it tells it by.

What could not be read is told apart from what is not there: an observation names the fields that are unknown, and the
catalogue keeps for them what it knew (`catalog.syncing`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from snapshots.channels import SignalChannelKind
from snapshots.model import DOCUMENTED_SIGNAL_DATA_CHARACTERS, Cluster
from snapshots.vocabulary import ConnectorKind, ConnectorState, Dialect, TopicProducer

TOPICS = "topics"
"""Among a connector's unknown fields: which topics it has."""


@dataclass(frozen=True, slots=True)
class ObservedConnector:
    """A connector as Kafka Connect tells it; the fields mean what they mean in `model.SourceConnector`."""

    name: str
    kind: ConnectorKind = ConnectorKind.SOURCE
    connector_class: str | None = None
    version: str | None = None
    dialect: Dialect = Dialect.OTHER
    topic_prefix: str | None = None
    signal_channel: SignalChannelKind | None = None
    signal_collection: str | None = None
    signal_topic: str | None = None
    signal_data_limit: int = DOCUMENTED_SIGNAL_DATA_CHARACTERS
    read_only: bool = False
    notification_topic: str | None = None
    database_url_ref: str | None = None
    state: ConnectorState = ConnectorState.UNKNOWN
    state_observed_at: datetime | None = None
    unknown: frozenset[str] = frozenset()
    """The fields that could not be read, by name, and TOPICS where it may have others than were found.

    Their values are defaults, and count only for a connector that is new. Empty in the catalogue itself.
    """

    @property
    def is_described(self) -> bool:
        """Whether it was read what the connector is. One that is not described is there, and that is all."""
        return "connector_class" not in self.unknown


@dataclass(frozen=True, slots=True)
class ObservedTopic:
    """A topic as it was found, with the connector and the data collection that were derived for it."""

    name: str
    producer: TopicProducer
    connector_name: str | None = None
    data_collection: str | None = None
    keyless: bool | None = None
    exists: bool = False
    unknown: frozenset[str] = frozenset()
    """The fields that could not be read, by name; their values are guesses, for a topic that is new. Empty in the
    catalogue itself."""
    inferred: bool = False
    """Whether it was not seen, only concluded from a configuration while its table could not be looked for. False in
    the catalogue itself."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that a synchronisation could not read; what was known of it is kept."""

    cluster: str
    """The cluster's name."""
    source: str | None
    """The connector's name; None where it is about the whole cluster, or its Kafka."""
    reason: str
    """What happened, what that means and what to do, in sentences that hold no secret."""


@dataclass(frozen=True, slots=True)
class ObservedCluster:
    """All that a cluster has: what is not in here is gone, unless `unknown` says otherwise.

    Every connector that is there is in here, even if nothing else was read of it. Of two topics, or connectors, of one
    name the first counts.
    """

    connectors: tuple[ObservedConnector, ...] = ()
    topics: tuple[ObservedTopic, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    """Why fields are unknown, for people."""


class ClusterObserver(Protocol):
    """Asks Kafka Connect and the source databases of a cluster what there is."""

    async def observe(self, cluster: Cluster, database_url_refs: Mapping[str, str]) -> ObservedCluster:
        """Return what `cluster` has; `database_url_refs` names each connector's reference to its credentials.

        Raises ClusterUnreachableError where its connectors cannot be listed. Whatever else cannot be read is unknown
        in the answer, and told in `unreadable`.
        """
        ...
