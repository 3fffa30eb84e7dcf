"""The catalogue of a tenant, or a part of it, as one value that imports and synchronisations transform. Pure."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias, TypeVar

from snapshots.catalog.look_alikes import look_alikes
from snapshots.model import Cluster
from snapshots.ports.cluster_observer import ObservedConnector, ObservedTopic
from snapshots.vocabulary import ConnectorState, MappingKind

Place: TypeAlias = tuple[str, str]
"""The place of an item: the id of its cluster and its name there."""

NewId: TypeAlias = Callable[[str], str]
"""Makes an id from a prefix, as `identifiers.IdMaker` does."""


@dataclass(frozen=True, slots=True)
class ConnectorEntry:
    """A connector of the catalogue; `values` are in effect, and an operator set those of the fields in `explicit`."""

    id: str
    values: ObservedConnector
    managed: MappingKind = MappingKind.DERIVED
    explicit: frozenset[str] = frozenset()
    retired_at: datetime | None = None

    @property
    def name(self) -> str:
        """Its name in its cluster."""
        return self.values.name

    def meaning(self) -> object:
        """What makes a difference when reported: not the state, which comes and goes."""
        values = replace(self.values, state=ConnectorState.UNKNOWN, state_observed_at=None)
        return values, self.managed, self.explicit


@dataclass(frozen=True, slots=True)
class TopicEntry:
    """A topic of the catalogue; if its mapping is EXPLICIT, an operator set its route."""

    id: str
    values: ObservedTopic
    mapping: MappingKind | None = None
    explicit: frozenset[str] = frozenset()
    ambiguous: bool = False
    retired_at: datetime | None = None

    @property
    def name(self) -> str:
        """Its name in its cluster."""
        return self.values.name

    def meaning(self) -> object:
        """What makes a difference when reported: not whether it has look-alikes, which is about other topics."""
        return self.values, self.mapping, self.explicit


@dataclass(frozen=True, slots=True)
class CatalogState:
    """The contents of the catalogue, including retired items. Do not change it in place."""

    clusters: Mapping[str, Cluster] = field(default_factory=dict)
    """By id."""
    connectors: Mapping[Place, ConnectorEntry] = field(default_factory=dict)
    topics: Mapping[Place, TopicEntry] = field(default_factory=dict)


EntryT = TypeVar("EntryT", ConnectorEntry, TopicEntry)


def with_look_alikes(state: CatalogState) -> CatalogState:
    """Return `state` with every topic marked whose data collection Debezium would confuse with another one."""
    names: dict[Place, set[str]] = defaultdict(set)
    for (cluster_id, _), topic in state.topics.items():
        values = topic.values
        if topic.retired_at is None and values.connector_name is not None and values.data_collection is not None:
            names[cluster_id, values.connector_name].add(values.data_collection)
    mistaken = {connector: look_alikes(collections) for connector, collections in names.items()}
    topics = {}
    for place, topic in state.topics.items():
        connector = place[0], topic.values.connector_name or ""
        ambiguous = topic.retired_at is None and topic.values.data_collection in mistaken.get(connector, ())
        topics[place] = topic if topic.ambiguous == ambiguous else replace(topic, ambiguous=ambiguous)
    return replace(state, topics=topics)
