"""An engine without Debezium: signals go to the given channels, and there is nothing else to look at.

For the simulated demo and for tests, which put what they care about in the place of a part.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from snapshots.channels import SignalChannelKind
from snapshots.errors import ClusterUnreachableError, UnreadableError
from snapshots.filters import RowFilter
from snapshots.identifiers import Clock
from snapshots.model import Cluster, SourceConnector
from snapshots.plan import TopicRequest
from snapshots.ports.cluster_observer import ObservedCluster
from snapshots.ports.connector_states import ConnectorStates
from snapshots.ports.engine import Engine
from snapshots.ports.inspector import InspectedSignalling
from snapshots.ports.signal_channel import SignalChannel
from snapshots.ports.snapshot_probe import OffsetsReport
from snapshots.ports.source_rows import RowCounts, SourceRow
from snapshots.ports.source_trial import Trial
from snapshots.ports.topic_reader import KeyShape, Offsets, TopicReading
from snapshots.ports.unknown import Unknown
from snapshots.signalling.key_settings import KeySettings

# ruff: noqa: ARG002 (the arguments are the ports')

_WHY = "the engine is simulated"
_READINGS: tuple[TopicReading, ...] = ()
_ROWS: tuple[SourceRow, ...] = ()


def simulated_engine(
    channels: Mapping[SignalChannelKind, SignalChannel], connector_states: ConnectorStates, clock: Clock
) -> Engine:
    """Return an engine that sends by `channels`, and knows nothing but the states of connectors."""
    return Engine(
        channels=channels,
        connector_states=connector_states,
        observer=NothingToObserve(),
        inspector=SimulatedInspector(clock),
        probe=NoProbe(),
        source_trial=NoTrial(),
        topic_reader=NoTopics(),
        source_rows=NoRows(),
        simulated=True,
    )


class NothingToObserve:
    """Implements the port ClusterObserver where the catalogue comes from an import alone."""

    async def observe(self, cluster: Cluster, database_url_refs: Mapping[str, str]) -> ObservedCluster:
        """Raise ClusterUnreachableError."""
        raise ClusterUnreachableError(f"The cluster {cluster.name} is simulated; there is no Kafka Connect to ask.")


class NoProbe:
    """Implements the port SnapshotProbe where there are no offsets to look at."""

    async def look(self, source: SourceConnector) -> OffsetsReport | None:
        """Say that nothing can be seen."""
        return None


class NoTrial:
    """Implements the port SourceTrial where there is no database to ask."""

    async def look(self, source: SourceConnector, topics: Sequence[TopicRequest], keys: KeySettings | None) -> Trial:
        """Say that nothing was found, and nothing is missing."""
        return Trial()


class SimulatedInspector:
    """Implements the port SignallingInspector where there is nothing to look at."""

    def __init__(self, clock: Clock) -> None:
        """Date what it says by `clock`."""
        self._clock = clock

    async def inspect(self, source: SourceConnector, collections: Sequence[str]) -> InspectedSignalling:
        """Say that nothing can be known."""
        nothing = Unknown("The engine is simulated, so there is no connector to look at.")
        return InspectedSignalling(source, self._clock(), nothing, None, None)


class NoTopics:
    """Implements the port TopicReader by saying that there is nothing to read."""

    async def ends(self, cluster: Cluster, topics: Sequence[str]) -> Mapping[str, Offsets]:
        """Raise UnreadableError."""
        raise UnreadableError(_WHY)

    @asynccontextmanager
    async def read(
        self, source: SourceConnector, topic: str, collection: str, *, start: Offsets | None, since: datetime
    ) -> AsyncIterator[TopicReading]:
        """Raise UnreadableError."""
        for reading in _READINGS:
            yield reading
        raise UnreadableError(_WHY)


class NoRows:
    """Implements the port SourceRows by saying that there is nothing to read."""

    async def horizon(self, source: SourceConnector) -> int | None:
        """Return None."""
        return None

    async def is_remade(self, source: SourceConnector, collection: str, horizon: int) -> bool:
        """Raise UnreadableError."""
        raise UnreadableError(_WHY)

    async def key_problem(self, source: SourceConnector, collection: str, shape: KeyShape) -> str | None:
        """Raise UnreadableError."""
        raise UnreadableError(_WHY)

    async def rows(
        self, source: SourceConnector, collection: str, row_filter: RowFilter | None, shape: KeyShape
    ) -> AsyncGenerator[SourceRow, None]:
        """Raise UnreadableError."""
        for row in _ROWS:
            yield row
        raise UnreadableError(_WHY)

    async def counts(
        self, source: SourceConnector, collection: str, row_filter: RowFilter | None, horizon: int | None
    ) -> RowCounts:
        """Raise UnreadableError."""
        raise UnreadableError(_WHY)
