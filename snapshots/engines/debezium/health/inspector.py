"""Looks at everything that a connector's signalling takes: Kafka Connect, Kafka, the source database.

Implements the port SignallingInspector: bounded in number and time, shared and kept for seconds. What cannot be
reached is told as Unknown; configurations, which hold passwords, stay in here.
"""

import asyncio
import logging
import re
from collections.abc import Sequence

from snapshots.engines.debezium.configuration import capture
from snapshots.engines.debezium.configuration.health_settings import connector_settings, signal_group
from snapshots.engines.debezium.configuration.properties import (
    Config,
    enabled_channels,
    signal_collection,
    signal_topic,
)
from snapshots.engines.debezium.connect.client import ConnectClient, ConnectorInfo
from snapshots.engines.debezium.connect.shared_answers import SharedAnswers
from snapshots.engines.debezium.health.kafka import KafkaLook, KafkaLookError, WantedTopics
from snapshots.engines.debezium.kafka import KafkaAccess
from snapshots.engines.debezium.source_database.dialect import WantedParts
from snapshots.engines.debezium.source_database.dialects import DIALECTS, Dialects, dialect_of
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.errors import ClusterUnreachableError, DatabaseUnreachableError, SecretError
from snapshots.identifiers import Clock, utc_now
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.inspector import (
    ConnectorSettings,
    InspectedConnector,
    InspectedDatabase,
    InspectedKafka,
    InspectedSignalling,
)
from snapshots.ports.unknown import Unknown
from snapshots.vocabulary import ConnectorKind

logger = logging.getLogger(__name__)

_KEPT_SECONDS = 3.0
_SECRET = re.compile(r"pass|secret|token|credential|jaas|key$", re.IGNORECASE)
_SHORTEST_SECRET = 3
_LEFT_OUT = "Kafka Connect did not report the connector's configuration; this can happen while it rebalances."
_UNEXPECTED = "Looking failed unexpectedly; see the log."

_Key = tuple[SourceConnector, tuple[str, ...]]


