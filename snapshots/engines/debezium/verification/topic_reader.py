"""Reads the topics of tables for a verification: from a recorded start to the end, without a trace."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition, errors
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.protocol.metadata import MetadataRequest

from snapshots.engines.debezium.verification.topic_reading import Reading, Wanted
from snapshots.errors import UnreadableError
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.topic_reader import Offsets, TopicReading

_KAFKA_ERRORS = (errors.KafkaError, OSError, TimeoutError)
_REQUEST_SECONDS = 10.0


class KafkaTopicReader:
    """Implements the port TopicReader by aiokafka."""

    def __init__(
        self, *, idle_seconds: float = 2.0, stuck_seconds: float = 15.0, connection: Mapping[str, Any] | None = None
    ) -> None:
        """Take a topic as read when its end offset is passed and nothing has come for `idle_seconds`.

        Where it is not passed, and nothing has come for `stuck_seconds`, the reading ends with an obstacle.
        `connection` holds aiokafka's options for security (`security_protocol`, `ssl_context`, `sasl_*`).
        """
        self._idle_seconds = idle_seconds
        self._stuck_seconds = stuck_seconds
        self._connection = dict(connection or {})

    async def ends(self, cluster: Cluster, topics: Sequence[str]) -> Mapping[str, Offsets]:
        """Return the end offsets of each of `topics`; empty for a topic that does not exist. Raises UnreadableError."""
        bootstrap = _bootstrap(cluster)
        partitions = await self._partitions(bootstrap, topics)
        every = [partition for found in partitions.values() for partition in found]
        if not every:
            return {name: {} for name in partitions}
        async with self._consumer(bootstrap) as consumer:
            ends = await consumer.end_offsets(every)
        return {name: {one.partition: ends[one] for one in found} for name, found in partitions.items()}

    @asynccontextmanager
    async def read(
        self, source: SourceConnector, topic: str, collection: str, *, start: Offsets | None, since: datetime
    ) -> AsyncIterator[TopicReading]:
        """Read `topic` from `start`, or where that is None or means nothing from shortly before `since` on.

        Only events of the source's `collection` are handed over. Raises UnreadableError.
        """
        bootstrap = _bootstrap(source.cluster)
        partitions = (await self._partitions(bootstrap, [topic]))[topic]
        if not partitions:
            raise UnreadableError(f"the topic {topic} does not exist")
        compacted = await self._is_compacted(bootstrap, topic)
        async with self._consumer(bootstrap) as consumer:
            consumer.assign(partitions)
            wanted = Wanted(collection, source.topic_prefix)
            reading = Reading(consumer, partitions, wanted, self._idle_seconds, self._stuck_seconds)
            await reading.begin(start, since)
            if compacted:
                reading.obstacles.append("the topic is compacted")
            reading.tells_compaction = compacted is not None
            yield reading

    @asynccontextmanager
    async def _consumer(self, bootstrap: str) -> AsyncIterator[Any]:
        consumer: Any = AIOKafkaConsumer(  # type: ignore[no-untyped-call]
            bootstrap_servers=bootstrap,
            client_id="topicsnap",
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            request_timeout_ms=int(_REQUEST_SECONDS * 1000),
            **self._connection,
        )
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                await consumer.start()
            # aiokafka's stop() raises CancelledError where a task that start() made has not run yet.
            await asyncio.sleep(0)
            yield consumer
        except _KAFKA_ERRORS as error:
            raise _unreadable(error) from error
        finally:
            await consumer.stop()

    async def _partitions(self, bootstrap: str, topics: Sequence[str]) -> dict[str, list[TopicPartition]]:
        """Return the partitions of each of `topics`, asked so that no broker creates what does not exist."""
        client: Any = AIOKafkaClient(  # type: ignore[no-untyped-call]
            bootstrap_servers=bootstrap,
            client_id="topicsnap",
            request_timeout_ms=int(_REQUEST_SECONDS * 1000),
            **self._connection,
        )
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                await client.bootstrap()
                broker = client.get_random_node()
                response = await client.send(broker, MetadataRequest(list(topics), allow_auto_topic_creation=False))
        except _KAFKA_ERRORS as error:
            raise _unreadable(error) from error
        finally:
            await client.close()
        metadata: Any = ClusterMetadata()  # type: ignore[no-untyped-call]
        metadata.update_metadata(response)
        return {
            topic: [TopicPartition(topic, number) for number in sorted(metadata.partitions_for_topic(topic) or ())]
            for topic in topics
        }

    async def _is_compacted(self, bootstrap: str, topic: str) -> bool | None:
        """Whether the broker takes away records that later ones of their key replace; None where it does not tell."""
        admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="topicsnap", **self._connection)
        resource: Any = ConfigResource(ConfigResourceType.TOPIC, topic)  # type: ignore[no-untyped-call]
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                await admin.start()
                answers = await admin.describe_configs([resource])
        except _KAFKA_ERRORS:
            return None
        finally:
            await admin.close()
        entries = {entry[0]: entry[1] for answer in answers for resource in answer.resources for entry in resource[4]}
        policy = entries.get("cleanup.policy")
        return None if policy is None else "compact" in policy


def _bootstrap(cluster: Cluster) -> str:
    if not cluster.kafka_bootstrap:
        raise UnreadableError(f"the Kafka bootstrap servers of cluster {cluster.name} are not known")
    return cluster.kafka_bootstrap


def _unreadable(error: Exception) -> UnreadableError:
    if isinstance(error, errors.OffsetOutOfRangeError):
        return UnreadableError("the topic's records were deleted while it was read", passing=True)
    if isinstance(error, errors.TopicAuthorizationFailedError):
        return UnreadableError("the topic may not be read")
    return UnreadableError(f"Kafka cannot be read ({type(error).__name__})", passing=True)
