"""Observes a cluster: its connectors, and the topics that each of them produces, with the data collection behind each.

Three ways to a connector's topics, the better first: the tables of its database, passed through its include and
exclude lists; the tables that its include list names outright; the topics that Kafka Connect has seen it write.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from snapshots.catalog import ObservedCluster, ObservedConnector, ObservedTopic
from snapshots.engines.debezium import capture, configuration, naming
from snapshots.engines.debezium.connect import ConnectClient, ConnectorInfo
from snapshots.engines.debezium.internal_topics import internal_topics
from snapshots.engines.debezium.kafka_topics import list_topics
from snapshots.engines.debezium.source_tables import SourceDatabase, read_source_database
from snapshots.errors import ClusterUnreachableError, DatabaseUnreachableError, SecretError
from snapshots.identifiers import Clock, utc_now
from snapshots.kinds import ConnectorKind, Dialect, TopicProducer
from snapshots.model import DOCUMENTED_SIGNAL_DATA_CHARACTERS, Cluster
from snapshots.ports import Secrets

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Observed:
    connector: ObservedConnector
    topics: tuple[ObservedTopic, ...]


@dataclass(frozen=True, slots=True)
class _Common:
    """What all connectors of a cluster share while it is observed."""

    versions: Mapping[str, str]
    existing: frozenset[str]
    places: asyncio.Semaphore


class KafkaConnectObserver:
    """Implements the port ClusterObserver by Kafka Connect's REST API and the source databases."""

    def __init__(
        self,
        client: ConnectClient,
        secrets: Secrets,
        *,
        list_topics: Callable[[str], Awaitable[frozenset[str]]] = list_topics,
        concurrency: int = 8,
        clock: Clock = utc_now,
    ) -> None:
        """Look at `concurrency` connectors at once; `list_topics` tells the topics of a Kafka by its bootstrap."""
        self._client = client
        self._list_topics = list_topics
        self._secrets = secrets
        self._concurrency = concurrency
        self._clock = clock

    async def observe(self, cluster: Cluster, database_url_refs: Mapping[str, str]) -> ObservedCluster:
        """Return what `cluster` has; `database_url_refs` names each connector's reference to its credentials.

        Raises ClusterUnreachableError. A source database that cannot be read is no error: its topics come from the
        connector's configuration then.
        """
        async with asyncio.TaskGroup() as group:
            listing = group.create_task(self._connectors(cluster))
            plugins = group.create_task(self._plugin_versions(cluster))
            existing = group.create_task(self._existing_topics(cluster))
        connectors = listing.result()
        if isinstance(connectors, ClusterUnreachableError):
            raise connectors
        common = _Common(plugins.result(), existing.result(), asyncio.Semaphore(self._concurrency))
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._observe(cluster, info, database_url_refs.get(info.name), common))
                for info in connectors
            ]
        observed = [task.result() for task in tasks]
        topics: dict[str, ObservedTopic] = {}
        for topic in (topic for one in observed for topic in one.topics):
            topics.setdefault(topic.name, topic)
        return ObservedCluster(tuple(one.connector for one in observed), tuple(topics[name] for name in sorted(topics)))

    async def _connectors(self, cluster: Cluster) -> list[ConnectorInfo] | ClusterUnreachableError:
        try:
            return await self._client.connectors(cluster)
        except ClusterUnreachableError as error:
            return error  # raised by itself, not in a task group's group of errors

    async def _plugin_versions(self, cluster: Cluster) -> Mapping[str, str]:
        try:
            return await self._client.plugin_versions(cluster)
        except ClusterUnreachableError:
            return {}

    async def _existing_topics(self, cluster: Cluster) -> frozenset[str]:
        return await self._list_topics(cluster.kafka_bootstrap) if cluster.kafka_bootstrap else frozenset()

    async def _observe(
        self,
        cluster: Cluster,
        info: ConnectorInfo,
        reference: str | None,
        common: _Common,
    ) -> _Observed:
        is_source = info.kind is ConnectorKind.SOURCE
        config = info.config if is_source else {}
        async with common.places:
            database = await self._database(info, reference)
            written = await self._written_topics(cluster, info) if is_source else frozenset()
        limit = database.signal_data_limit if database else None
        connector = ObservedConnector(
            name=info.name,
            kind=info.kind,
            connector_class=info.connector_class,
            version=info.version or common.versions.get(info.connector_class or ""),
            dialect=configuration.dialect(config),
            topic_prefix=configuration.topic_prefix(config),
            signal_channel=configuration.signal_channel(config, reference),
            signal_collection=configuration.signal_collection(config),
            signal_topic=configuration.signal_topic(config),
            signal_data_limit=limit or DOCUMENTED_SIGNAL_DATA_CHARACTERS,
            read_only=configuration.read_only(config),
            notification_topic=configuration.notification_topic(config),
            database_url_ref=reference,
            state=info.state,
            state_observed_at=self._clock(),
        )
        # What a sink lists as its topics it reads, so none of them is its product.
        topics = _topics(info, database, written, common.existing) if is_source else ()
        return _Observed(connector, tuple(topics))

    async def _database(self, info: ConnectorInfo, reference: str | None) -> SourceDatabase | None:
        if reference is None or configuration.dialect(info.config) is not Dialect.POSTGRESQL:
            return None
        try:
            return await read_source_database(
                self._secrets.resolve(reference),
                signal_collection=configuration.signal_collection(info.config),
                publication=info.config.get("publication.name") or "dbz_publication",
                via_partition_root=configuration.flag(info.config, "publish.via.partition.root"),
            )
        except (SecretError, DatabaseUnreachableError) as error:
            logger.warning("the tables of connector %s are not known: %s", info.name, error)
            return None

    async def _written_topics(self, cluster: Cluster, info: ConnectorInfo) -> frozenset[str]:
        try:
            return frozenset(await self._client.connector_topics(cluster, info.name) or ())
        except ClusterUnreachableError as error:
            logger.warning("the topics of connector %s are not known: %s", info.name, error)
            return frozenset()


