"""What the catalogue becomes after a cluster was observed: the operator's word wins, what is gone is retired. Pure."""

from dataclasses import replace
from datetime import datetime

from snapshots.catalog import ObservedCluster, ObservedConnector, ObservedTopic
from snapshots.catalog_state import CatalogState, ConnectorEntry, NewId, Place, TopicEntry, with_look_alikes
from snapshots.identifiers import SOURCE_CONNECTOR, TOPIC
from snapshots.kinds import MappingKind


def after_sync(
    before: CatalogState, cluster_id: str, observed: ObservedCluster, *, new_id: NewId, now: datetime
) -> CatalogState:
    """Return the catalogue after `cluster_id` was found to have what `observed` says, and nothing else.

    What an operator imported is never retired, and the fields that the operator set keep their values; everything
    else of the cluster follows the observation. A retired thing that is seen again is back, under its old id.
    """
    connectors = dict(before.connectors)
    seen: set[Place] = set()
    for connector in observed.connectors:
        place = cluster_id, connector.name
        if place not in seen:
            seen.add(place)
            connectors[place] = _connector(connectors.get(place), connector, new_id)
    for place, entry in before.connectors.items():
        if _is_gone(place, cluster_id, seen) and entry.managed is MappingKind.DERIVED and entry.retired_at is None:
            connectors[place] = replace(entry, retired_at=now)

    topics = dict(before.topics)
    named = {name for cluster, name in connectors if cluster == cluster_id}
    seen = set()
    for topic in observed.topics:
        place = cluster_id, topic.name
        if place not in seen:
            seen.add(place)
            routed = topic if topic.connector_name in named else replace(topic, connector_name=None)
            topics[place] = _topic(topics.get(place), routed, new_id)
    for place, found in before.topics.items():
        if _is_gone(place, cluster_id, seen) and found.mapping is not MappingKind.EXPLICIT and found.retired_at is None:
            topics[place] = replace(found, retired_at=now)
    return with_look_alikes(replace(before, connectors=connectors, topics=topics))


def _is_gone(place: Place, cluster_id: str, seen: set[Place]) -> bool:
    return place[0] == cluster_id and place not in seen


def _connector(known: ConnectorEntry | None, observed: ObservedConnector, new_id: NewId) -> ConnectorEntry:
    if known is None:
        return ConnectorEntry(new_id(SOURCE_CONNECTOR), observed)
    said = {name: getattr(known.values, name) for name in known.explicit}
    return replace(known, values=replace(observed, **said), retired_at=None)


def _topic(known: TopicEntry | None, observed: ObservedTopic, new_id: NewId) -> TopicEntry:
    mapping = MappingKind.DERIVED if observed.connector_name is not None else None
    if known is None:
        return TopicEntry(new_id(TOPIC), observed, mapping)
    if known.mapping is not MappingKind.EXPLICIT:
        return replace(known, values=observed, mapping=mapping, retired_at=None)
    said = known.values
    values = replace(
        observed,
        producer=said.producer,
        connector_name=said.connector_name,
        data_collection=said.data_collection,
        keyless=said.keyless if "keyless" in known.explicit else observed.keyless,
    )
    return replace(known, values=values, retired_at=None)
