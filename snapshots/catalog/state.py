"""The catalogue of a tenant, or a part of it, as one value, which imports and synchronisations transform. Pure."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeAlias, TypeVar

from snapshots.catalog.contents import CatalogChanges, CatalogItem, Changes
from snapshots.catalog.look_alikes import look_alikes
from snapshots.model import Cluster
from snapshots.ports.cluster_observer import ObservedConnector, ObservedTopic
from snapshots.vocabulary import ConnectorState, MappingKind

Place: TypeAlias = tuple[str, str]
"""Where something is: the id of its cluster and its name there."""

NewId: TypeAlias = Callable[[str], str]
"""Makes an id from a prefix, as `identifiers.IdMaker` does."""


@dataclass(frozen=True, slots=True)
class ConnectorEntry:
    """A connector of the catalogue; `values` are the ones in effect, those of the fields `explicit` an operator's."""

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
    """A topic of the catalogue; one with an EXPLICIT mapping has its route from an operator."""

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
    """What the catalogue holds, retired things as well. Not to be changed in place."""

    clusters: Mapping[str, Cluster] = field(default_factory=dict)
    """By id."""
    connectors: Mapping[Place, ConnectorEntry] = field(default_factory=dict)
    topics: Mapping[Place, TopicEntry] = field(default_factory=dict)


EntryT = TypeVar("EntryT", ConnectorEntry, TopicEntry)


def with_look_alikes(state: CatalogState) -> CatalogState:
    """Return `state` with every topic marked whose data collection Debezium would mistake for another one's."""
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


def changes(before: CatalogState, after: CatalogState, *, dry_run: bool) -> CatalogChanges:
    """Tell in which way `after`, which holds at least what `before` held, differs from it."""
    return CatalogChanges(
        clusters=_cluster_changes(before.clusters, after.clusters, dry_run=dry_run),
        connectors=_entry_changes(before.connectors, after.connectors, dry_run=dry_run),
        topics=_entry_changes(before.topics, after.topics, dry_run=dry_run),
        dry_run=dry_run,
    )


def _cluster_changes(before: Mapping[str, Cluster], after: Mapping[str, Cluster], *, dry_run: bool) -> Changes:
    added = [cluster for cluster in after.values() if cluster.id not in before]
    changed = [cluster for cluster in after.values() if before.get(cluster.id, cluster) != cluster]
    return Changes(
        _items(added, keeps_ids=not dry_run), _items(changed), unchanged=len(after) - len(added) - len(changed)
    )


def _entry_changes(before: Mapping[Place, EntryT], after: Mapping[Place, EntryT], *, dry_run: bool) -> Changes:
    added, changed, retired, unchanged = [], [], [], 0
    for place, entry in after.items():
        known = before.get(place)
        was_there = known is not None and known.retired_at is None
        if entry.retired_at is not None:
            retired += [entry] if was_there else []
        elif known is None or not was_there:
            added.append(entry)
        elif entry is not known and entry.meaning() != known.meaning():
            changed.append(entry)
        else:
            unchanged += 1
    return Changes(_items(added, keeps_ids=not dry_run), _items(changed), _items(retired), unchanged)


def _items(
    entries: "list[Cluster] | list[ConnectorEntry] | list[TopicEntry]", *, keeps_ids: bool = True
) -> tuple[CatalogItem, ...]:
    in_order = sorted((entry.name, entry.id) for entry in entries)
    return tuple(CatalogItem(id_ if keeps_ids else None, name) for name, id_ in in_order)
