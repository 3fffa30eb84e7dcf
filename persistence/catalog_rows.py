"""From rows to the catalogue's values: the columns to select, the joins to make, and the reading of what comes back."""

from typing import Any

from sqlalchemy import ColumnElement, Label, Row, Select, and_

from persistence.tables import connect_cluster, connector, topic
from snapshots.kinds import ConnectorKind, ConnectorState, Dialect, MappingKind, SignalChannelKind, TopicProducer
from snapshots.model import Cluster, SourceConnector, Topic

# Two underscores, so that no label can be taken for a column of the table that these stand beside.
_CLUSTER = "cluster__"
_SOURCE = "source__"
_TOPIC = "topic__"
_CLUSTER_COLUMNS = ("id", "name", "connect_url", "kafka_bootstrap", "auth_ref")
_SOURCE_COLUMNS = (
    "id",
    "name",
    "kind",
    "connector_class",
    "version",
    "dialect",
    "topic_prefix",
    "signal_channel",
    "signal_collection",
    "signal_topic",
    "signal_data_limit",
    "read_only",
    "notification_topic",
    "database_url_ref",
    "state",
    "state_observed_at",
    "managed",
)
_TOPIC_COLUMNS = ("id", "name", "producer", "data_collection", "mapping", "keyless", "exists", "ambiguous")


def cluster_columns() -> list[Label[Any]]:
    """The columns of a cluster, labelled so that they can stand beside any others."""
    return [connect_cluster.c[name].label(_CLUSTER + name) for name in _CLUSTER_COLUMNS]


def source_columns() -> list[Label[Any]]:
    """The columns of a connector and of its cluster."""
    return [*(connector.c[name].label(_SOURCE + name) for name in _SOURCE_COLUMNS), *cluster_columns()]


def topic_columns() -> list[Label[Any]]:
    """The columns of a topic, of its connector and of its cluster."""
    return [*(topic.c[name].label(_TOPIC + name) for name in _TOPIC_COLUMNS), *source_columns()]


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

    def cluster(self, row: Row[Any]) -> Cluster:
        """Return the cluster of a row with `cluster_columns`."""
        fields = row._mapping  # noqa: SLF001 (SQLAlchemy's public way to a row by name)
        cluster_id = fields[_CLUSTER + "id"]
        if cluster_id not in self._clusters:
            self._clusters[cluster_id] = Cluster(**{name: fields[_CLUSTER + name] for name in _CLUSTER_COLUMNS})
        return self._clusters[cluster_id]

    def source(self, row: Row[Any]) -> SourceConnector:
        """Return the connector of a row with `source_columns`."""
        fields = row._mapping  # noqa: SLF001
        source_id = fields[_SOURCE + "id"]
        if source_id not in self._sources:
            values = {name: fields[_SOURCE + name] for name in _SOURCE_COLUMNS}
            channel = values["signal_channel"]
            self._sources[source_id] = SourceConnector(
                **values
                | {
                    "cluster": self.cluster(row),
                    "kind": ConnectorKind(values["kind"]),
                    "dialect": Dialect(values["dialect"]),
                    "signal_channel": channel and SignalChannelKind(channel),
                    "state": ConnectorState(values["state"]),
                    "managed": MappingKind(values["managed"]),
                }
            )
        return self._sources[source_id]

    def topic(self, row: Row[Any]) -> Topic:
        """Return the topic of a row with `topic_columns`."""
        fields = row._mapping  # noqa: SLF001
        cluster = self.cluster(row)
        mapping = fields[_TOPIC + "mapping"]
        return Topic(
            id=fields[_TOPIC + "id"],
            cluster_id=cluster.id,
            cluster_name=cluster.name,
            name=fields[_TOPIC + "name"],
            producer=TopicProducer(fields[_TOPIC + "producer"]),
            source=self.source(row) if fields[_SOURCE + "id"] is not None else None,
            data_collection=fields[_TOPIC + "data_collection"],
            mapping=mapping and MappingKind(mapping),
            keyless=fields[_TOPIC + "keyless"],
            exists=fields[_TOPIC + "exists"],
            ambiguous=fields[_TOPIC + "ambiguous"],
        )
