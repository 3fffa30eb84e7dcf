"""Reading the catalogue: routes, topics, sources and clusters of one tenant, each list in one statement.

What was retired is not found here; the ledger still shows it where a snapshot had it.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    FromClause,
    Row,
    Select,
    TableValuedAlias,
    Text,
    and_,
    any_,
    bindparam,
    func,
    select,
    true,
    tuple_,
)

from persistence.catalog.conditions import source_conditions, storable, texts, topic_conditions
from persistence.catalog.rows import RowReader, cluster_columns, route_join, source_columns, topic_columns
from persistence.cursors import decode_cursor, page_of
from persistence.database.pool import Database
from persistence.tables import connect_cluster, connector, topic
from snapshots.catalog.filters import SourceFilter, TopicFilter
from snapshots.model import Cluster, SourceConnector, Topic
from snapshots.pages import Page
from snapshots.texts import is_storable

_EVERY_TOPIC = TopicFilter()
_EVERY_SOURCE = SourceFilter()
_TENANT = bindparam("tenant", type_=Text)
_IDS = bindparam("ids", type_=ARRAY(Text))
_KEY_PARTS = 2

_TOPICS = route_join(select(*topic_columns()).select_from(topic)).where(
    topic.c.tenant_id == _TENANT, topic.c.retired_at.is_(None)
)
_SOURCES = (
    select(*source_columns())
    .join(
        connect_cluster,
        and_(connect_cluster.c.tenant_id == connector.c.tenant_id, connect_cluster.c.id == connector.c.cluster_id),
    )
    .where(connector.c.tenant_id == _TENANT, connector.c.retired_at.is_(None))
)
_ROUTES = _TOPICS.where(topic.c.id == any_(_IDS))
_SOURCES_BY_ID = _SOURCES.where(connector.c.id == any_(_IDS))
_CLUSTERS = select(*cluster_columns()).where(connect_cluster.c.tenant_id == _TENANT).order_by(connect_cluster.c.name)
_REFERENCES = select(connector.c.name, connector.c.database_url_ref).where(
    connector.c.tenant_id == _TENANT,
    connector.c.cluster_id == bindparam("cluster", type_=Text),
    connector.c.retired_at.is_(None),
    connector.c.database_url_ref.is_not(None),
)
_COLLECTIONS = (
    select(topic.c.connector_id, topic.c.data_collection)
    .distinct()
    .where(
        topic.c.tenant_id == _TENANT,
        topic.c.retired_at.is_(None),
        topic.c.connector_id == any_(_IDS),
        topic.c.data_collection.is_not(None),
    )
    .order_by(topic.c.connector_id, topic.c.data_collection)
)


class Catalog:
    """The catalogue as clients see it. Every method takes the tenant and returns nothing of another one."""

    def __init__(self, database: Database) -> None:
        """Read from `database`."""
        self._database = database

    async def routes(self, tenant_id: str, topic_ids: Sequence[str]) -> dict[str, Topic]:
        """Return the topics of `topic_ids`, whatever texts these are, by id; unknown ones are absent. One statement."""
        rows = await self._rows(_ROUTES, tenant_id, ids=storable(topic_ids))
        reader = RowReader()
        return {route.id: route for route in map(reader.topic, rows)}

    async def topics_page(
        self,
        tenant_id: str,
        wanted: TopicFilter = _EVERY_TOPIC,
        *,
        first: int,
        after: str | None = None,
        with_total: bool = False,
    ) -> Page[Topic]:
        """Return the first `first` topics after the cursor `after`, by name; the total costs a statement more.

        Raises RequestError for a bad cursor.
        """
        statement = _TOPICS.where(*topic_conditions(topic, wanted))
        rows = await self._rows(_turned_to(statement, topic, first, after), tenant_id)
        page = page_of(rows, first, RowReader().topic, _key)
        if not with_total:
            return page
        return Page(page.items, page.cursors, page.has_next, await self._count(statement, tenant_id))

    async def topics_of_sources(
        self, tenant_id: str, source_ids: Sequence[str], *, first: int, wanted: TopicFilter = _EVERY_TOPIC
    ) -> dict[str, Page[Topic]]:
        """Return the first page of topics of each of `source_ids`, for all of them in one statement."""
        listed = topic.alias("listed")
        source = func.unnest(texts(storable(source_ids), "ids")).table_valued("id", name="source").render_derived()
        chosen = (
            select(listed.c.id)
            .where(
                listed.c.tenant_id == _TENANT,
                listed.c.retired_at.is_(None),
                listed.c.connector_id == source.c.id,
                *topic_conditions(listed, wanted),
            )
            .order_by(listed.c.name, listed.c.id)
            .limit(first + 1)
            .lateral("chosen")
        )
        among = select(chosen.c.id).select_from(source.join(chosen, true()))
        statement = _TOPICS.where(topic.c.id.in_(among)).order_by(topic.c.name, topic.c.id)
        rows_of: dict[str, list[Row[Any]]] = {source_id: [] for source_id in source_ids}
        for row in await self._rows(statement, tenant_id):
            rows_of[row.source__id].append(row)
        reader = RowReader()
        return {source_id: page_of(rows, first, reader.topic, _key) for source_id, rows in rows_of.items()}

    async def topics_by_name(self, tenant_id: str, names: Collection[tuple[str, str]]) -> dict[tuple[str, str], Topic]:
        """Return the topics of `names`, pairs of the cluster's and the topic's name, by these pairs."""
        named = _pairs(names)
        statement = _TOPICS.join(named, and_(connect_cluster.c.name == named.c.cluster, topic.c.name == named.c.name))
        reader = RowReader()
        found = map(reader.topic, await self._rows(statement, tenant_id))
        return {(one.cluster_name, one.name): one for one in found}

    async def sources(self, tenant_id: str, ids: Sequence[str]) -> dict[str, SourceConnector]:
        """Return the connectors of `ids`, whatever texts these are, by id; unknown ones are absent."""
        reader = RowReader()
        found = map(reader.source, await self._rows(_SOURCES_BY_ID, tenant_id, ids=storable(ids)))
        return {source.id: source for source in found}

    async def sources_page(
        self,
        tenant_id: str,
        wanted: SourceFilter = _EVERY_SOURCE,
        *,
        first: int,
        after: str | None = None,
        with_total: bool = False,
    ) -> Page[SourceConnector]:
        """Return the first `first` connectors after the cursor `after`, by name; the total costs a statement more.

        Raises RequestError for a bad cursor.
        """
        statement = _SOURCES.where(*source_conditions(connector, wanted))
        rows = await self._rows(_turned_to(statement, connector, first, after), tenant_id)
        page = page_of(rows, first, RowReader().source, _key)
        if not with_total:
            return page
        return Page(page.items, page.cursors, page.has_next, await self._count(statement, tenant_id))

    async def sources_by_name(
        self, tenant_id: str, names: Collection[tuple[str, str]]
    ) -> dict[tuple[str, str], SourceConnector]:
        """Return the connectors of `names`, pairs of the cluster's and the connector's name, by these pairs."""
        named = _pairs(names)
        statement = _SOURCES.join(
            named, and_(connect_cluster.c.name == named.c.cluster, connector.c.name == named.c.name)
        )
        reader = RowReader()
        found = map(reader.source, await self._rows(statement, tenant_id))
        return {(one.cluster.name, one.name): one for one in found}

    async def clusters(self, tenant_id: str) -> tuple[Cluster, ...]:
        """Return all clusters of the tenant, by name."""
        reader = RowReader()
        return tuple(map(reader.cluster, await self._rows(_CLUSTERS, tenant_id)))

    async def database_url_refs(self, tenant_id: str, cluster_id: str) -> dict[str, str]:
        """Return the references to source databases' credentials in a cluster, by the name of the connector."""
        if not is_storable(cluster_id):
            return {}
        rows = await self._rows(_REFERENCES, tenant_id, cluster=cluster_id)
        return {row.name: row.database_url_ref for row in rows}

    async def collections_of(self, tenant_id: str, source_ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Return the data collections behind the topics of each of `source_ids`, sorted."""
        found: dict[str, list[str]] = defaultdict(list)
        for row in await self._rows(_COLLECTIONS, tenant_id, ids=storable(source_ids)):
            found[row.connector_id].append(row.data_collection)
        return {source_id: tuple(found[source_id]) for source_id in source_ids}

    async def _rows(self, statement: Select[Any], tenant_id: str, **parameters: object) -> Sequence[Row[Any]]:
        async with self._database.read() as connection:
            result = await connection.execute(statement, {"tenant": tenant_id, **parameters})
        rows: Sequence[Row[Any]] = result.all()
        return rows

    async def _count(self, statement: Select[Any], tenant_id: str) -> int:
        counted = select(func.count()).select_from(statement.order_by(None).subquery())
        (row,) = await self._rows(counted, tenant_id)
        return int(row[0])


def _turned_to(statement: Select[Any], table: FromClause, first: int, after: str | None) -> Select[Any]:
    """Order `statement` by name and id, start it after a cursor, and ask for one row more than the page takes."""
    place = tuple_(table.c["name"], table.c["id"])
    if after is not None:
        statement = statement.where(place > tuple_(*decode_cursor(after, _KEY_PARTS)))
    return statement.order_by(table.c["name"], table.c["id"]).limit(first + 1)


def _key(item: Topic | SourceConnector) -> tuple[str, str]:
    return item.name, item.id


def _pairs(names: Collection[tuple[str, str]]) -> TableValuedAlias:
    clear = [(cluster, name) for cluster, name in names if storable((cluster, name)) == [cluster, name]]
    clusters, items = texts(cluster for cluster, _ in clear), texts(name for _, name in clear)
    return func.unnest(clusters, items).table_valued("cluster", "name", name="named").render_derived()
