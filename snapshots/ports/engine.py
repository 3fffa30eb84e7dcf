"""The ports of an engine: what the core needs of the outside, as protocols, and `Engine`, all of them as one value."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from snapshots.catalog.contents import ObservedCluster
from snapshots.model import Cluster, SourceConnector
from snapshots.plan import Finding, TopicRequest
from snapshots.ports.incremental_sight import IncrementalSight
from snapshots.ports.observed_signalling import ObservedSignalling
from snapshots.ports.verification import SourceRows, TopicReader
from snapshots.signalling.key_settings import KeySettings
from snapshots.vocabulary import ConnectorState, SignalChannelKind


@dataclass(frozen=True, slots=True)
class OutgoingSignal:
    """A signal on its way: its id and the exact JSON text of its `data` (always an object)."""

    id: str
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The channel's word that it has the signal; `destination` says where (a table, or topic/partition@offset)."""

    destination: str


class Presence(StrEnum):
    """Whether a channel holds a signal."""

    PRESENT = "PRESENT"
    ABSENT = "ABSENT"
    UNKNOWN = "UNKNOWN"


class SignalChannel(Protocol):
    """Carries signals to a connector. Every implementation passes tests/contract."""

    async def send(self, source: SourceConnector, signal: OutgoingSignal) -> Receipt:
        """Hand `signal` to the engine behind `source`, at most once where the channel can tell by its id.

        Raises SourceError where it is certain that nothing arrived, UnconfirmedError where it may have arrived.
        Being cancelled may leave the signal sent or not: the caller counts that as unconfirmed.
        """
        ...

    async def find(self, source: SourceConnector, signal: OutgoingSignal) -> Presence:
        """Tell whether the channel holds `signal`; ABSENT only where that is proved. Raises nothing foreseen."""
        ...


@dataclass(frozen=True, slots=True)
class ConnectorObservation:
    """What Kafka Connect said of one connector."""

    name: str
    state: ConnectorState
    observed_at: datetime
    trace: str | None = None
    """First line of a failed task's trace; never configuration."""
    keys: KeySettings | None = None
    """What its configuration says of keys; None where that was not told."""


class ConnectorStates(Protocol):
    """Knows the state of every connector of a cluster, by one request a cluster, cached for seconds."""

    async def observe(self, cluster: Cluster, wanted: Collection[str] = ()) -> Mapping[str, ConnectorObservation]:
        """Return the connectors of `cluster` by name.

        No cached answer says of one of `wanted` that it is missing or does not run: then the cluster is asked anew.
        Raises ClusterUnreachableError; failures are cached as well, so that a dead cluster costs one wait, not many.
        """
        ...


@dataclass(frozen=True, slots=True)
class Trial:
    """What the database behind a source said of the topics that are to be read of it."""

    findings: Mapping[str, Finding] = field(default_factory=dict)
    """By topic id, why a topic must not be sent."""
    warning: str | None = None
    """What could not be found out, as a sentence, and why."""
    asked: bool = field(default=False, compare=False)
    """Whether the database told the keys."""


class SourceTrial(Protocol):
    """Asks the database behind a source what would go wrong with what is about to be read, without reading a row."""

    async def look(self, source: SourceConnector, topics: Sequence[TopicRequest], keys: KeySettings | None) -> Trial:
        """Tell of filters and surrogate keys that the database refuses, and of keys that are not safe to read by.

        `keys` is what the connector's configuration says of keys; None for a blocking snapshot, which no key harms.
        A filter that is not told of is fine, or could not be tried in time. Raises nothing foreseen.
        """
        ...


class SignallingInspector(Protocol):
    """Looks at all that signalling a source takes, without starting anything: bounded, and kept for seconds."""

    async def inspect(self, source: SourceConnector, collections: Sequence[str]) -> ObservedSignalling:
        """Return what is seen of `source`, for whose topics' data collections `collections` stands.

        Raises nothing foreseen: a part that cannot be reached is Unknown, with a reason that holds no secret.
        """
        ...


class SnapshotProbe(Protocol):
    """Looks for the incremental snapshot of a connector that sends no notifications."""

    async def look(self, source: SourceConnector) -> IncrementalSight | None:
        """Return what the offsets of `source` tell, None where they cannot be read. Raises nothing foreseen."""
        ...


class ClusterObserver(Protocol):
    """Asks Kafka Connect and the source databases of a cluster what there is."""

    async def observe(self, cluster: Cluster, database_url_refs: Mapping[str, str]) -> ObservedCluster:
        """Return what `cluster` has; `database_url_refs` names each connector's reference to its credentials.

        Raises ClusterUnreachableError where its connectors cannot be listed. Whatever else cannot be read is unknown
        in the answer, and told in `unreadable`.
        """
        ...


class Secrets(Protocol):
    """Resolves references such as `env:SHOP_DATABASE_URL` or `file:/run/secrets/shop` when they are used."""

    def resolve(self, reference: str) -> str:
        """Return the secret behind `reference`. Raises SecretError; the message never holds the secret."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Engine:
    """Everything that reaches out of the process, for the operations to work with. No part has a default."""

    channels: Mapping[SignalChannelKind, SignalChannel]
    connector_states: ConnectorStates
    observer: ClusterObserver
    inspector: SignallingInspector
    probe: SnapshotProbe
    source_trial: SourceTrial
    topic_reader: TopicReader
    source_rows: SourceRows
    simulated: bool
    """Whether no Debezium stands behind the ports; shown wherever results are."""
