"""Loading a part of the catalogue as one value, and storing what became of it, whatever the number of rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Row, Select, Table, Text, and_, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.record_map import RecordMap
from persistence.tables import connect_cluster, connector, topic
from snapshots.catalog.state import CatalogState, ConnectorEntry, Place, TopicEntry
from snapshots.model import Cluster
from snapshots.ports.cluster_observer import ObservedConnector, ObservedTopic
from snapshots.vocabulary import MappingKind

# What is not known, or guessed, is about one observation, and empty in the catalogue.
_CLUSTERS = RecordMap(Cluster, connect_cluster)
_CONNECTORS = RecordMap(ObservedConnector, connector, but=("unknown",))
_TOPICS = RecordMap(ObservedTopic, topic, but=("connector_name", "unknown", "inferred"))
_TENANT_LOCK = func.hashtextextended(bindparam("tenant", type_=Text), 0)
_CLUSTER_LOCK = func.hashtextextended(bindparam("cluster", type_=Text), 1)
_LOCK_TENANT = select(func.pg_advisory_xact_lock(_TENANT_LOCK))
_LOCK_CLUSTER = select(func.pg_advisory_xact_lock_shared(_TENANT_LOCK), func.pg_advisory_xact_lock(_CLUSTER_LOCK))
_IDENTITY = frozenset({"id", "cluster_id", "name"})
"""Columns that never change. An upsert that named them would lock rows against every reference made to them."""


async def lock_tenant(connection: AsyncConnection, tenant_id: str) -> None:
    """Wait until no other transaction changes this tenant's catalogue; released at the end of the transaction."""
    await connection.execute(_LOCK_TENANT, {"tenant": f"topicsnap catalogue {tenant_id}"})


async def lock_cluster(connection: AsyncConnection, tenant_id: str, cluster_id: str) -> None:
    """Wait until no other transaction changes this cluster's part; several clusters may be changed at once."""
    names = {"tenant": f"topicsnap catalogue {tenant_id}", "cluster": f"topicsnap catalogue {tenant_id} {cluster_id}"}
    await connection.execute(_LOCK_CLUSTER, names)


async def load(connection: AsyncConnection, tenant_id: str, cluster_id: str | None = None) -> CatalogState:
    """Return what one cluster of the tenant has, or all clusters of it. Three statements."""
    clusters = select(*_CLUSTERS.columns())
    connectors = select(
        *_CONNECTORS.columns(),
        *(connector.c[name] for name in ("id", "cluster_id", "managed", "explicit_fields", "retired_at")),
    )
    topics = select(
        *_TOPICS.columns(),
        *(topic.c[name] for name in ("id", "cluster_id", "mapping", "explicit_fields", "ambiguous", "retired_at")),
        connector.c.name.label("connector_name"),
    ).outerjoin(connector, and_(connector.c.tenant_id == topic.c.tenant_id, connector.c.id == topic.c.connector_id))
    rows = [
        await _rows(connection, statement.where(table.c.tenant_id == tenant_id), cluster_column, cluster_id)
        for statement, table, cluster_column in (
            (clusters, connect_cluster, connect_cluster.c.id),
            (connectors, connector, connector.c.cluster_id),
            (topics, topic, topic.c.cluster_id),
        )
    ]
    return CatalogState(
        {row.id: _CLUSTERS.read(row) for row in rows[0]},
        {(row.cluster_id, row.name): _connector_entry(row) for row in rows[1]},
        {(row.cluster_id, row.name): _topic_entry(row) for row in rows[2]},
    )


async def save(connection: AsyncConnection, tenant_id: str, before: CatalogState, after: CatalogState) -> None:
    """Write every entry of `after` that is not as it was `before`. Three statements at most."""
    clusters = [
        _CLUSTERS.write(cluster) for cluster in after.clusters.values() if before.clusters.get(cluster.id) != cluster
    ]
    await _upsert(connection, connect_cluster, tenant_id, clusters)
    connectors = [
        _connector_row(place, entry)
        for place, entry in after.connectors.items()
        if before.connectors.get(place) != entry
    ]
    await _upsert(connection, connector, tenant_id, connectors)
    connector_ids = {place: entry.id for place, entry in after.connectors.items()}
    topics = [
        _topic_row(place, entry, connector_ids)
        for place, entry in after.topics.items()
        if before.topics.get(place) != entry
    ]
    await _upsert(connection, topic, tenant_id, topics)


async def _rows(
    connection: AsyncConnection,
    statement: Select[Any],
    cluster_column: ColumnElement[str],
    cluster_id: str | None,
) -> Sequence[Row[Any]]:
    if cluster_id is not None:
        statement = statement.where(cluster_column == cluster_id)
    rows: Sequence[Row[Any]] = (await connection.execute(statement)).all()
    return rows


async def _upsert(
    connection: AsyncConnection, table: Table, tenant_id: str, rows: Iterable[Mapping[str, object]]
) -> None:
    """Insert `rows`, or update the ones that have their ids, by one statement with an array for each column."""
    ordered = sorted(rows, key=lambda row: str(row["id"]))
    if not ordered:
        return
    names = list(ordered[0])
    arrays = [
        bindparam(None, [row[name] for row in ordered], type_=ARRAY(table.c[name].type), unique=True) for name in names
    ]
    values = func.unnest(*arrays).table_valued(*names, name="given").render_derived()
    statement = insert(table).from_select(
        ["tenant_id", *names], select(literal(tenant_id, Text), *(values.c[name] for name in names))
    )
    updated = {name: statement.excluded[name] for name in names if name not in _IDENTITY}
    await connection.execute(statement.on_conflict_do_update(index_elements=["tenant_id", "id"], set_=updated))


def _connector_entry(row: Row[Any]) -> ConnectorEntry:
    values = _CONNECTORS.read(row)
    return ConnectorEntry(row.id, values, MappingKind(row.managed), _words(row.explicit_fields), row.retired_at)


def _topic_entry(row: Row[Any]) -> TopicEntry:
    values = _TOPICS.read(row, connector_name=row.connector_name)
    mapping = row.mapping and MappingKind(row.mapping)
    return TopicEntry(row.id, values, mapping, _words(row.explicit_fields), row.ambiguous, row.retired_at)


def _connector_row(place: Place, entry: ConnectorEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "cluster_id": place[0],
        **_CONNECTORS.write(entry.values),
        "managed": entry.managed,
        "explicit_fields": " ".join(sorted(entry.explicit)),
        "retired_at": entry.retired_at,
    }


def _topic_row(place: Place, entry: TopicEntry, connector_ids: Mapping[Place, str]) -> dict[str, object]:
    connector_name = entry.values.connector_name
    return {
        "id": entry.id,
        "cluster_id": place[0],
        **_TOPICS.write(entry.values),
        "connector_id": None if connector_name is None else connector_ids[place[0], connector_name],
        "mapping": entry.mapping,
        "ambiguous": entry.ambiguous,
        "explicit_fields": " ".join(sorted(entry.explicit)),
        "retired_at": entry.retired_at,
    }


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())
