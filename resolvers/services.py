"""The parts that operations work with, made once a process by the gateway and handed down as constructor arguments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from persistence.catalog.reading import Catalog
from persistence.catalog.writing import CatalogWriter
from persistence.ledger import Ledger
from resolvers.background import Background
from resolvers.following.watch_progress import STALL_AFTER, ProgressHub
from snapshots.catalog.contents import ObservedCluster
from snapshots.engines.recording import NoProbe, NoTrial, SimulatedInspector
from snapshots.engines.unverifiable import NoRows, NoTopics
from snapshots.identifiers import Clock, IdMaker, utc_now
from snapshots.model import Cluster
from snapshots.ports.engine import ConnectorStates, SignallingInspector, SnapshotProbe, SourceTrial
from snapshots.ports.verification import SourceRows, TopicReader
from snapshots.requesting.backoff import RetryPolicy
from snapshots.requesting.dispatch import Dispatcher


class ClusterObserver(Protocol):
    """Asks Kafka Connect and the source databases of a cluster what there is."""

    async def observe(self, cluster: Cluster, database_url_refs: Mapping[str, str]) -> ObservedCluster:
        """Return what `cluster` has; `database_url_refs` names each connector's reference to its credentials.

        Raises ClusterUnreachableError where its connectors cannot be listed. Whatever else cannot be read is unknown
        in the answer, and told in `unreadable`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """Everything an operation may use; holds no session and nothing of a request."""

    catalog: Catalog
    catalog_writer: CatalogWriter
    ledger: Ledger
    dispatcher: Dispatcher
    connector_states: ConnectorStates
    observer: ClusterObserver
    background: Background
    progress: ProgressHub
    ids: IdMaker = field(default_factory=IdMaker)
    clock: Clock = utc_now
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    inspector: SignallingInspector = field(default_factory=SimulatedInspector)
    stall_after: timedelta = STALL_AFTER
    """How long a snapshot may give no sign of life before it counts as stalled; `progress` has to know the same."""
    probe: SnapshotProbe = field(default_factory=NoProbe)
    source_trial: SourceTrial = field(default_factory=NoTrial)
    silence: timedelta = timedelta(hours=1)
    """How long a snapshot that Topicsnap did not start, or cannot follow, may give no sign of life before its source is
    released."""
    topic_reader: TopicReader = field(default_factory=NoTopics)
    source_rows: SourceRows = field(default_factory=NoRows)
    simulated: bool = False
    """Whether the recording engine stands in for Debezium; shown wherever results are."""
