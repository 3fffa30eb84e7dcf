"""From rows to the catalogue's values: the columns to select, the joins to make, and the reading of what comes back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Label, Row, Select, and_

from persistence.tables import connect_cluster, connector, topic
from snapshots.channels import SignalChannelKind
from snapshots.model import Cluster, SourceConnector, Topic
from snapshots.vocabulary import ConnectorKind, ConnectorState, Dialect, MappingKind, TopicProducer

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


_PRODUCERS = {word.value: word for word in TopicProducer}
_KINDS = {word.value: word for word in ConnectorKind}
_DIALECTS = {word.value: word for word in Dialect}
_STATES = {word.value: word for word in ConnectorState}
_MAPPINGS: dict[str | None, MappingKind | None] = {None: None, **{word.value: word for word in MappingKind}}
_CHANNELS: dict[str | None, SignalChannelKind | None] = {None: None, **{word.value: word for word in SignalChannelKind}}


class RowReader:
    """Reads the rows of one result; a connector or cluster that many rows name becomes one value.

    A request reads up to 500 topics of as many connectors, so columns are found by place and words in dictionaries:
    that is four times as fast as columns by name and the call of an enumeration.
    """

    def __init__(self) -> None:
        """Start with nothing read."""
        self._clusters: dict[str, Cluster] = {}
        self._sources: dict[str, SourceConnector] = {}
        self._places: dict[str, slice] = {}

    def cluster(self, row: Row[Any]) -> Cluster:
        """Return the cluster of a row with `cluster_columns`."""
        values = self._part(row, _CLUSTER, _CLUSTER_COLUMNS)
        known = self._clusters.get(values[0])
        if known is None:
            known = self._clusters[values[0]] = Cluster(*values)
        return known

    def source(self, row: Row[Any]) -> SourceConnector:
        """Return the connector of a row with `source_columns`."""
        values = self._part(row, _SOURCE, _SOURCE_COLUMNS)
        known = self._sources.get(values[0])
        if known is None:
            fields = dict(zip(_SOURCE_COLUMNS, values, strict=True))
            fields["cluster"] = self.cluster(row)
            fields["kind"] = _KINDS[fields["kind"]]
            fields["dialect"] = _DIALECTS[fields["dialect"]]
            fields["signal_channel"] = _CHANNELS[fields["signal_channel"]]
            fields["state"] = _STATES[fields["state"]]
            fields["managed"] = _MAPPINGS[fields["managed"]]
            known = self._sources[values[0]] = SourceConnector(**fields)
        return known

    def topic(self, row: Row[Any]) -> Topic:
        """Return the topic of a row with `topic_columns`."""
        values = self._part(row, _TOPIC, _TOPIC_COLUMNS)
        topic_id, name, producer, collection, mapping, keyless, exists, ambiguous = values
        cluster = self.cluster(row)
        return Topic(
            topic_id,
            cluster.id,
            cluster.name,
            name,
            _PRODUCERS[producer],
            None if self._part(row, _SOURCE, _SOURCE_COLUMNS)[0] is None else self.source(row),
            collection,
            _MAPPINGS[mapping],
            keyless,
            exists,
            ambiguous,
        )

    def _part(self, row: Row[Any], prefix: str, columns: Sequence[str]) -> Sequence[Any]:
        """Return the values of `columns`, which stand side by side in the row, as they were selected."""
        place = self._places.get(prefix)
        if place is None:
            start = row._fields.index(prefix + columns[0])
            place = self._places[prefix] = slice(start, start + len(columns))
        values: Sequence[Any] = row[place]
        return values
