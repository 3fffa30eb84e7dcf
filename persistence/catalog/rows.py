"""From rows to the catalogue's values: the columns to select, the joins to make, and the reading of what comes back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Label, Row, Select, and_

from persistence.record_map import RecordMap
from persistence.tables import connect_cluster, connector, topic
from snapshots.model import Cluster, SourceConnector, Topic

# Two underscores, so that no label can be taken for a column of the table that these stand beside.
_CLUSTER = "cluster__"
_SOURCE = "source__"
_TOPIC = "topic__"
_CLUSTERS = RecordMap(Cluster, connect_cluster)
_SOURCES = RecordMap(SourceConnector, connector, but=("cluster",))
_TOPICS = RecordMap(Topic, topic, but=("cluster_name", "source"))


def cluster_columns() -> list[Label[Any]]:
    """The columns of a cluster, labelled so that they can stand beside any others."""
    return _CLUSTERS.labelled(_CLUSTER)


def source_columns() -> list[Label[Any]]:
    """The columns of a connector and of its cluster."""
    return [*_SOURCES.labelled(_SOURCE), *cluster_columns()]


def topic_columns() -> list[Label[Any]]:
    """The columns of a topic, of its connector and of its cluster."""
    return [*_TOPICS.labelled(_TOPIC), *source_columns()]


def source_join(statement: Select[Any], tenant_id: ColumnElement[str], source_id: ColumnElement[str]) -> Select[Any]:
    """Join the connector named by the columns `tenant_id` and `source_id`, and its cluster."""
    return statement.join(connector, and_(connector.c.tenant_id == tenant_id, connector.c.id == source_id)).join(
        connect_cluster,
        and_(connect_cluster.c.tenant_id == connector.c.tenant_id, connect_cluster.c.id == connector.c.cluster_id),
    )


def topic_join(
    statement: Select[Any], tenant_id: ColumnElement[str], topic_id: ColumnElement[str], *, optional: bool = False
) -> Select[Any]:
    """Join the topic named by the columns `tenant_id` and `topic_id`; `optional` keeps rows whose topic is unknown."""
    named = and_(topic.c.tenant_id == tenant_id, topic.c.id == topic_id)
    return route_join(statement.join(topic, named, isouter=optional), optional=optional)


def route_join(statement: Select[Any], *, optional: bool = False) -> Select[Any]:
    """Join the cluster and, where there is one, the connector of `topic`, which `statement` selects from already."""
    return statement.join(
        connect_cluster,
        and_(connect_cluster.c.tenant_id == topic.c.tenant_id, connect_cluster.c.id == topic.c.cluster_id),
        isouter=optional,
    ).join(
        connector,
        and_(connector.c.tenant_id == topic.c.tenant_id, connector.c.id == topic.c.connector_id),
        isouter=True,
    )


class RowReader:
    """Reads the rows of one result; a connector or cluster that many rows name becomes one value."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._clusters: dict[str, Cluster] = {}
        self._sources: dict[str, SourceConnector] = {}
        self._places: dict[str, slice] = {}

    def cluster(self, row: Row[Any]) -> Cluster:
        """Return the cluster of a row with `cluster_columns`."""
        values = self._part(row, _CLUSTER, _CLUSTERS)
        known = self._clusters.get(values[0])
        if known is None:
            known = self._clusters[values[0]] = Cluster(**_CLUSTERS.values(values))
        return known

    def source(self, row: Row[Any]) -> SourceConnector:
        """Return the connector of a row with `source_columns`."""
        values = self._part(row, _SOURCE, _SOURCES)
        known = self._sources.get(values[0])
        if known is None:
            known = SourceConnector(**_SOURCES.values(values), cluster=self.cluster(row))
            self._sources[values[0]] = known
        return known

    def topic(self, row: Row[Any]) -> Topic:
        """Return the topic of a row with `topic_columns`."""
        values = _TOPICS.values(self._part(row, _TOPIC, _TOPICS))
        has_source = self._part(row, _SOURCE, _SOURCES)[0] is not None
        source = self.source(row) if has_source else None
        return Topic(**values, cluster_name=self.cluster(row).name, source=source)

    def _part(self, row: Row[Any], prefix: str, part: RecordMap[Any]) -> Sequence[Any]:
        """Return the values of `part`, which stand side by side in the row, as they were selected."""
        place = self._places.get(prefix)
        if place is None:
            start = row._fields.index(prefix + part.names[0])
            place = self._places[prefix] = slice(start, start + len(part.names))
        values: Sequence[Any] = row[place]
        return values
