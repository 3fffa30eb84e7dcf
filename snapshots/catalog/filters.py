"""Which topics and connectors of the catalogue are asked for."""

from dataclasses import dataclass

from snapshots.states import SnapshotState
from snapshots.vocabulary import ConnectorState, TopicProducer


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