class DebeziumInspector:
    """Inspects connectors of Debezium on Kafka Connect."""

    def __init__(
        self,
        client: ConnectClient,
        opener: SourceOpener,
        *,
        kafka: KafkaLook,
        dialects: Dialects = DIALECTS,
        concurrency: int = 8,
        timeout_seconds: float = 15.0,
        kept_seconds: float = _KEPT_SECONDS,
        clock: Clock = utc_now,
    ) -> None:
        """Look at `concurrency` sources at once, each part within `timeout_seconds`; keep it for `kept_seconds`."""
        self._client = client
        self._opener = opener
        self._dialects = dialects
        self._kafka = kafka
        self._places = asyncio.Semaphore(concurrency)
        self._timeout_seconds = timeout_seconds
        self._clock = clock
        self._listings: SharedAnswers[Cluster, dict[str, ConnectorInfo] | Unknown] = SharedAnswers(
            ttl_seconds=kept_seconds
        )
        self._observed: SharedAnswers[_Key, InspectedSignalling] = SharedAnswers(ttl_seconds=kept_seconds)

    async def inspect(self, source: SourceConnector, collections: Sequence[str]) -> InspectedSignalling:
        """Return what is seen of `source`; `collections` are those of its topics. Reports expected failures in it."""
        key = source, tuple(collections)
        return await self._observed.get(key, lambda: self._inspect(*key))

    async def close(self) -> None:
        """Give up what is under way."""
        await self._observed.close()
        await self._listings.close()

    async def _inspect(self, source: SourceConnector, collections: tuple[str, ...]) -> InspectedSignalling:
        async with self._places:
            listing = await self._listings.get(source.cluster, lambda: self._listing(source.cluster))
            info = listing if isinstance(listing, Unknown) else listing.get(source.name)
            if isinstance(info, ConnectorInfo) and not info.is_described:
                info = Unknown(_LEFT_OUT)
            config = info.config if isinstance(info, ConnectorInfo) else {}
            settings = connector_settings(config) if config else None
            async with asyncio.TaskGroup() as group:
                kafka = group.create_task(self._look_at_kafka(source, settings))
                database = group.create_task(self._look_into_database(source, settings, config, collections))
            connector = info if isinstance(info, Unknown) else None
            return InspectedSignalling(
                source=source,
                observed_at=self._clock(),
                connector=_observed(info, listing, collections)
                if isinstance(info, ConnectorInfo) and isinstance(listing, dict)
                else connector,
                kafka=kafka.result(),
                database=database.result(),
            )

    async def _listing(self, cluster: Cluster) -> dict[str, ConnectorInfo] | Unknown:
        try:
            async with asyncio.timeout(self._timeout_seconds):
                connectors = await self._client.connectors(cluster)
                if any(info.version is None for info in connectors):
                    versions = await self._client.plugin_versions(cluster)
                    connectors = [_with_version(info, versions.get(info.connector_class or "")) for info in connectors]
        except TimeoutError:
            return Unknown(f"Kafka Connect of cluster {cluster.name} did not answer in time.")
        except ClusterUnreachableError as error:
            return Unknown(str(error))
        except Exception:
            logger.exception("looking at Kafka Connect of cluster %s failed unexpectedly", cluster.name)
            return Unknown(_UNEXPECTED)
        return {info.name: info for info in connectors}

    async def _look_at_kafka(
        self, source: SourceConnector, settings: ConnectorSettings | None
    ) -> InspectedKafka | Unknown | None:
        wanted = WantedTopics(
            signal_topic=settings.signal_topic if settings else source.signal_topic,
            notification_topic=settings.notification_topic if settings else source.notification_topic,
            prefix=settings.topic_prefix if settings else source.topic_prefix,
            group=settings.signal_group if settings else "",
        )
        if wanted.signal_topic is None and wanted.notification_topic is None:
            return None
        access = KafkaAccess.to(source.cluster)
        if access is None:
            return Unknown(f"Kafka's bootstrap servers are not known for cluster {source.cluster.name}.")
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._kafka.observe(access, wanted)
        except TimeoutError:
            return Unknown("Kafka did not answer in time.")
        except KafkaLookError as error:
            return Unknown(str(error))
        except Exception:
            logger.exception("looking at the topics of %s failed unexpectedly", source.name)
            return Unknown(_UNEXPECTED)

    async def _look_into_database(
        self,
        source: SourceConnector,
        settings: ConnectorSettings | None,
        config: Config,
        collections: tuple[str, ...],
    ) -> InspectedDatabase | Unknown | None:
        inspect = dialect_of(source.dialect, self._dialects).inspect
        if inspect is None:
            return None
        if source.database_url_ref is None:
            return Unknown("No reference to the database's credentials is known, so nothing was looked at in it.")
        wanted = WantedParts(
            signal_collection=settings.signal_collection if settings else source.signal_collection,
            publication=settings.publication if settings else None,
            slot=settings.slot if settings else None,
            connector_user=config.get("database.user"),
            collections=collections,
        )
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await inspect(self._opener, source.database_url_ref, wanted)
        except TimeoutError:
            return Unknown("The source database did not answer in time.")
        except (SecretError, DatabaseUnreachableError) as error:
            return Unknown(str(error))
        except Exception:
            logger.exception("looking into the database of %s failed unexpectedly", source.name)
            return Unknown(_UNEXPECTED)


def _observed(
    info: ConnectorInfo, listing: dict[str, ConnectorInfo], collections: tuple[str, ...]
) -> InspectedConnector:
    config = info.config
    captured = capture.captures(config)
    collection = signal_collection(config)
    sharers = _group_sharers(info, listing)
    return InspectedConnector(
        state=info.state,
        trace=_redacted(info.trace, config),
        version=info.version,
        settings=connector_settings(config),
        group_sharers=tuple(other.name for other in sharers),
        topic_sharers=tuple(other.name for other in sharers if signal_topic(other.config) == signal_topic(config)),
        signal_table_captured=None if captured is None or collection is None else captured(collection),
        uncaptured=() if captured is None else tuple(name for name in collections if not captured(name)),
    )


def _redacted(trace: str | None, config: Config) -> str | None:
    """Return `trace` without any secret of the configuration, should the error have quoted one."""
    for name, value in config.items():
        if trace and _SECRET.search(name) and len(value) >= _SHORTEST_SECRET:
            trace = trace.replace(value, "***")
    return trace


def _group_sharers(info: ConnectorInfo, listing: dict[str, ConnectorInfo]) -> list[ConnectorInfo]:
    if not _reads_kafka(info):
        return []
    group = signal_group(info.config)
    others = (other for name, other in sorted(listing.items()) if name != info.name and _reads_kafka(other))
    return [other for other in others if signal_group(other.config) == group]


def _reads_kafka(info: ConnectorInfo) -> bool:
    return info.kind is ConnectorKind.SOURCE and "kafka" in enabled_channels(info.config)


def _with_version(info: ConnectorInfo, version: str | None) -> ConnectorInfo:
    if info.version is not None or version is None:
        return info
    return ConnectorInfo(info.name, info.kind, info.connector_class, version, info.state, info.trace, info.config)
