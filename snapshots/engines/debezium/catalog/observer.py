"""Observes a cluster: its connectors, and the topics that each of them produces, with the data collection behind each.

What cannot be read is told (`Unreadable`) and left unknown; the rest is read all the same.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from snapshots.engines.debezium.catalog.reading import ConnectorReading, connector_of, topics_of
from snapshots.engines.debezium.catalog.unreadable import unreadable_of_cluster, unreadable_of_connector
from snapshots.engines.debezium.configuration import properties as configuration
from snapshots.engines.debezium.connect.client import ConnectClient, ConnectorInfo
from snapshots.engines.debezium.kafka import KafkaAccess
from snapshots.engines.debezium.source_database.dialect import DatabaseTables
from snapshots.engines.debezium.source_database.dialects import DIALECTS, Dialects, dialect_of
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.errors import ClusterUnreachableError, DatabaseUnreachableError, SecretError
from snapshots.identifiers import Clock, utc_now
from snapshots.model import Cluster
from snapshots.ports.cluster_observer import ObservedCluster, ObservedTopic
from snapshots.ports.unknown import Unknown
from snapshots.vocabulary import ConnectorKind

logger = logging.getLogger(__name__)

_UNEXPECTED = "it failed unexpectedly; see the log"


@dataclass(frozen=True, slots=True)
class _Common:
    """What all connectors of a cluster share while it is observed."""

    versions: Mapping[str, str] | Unknown
    existing: frozenset[str] | Unknown
    places: asyncio.Semaphore


class KafkaConnectObserver:
    """Implements the port ClusterObserver by Kafka Connect's REST API and the source databases."""

    def __init__(
        self,
        client: ConnectClient,
        opener: SourceOpener,
        *,
        list_topics: Callable[[KafkaAccess], Awaitable[frozenset[str] | Unknown]],
        dialects: Dialects = DIALECTS,
        concurrency: int = 8,
        clock: Clock = utc_now,
    ) -> None:
        """Look at `concurrency` connectors at once; `list_topics` tells the topics of a Kafka."""
        self._client = client
        self._list_topics = list_topics
        self._opener = opener
        self._dialects = dialects
        self._concurrency = concurrency
        self._clock = clock

    async def observe(self, cluster: Cluster, database_url_refs: Mapping[str, str]) -> ObservedCluster:
        """Return what `cluster` has; `database_url_refs` names each connector's reference to its credentials.

        Raises ClusterUnreachableError where the connectors cannot be listed. Whatever else cannot be read is unknown
        in the answer, and told in `unreadable`.
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
                group.create_task(self._read(cluster, info, database_url_refs.get(info.name), common))
                for info in connectors
            ]
        readings = [task.result() for task in tasks]
        return ObservedCluster(
            connectors=tuple(connector_of(reading, self._clock()) for reading in readings),
            topics=tuple(_first_of_each(topic for reading in readings for topic in topics_of(reading))),
            unreadable=(
                *unreadable_of_cluster(cluster.name, common.existing, readings),
                *(told for reading in readings for told in unreadable_of_connector(cluster.name, reading)),
            ),
        )

    async def _connectors(self, cluster: Cluster) -> list[ConnectorInfo] | ClusterUnreachableError:
        try:
            names = await self._client.connector_names(cluster)
            told = {info.name: info for info in await self._client.connectors(cluster)}
        except ClusterUnreachableError as error:
            return error  # raised by itself, not in a task group's group of errors
        return [told.get(name) or ConnectorInfo.named(name) for name in sorted({*names, *told})]

    async def _plugin_versions(self, cluster: Cluster) -> Mapping[str, str] | Unknown:
        try:
            return await self._client.plugin_versions(cluster)
        except ClusterUnreachableError as error:
            return Unknown(str(error))

    async def _existing_topics(self, cluster: Cluster) -> frozenset[str] | Unknown:
        access = KafkaAccess.to(cluster)
        return await self._list_topics(access) if access else frozenset()

    async def _read(
        self, cluster: Cluster, info: ConnectorInfo, reference: str | None, common: _Common
    ) -> ConnectorReading:
        database: DatabaseTables | Unknown | None = None
        written: frozenset[str] | Unknown = frozenset()
        if info.kind is ConnectorKind.SOURCE and info.is_described:
            async with common.places:
                database = await self._database(info, reference)
                written = await self._written_topics(cluster, info)
        return ConnectorReading(info, reference, database, written, common.existing, common.versions)

    async def _database(self, info: ConnectorInfo, reference: str | None) -> DatabaseTables | Unknown | None:
        read_tables = dialect_of(configuration.dialect(info.config), self._dialects).read_tables
        if reference is None or read_tables is None:
            return None
        try:
            return await read_tables(self._opener, reference, info.config)
        except DatabaseUnreachableError as error:
            return Unknown(error.reason)
        except SecretError as error:
            return Unknown(str(error).rstrip("."))
        except Exception:
            logger.exception("reading the database of connector %s failed unexpectedly", info.name)
            return Unknown(_UNEXPECTED)

    async def _written_topics(self, cluster: Cluster, info: ConnectorInfo) -> frozenset[str] | Unknown:
        try:
            return frozenset(await self._client.connector_topics(cluster, info.name) or ())
        except ClusterUnreachableError as error:
            return Unknown(str(error))


def _first_of_each(topics: Iterable[ObservedTopic]) -> list[ObservedTopic]:
    """Return the first topic of each name, in order of the names; one that was seen comes before one inferred."""
    found: dict[str, ObservedTopic] = {}
    for topic in sorted(topics, key=lambda topic: topic.inferred):
        found.setdefault(topic.name, topic)
    return [found[name] for name in sorted(found)]
