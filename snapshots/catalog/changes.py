"""What an import or a synchronisation did to the catalogue."""

from collections.abc import Mapping
from dataclasses import dataclass

from snapshots.catalog.state import CatalogState, ConnectorEntry, EntryT, Place, TopicEntry
from snapshots.model import Cluster
from snapshots.ports.cluster_observer import Unreadable


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """An item of the catalogue that an operation added, changed or retired."""

    id: str | None
    """None for an item that a dry run would add: it gets its id when it is added."""
    name: str


@dataclass(frozen=True, slots=True)
class ItemChanges:
    """What an operation did to the items of one kind, each list in order of the names."""

    added: tuple[CatalogItem, ...] = ()
    """New, or back again after it was retired."""
    changed: tuple[CatalogItem, ...] = ()
    retired: tuple[CatalogItem, ...] = ()
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class CatalogChanges:
    """What an import or a synchronisation did, or would do in a dry run. A connector's state does not count."""

    clusters: ItemChanges = ItemChanges()
    connectors: ItemChanges = ItemChanges()
    topics: ItemChanges = ItemChanges()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What a synchronisation did, and what it could not read."""

    changes: CatalogChanges
    unreadable: tuple[Unreadable, ...] = ()
    """In order of the clusters' and connectors' names."""
    nothing_read: bool = False
    """Whether none of the clusters could be read, so that nothing was done."""


def changes(before: CatalogState, after: CatalogState, *, dry_run: bool) -> CatalogChanges:
    """Return how `after`, which holds at least the items of `before`, differs from it."""
    return CatalogChanges(
        clusters=_cluster_changes(before.clusters, after.clusters, dry_run=dry_run),
        connectors=_entry_changes(before.connectors, after.connectors, dry_run=dry_run),
        topics=_entry_changes(before.topics, after.topics, dry_run=dry_run),
        dry_run=dry_run,
    )


def _cluster_changes(before: Mapping[str, Cluster], after: Mapping[str, Cluster], *, dry_run: bool) -> ItemChanges:
    added = [cluster for cluster in after.values() if cluster.id not in before]
    changed = [cluster for cluster in after.values() if before.get(cluster.id, cluster) != cluster]
    return ItemChanges(
        _items(added, keeps_ids=not dry_run), _items(changed), unchanged=len(after) - len(added) - len(changed)
    )


def _entry_changes(before: Mapping[Place, EntryT], after: Mapping[Place, EntryT], *, dry_run: bool) -> ItemChanges:
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
    return ItemChanges(_items(added, keeps_ids=not dry_run), _items(changed), _items(retired), unchanged)


def _items(
    entries: "list[Cluster] | list[ConnectorEntry] | list[TopicEntry]", *, keeps_ids: bool = True
) -> tuple[CatalogItem, ...]:
    in_order = sorted((entry.name, entry.id) for entry in entries)
    return tuple(CatalogItem(id_ if keeps_ids else None, name) for name, id_ in in_order)
