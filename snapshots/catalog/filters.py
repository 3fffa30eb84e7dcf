"""Filters for the topics and connectors of the catalogue."""

from dataclasses import dataclass

from snapshots.states import SnapshotState
from snapshots.vocabulary import ConnectorState, TopicProducer


@dataclass(frozen=True, slots=True)
class TopicFilter:
    """Topics that satisfy all of these conditions. None means no condition; an empty tuple matches nothing."""

    name_contains: str | None = None
    """Part of the name, upper or lower case; every character stands for itself."""
    producers: tuple[TopicProducer, ...] | None = None
    source_ids: tuple[str, ...] | None = None
    keyless: bool | None = None
    exists: bool | None = None
    snapshot_states: tuple[SnapshotState, ...] | None = None
    """States of the source snapshot that last included the topic; topics that were in none do not match."""


@dataclass(frozen=True, slots=True)
class SourceFilter:
    """Connectors that satisfy all of these conditions. None means no condition; an empty tuple matches nothing."""

    name_contains: str | None = None
    """Part of the name, upper or lower case; every character stands for itself."""
    states: tuple[ConnectorState, ...] | None = None
    cluster_ids: tuple[str, ...] | None = None
