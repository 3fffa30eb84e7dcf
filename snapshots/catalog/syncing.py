"""How the observation of a cluster changes the catalogue. Pure.

What an operator imported wins, what is gone is retired, and what could not be read stays as it was: not seeing
something does not prove that it is gone.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from snapshots.catalog.state import CatalogState, ConnectorEntry, NewId, Place, TopicEntry, with_look_alikes
from snapshots.identifiers import SOURCE_CONNECTOR, TOPIC
from snapshots.ports.cluster_observer import TOPICS, ObservedCluster, ObservedConnector, ObservedTopic
from snapshots.vocabulary import MappingKind

_OF_THE_TABLE = frozenset({"data_collection", "keyless"})
"""Fields of a topic that describe the table of its connector; another connector says nothing about them."""


def after_sync(
    before: CatalogState, cluster_id: str, observed: ObservedCluster, *, new_id: NewId, now: datetime
) -> CatalogState:
    """Return the catalogue after `cluster_id` was found to have what `observed` contains, and nothing else.

    What an operator imported is never retired, and the fields that the operator set keep their values. Everything else
    of the cluster follows the observation, except what the observation does not know. A retired item that is seen again
    comes back under its old id.
    """
    unread = {connector.name for connector in observed.connectors if TOPICS in connector.unknown}
    connectors = dict(before.connectors)
    seen: set[Place] = set()
    for connector in observed.connectors:
        place = cluster_id, connector.name
        if place not in seen:
            seen.add(place)
            become = _connector(connectors.get(place), connector, new_id)
            if become is not None:
                connectors[place] = become
    for place, entry in before.connectors.items():
        if _is_gone(place, cluster_id, seen) and entry.managed is MappingKind.DERIVED and entry.retired_at is None:
            connectors[place] = replace(entry, retired_at=now)

    named = {name for cluster, name in connectors if cluster == cluster_id}
    topics = {**before.topics, **_topics(before, cluster_id, _routed(observed.topics, named), unread, new_id)}
    seen = {(cluster_id, topic.name) for topic in observed.topics}
    for place, found in before.topics.items():
        if _is_gone(place, cluster_id, seen) and _can_go(found, unread):
            topics[place] = replace(found, retired_at=now)
    return with_look_alikes(replace(before, connectors=connectors, topics=topics))


def _is_gone(place: Place, cluster_id: str, seen: set[Place]) -> bool:
    return place[0] == cluster_id and place not in seen


def _can_go(found: TopicEntry, unread: Collection[str]) -> bool:
    is_ours = found.mapping is not MappingKind.EXPLICIT and found.retired_at is None
    return is_ours and found.values.connector_name not in unread


def _connector(known: ConnectorEntry | None, observed: ObservedConnector, new_id: NewId) -> ConnectorEntry | None:
    if not observed.is_described and (known is None or known.retired_at is not None):
        return known  # nobody knows yet what it is
    learnt = replace(observed, unknown=frozenset())
    if known is None:
        return ConnectorEntry(new_id(SOURCE_CONNECTOR), learnt)
    kept = {name: getattr(known.values, name) for name in known.explicit | (observed.unknown - {TOPICS})}
    return replace(known, values=replace(learnt, **kept), retired_at=None)


def _routed(topics: Iterable[ObservedTopic], named: Collection[str]) -> Iterable[ObservedTopic]:
    return (topic if topic.connector_name in named else replace(topic, connector_name=None) for topic in topics)


def _topics(
    before: CatalogState, cluster_id: str, topics: Iterable[ObservedTopic], unread: Collection[str], new_id: NewId
) -> dict[Place, TopicEntry]:
    """Return the new entries of the topics that were observed."""
    done: dict[Place, TopicEntry] = {}
    for topic in topics:
        place = cluster_id, topic.name
        if place not in done:
            done[place] = _topic(before.topics.get(place), topic, unread, new_id)
    return done


def _topic(known: TopicEntry | None, observed: ObservedTopic, unread: Collection[str], new_id: NewId) -> TopicEntry:
    mapping = MappingKind.DERIVED if observed.connector_name is not None else None
    learnt = replace(observed, unknown=frozenset(), inferred=False)
    if known is None:
        return TopicEntry(new_id(TOPIC), learnt, mapping)
    was = known.values
    is_same_route = was.connector_name == observed.connector_name
    may_be_elsewhere = was.connector_name in unread and not is_same_route
    if known.mapping is MappingKind.EXPLICIT:
        return _explicit(known, learnt, observed.unknown | (_OF_THE_TABLE if may_be_elsewhere else frozenset()))
    if known.retired_at is not None and observed.inferred:
        return known
    if known.retired_at is None and may_be_elsewhere:
        return replace(known, values=replace(was, exists=was.exists or observed.exists))
    kept = observed.unknown if is_same_route else observed.unknown - _OF_THE_TABLE
    values = replace(learnt, **{name: getattr(was, name) for name in kept})
    return replace(known, values=values, mapping=mapping, retired_at=None)


def _explicit(known: TopicEntry, learnt: ObservedTopic, unknown: Collection[str]) -> TopicEntry:
    said = known.values
    values = replace(
        learnt,
        producer=said.producer,
        connector_name=said.connector_name,
        data_collection=said.data_collection,
        keyless=said.keyless if "keyless" in known.explicit or "keyless" in unknown else learnt.keyless,
        exists=said.exists if "exists" in unknown else learnt.exists,
    )
    return replace(known, values=values, retired_at=None)
