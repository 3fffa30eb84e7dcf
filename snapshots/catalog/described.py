"""What an operator's description makes of one entry of the catalogue. Pure.

A field is taken by its name: a new one of an `Imported*` and of the value that it becomes is written nowhere else.
"""

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from typing import Any

from snapshots.catalog.imported import ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.catalog.state import ConnectorEntry, TopicEntry
from snapshots.model import Cluster
from snapshots.ports.cluster_observer import ObservedConnector, ObservedTopic
from snapshots.vocabulary import MappingKind

_UNSAID = ObservedConnector("")
_LEFT_TO_OBSERVATION = frozenset({"keyless", "exists"})
"""A topic's fields that stay as observed where they are None; None of another field says that there is none."""


def same_fields(
    said: type[Any], becomes: type[Any], *, but: Collection[str] = (), renamed: Mapping[str, str] | None = None
) -> Mapping[str, str]:
    """Return the fields of `becomes` by the fields of `said` that give them; `but` are those that give none.

    A field gives the one of its name, or the one that `renamed` tells. Raises TypeError where there is no such field.
    """
    given = [field.name for field in fields(said)]
    taken = {name: (renamed or {}).get(name, name) for name in given if name not in but}
    known = {field.name for field in fields(becomes)}
    wrong = [name for name in taken if taken[name] not in known]
    wrong += [name for name in (*but, *(renamed or ())) if name not in given]
    if wrong:
        message = f"{said.__name__} and {becomes.__name__} do not fit: {', '.join(wrong)}"
        raise TypeError(message)
    return taken


def all_fields(said: type[Any], becomes: type[Any]) -> Mapping[str, str]:
    """Return what `same_fields` returns. Raises TypeError also where no field of `said` gives one of `becomes`."""
    same_fields(becomes, said)
    return same_fields(said, becomes)


_CLUSTER = all_fields(ImportedCluster, Cluster)
_CONNECTOR = same_fields(ImportedConnector, ObservedConnector, but={"cluster", "name", "id"})
_TOPIC = same_fields(
    ImportedTopic, ObservedTopic, but={"cluster", "name", "id"}, renamed={"connector": "connector_name"}
)


def described_cluster(said: ImportedCluster, cluster_id: str) -> Cluster:
    """Return the cluster that is described."""
    return Cluster(**_values(said, _CLUSTER) | {"id": cluster_id})


def described_connector(known: ConnectorEntry | None, said: ImportedConnector, connector_id: str) -> ConnectorEntry:
    """Return the entry after the description: what it says wins, what an earlier one said and it does not goes."""
    words = {name: value for name, value in _values(said, _CONNECTOR).items() if value is not None}
    values = known.values if known else ObservedConnector(said.name)
    withdrawn = {name: getattr(_UNSAID, name) for name in (known.explicit if known else ()) if name not in words}
    return ConnectorEntry(
        connector_id, replace(values, **withdrawn | words), MappingKind.EXPLICIT, explicit=frozenset(words)
    )


def described_topic(known: TopicEntry | None, said: ImportedTopic, topic_id: str) -> TopicEntry:
    """Return the entry after the description, which sets the route of the topic."""
    seen = known.values if known else ObservedTopic(said.name, said.producer)
    if known and "keyless" in known.explicit:
        seen = replace(seen, keyless=None)
    words = {
        name: value
        for name, value in _values(said, _TOPIC).items()
        if value is not None or name not in _LEFT_TO_OBSERVATION
    }
    explicit = frozenset({"keyless"} & words.keys())
    ambiguous = known.ambiguous if known else False
    return TopicEntry(topic_id, replace(seen, **words), MappingKind.EXPLICIT, explicit, ambiguous)


def _values(said: object, names: Mapping[str, str]) -> dict[str, Any]:
    return {becomes: getattr(said, name) for name, becomes in names.items()}