def _topics(
    info: ConnectorInfo, database: SourceDatabase | None, written: frozenset[str], existing: frozenset[str]
) -> Iterable[ObservedTopic]:
    config, own = info.config, internal_topics(info.config)
    keyless = {table.data_collection: table.keyless for table in database.tables} if database else None
    for topic, collection in _routes(config, keyless, written).items():
        if topic not in own:
            yield ObservedTopic(
                name=topic,
                producer=TopicProducer.SOURCE,
                connector_name=info.name,
                data_collection=collection,
                keyless=_keyless(config, collection, keyless or {}),
                exists=topic in written or topic in existing,
            )


def _routes(
    config: Mapping[str, str], tables: Collection[str] | None, written: frozenset[str]
) -> dict[str, str | None]:
    """Return each topic with its data collection, where that is known."""
    captured = capture.captures(config)
    if tables is None or captured is None:
        collections: Collection[str] = capture.literal_collections(config)
        routes = {topic: naming.collection_of(config, topic) for topic in sorted(written)}
    else:
        collections = [name for name in tables if captured(name)]
        routes = dict.fromkeys(sorted(written))  # what no table accounts for: its table is gone, or it is routed
    for collection in collections:
        topic = naming.topic_of(config, collection)
        # Of two tables that share a topic, because of a character that topics do not have, the one named like it.
        if topic is not None and (not routes.get(topic) or naming.collection_of(config, topic) == collection):
            routes[topic] = collection
    return routes


def _keyless(config: Mapping[str, str], data_collection: str | None, tables: Mapping[str, bool]) -> bool | None:
    if data_collection is None:
        return None
    return False if capture.has_custom_key(config, data_collection) else tables.get(data_collection)
