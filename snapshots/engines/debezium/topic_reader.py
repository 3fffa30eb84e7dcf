"""Reads the topics of tables for a verification: from a recorded start to the end, without a trace.

Brokers differ in what they say of the end. Apache Kafka tells the offset after the last record; Tansu 0.6 (the
sandbox's broker) counts the last batch as one record, so that its end offsets are too low by the rest of it (seen by
test). So a reading goes on beyond the end offset until nothing has come for `idle_seconds`. Gaps between offsets are no
losses: transactions leave markers there, and compaction takes records away, which the topic's configuration tells.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition, errors
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.protocol.metadata import MetadataRequest

from snapshots.arrivals import TopicEvent
from snapshots.engines.debezium.row_events import read_event
from snapshots.model import Cluster
from snapshots.verdicts import Offsets
from snapshots.verification_ports import KeyShape, TopicReading, UnreadableError

_KAFKA_ERRORS = (errors.KafkaError, OSError, TimeoutError)
_REQUEST_SECONDS = 10.0
_BATCH = 1000
_POLL_MS = 250
_MAX_SHAPES = 2


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
        async with self._consumer(bootstrap) as consumer:
            ends = await consumer.end_offsets(every) if every else {}
        return {name: {one.partition: ends[one] for one in found} for name, found in partitions.items()}

    @asynccontextmanager
    async def read(
        self, cluster: Cluster, topic: str, collection: str, *, start: Offsets | None, since: datetime
    ) -> AsyncIterator[TopicReading]:
        """Read `topic` from `start`, or where that is None from the records of `since` on.

        Only events of `collection` are handed over, where they say of what they are. Raises UnreadableError.
        """
        bootstrap = _bootstrap(cluster)
        partitions = (await self._partitions(bootstrap, [topic]))[topic]
        if not partitions:
            raise UnreadableError(f"the topic {topic} does not exist")
        compacted = await self._is_compacted(bootstrap, topic)
        async with self._consumer(bootstrap) as consumer:
            consumer.assign(partitions)
            reading = _Reading(consumer, partitions, collection, self._idle_seconds, self._stuck_seconds)
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
            request_timeout_ms=int(_REQUEST_SECONDS * 1000),
            **self._connection,
        )
        try:
            async with asyncio.timeout(_REQUEST_SECONDS):
                await consumer.start()
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


class _Reading:
    """One consumer on its way through one topic; implements the port TopicReading."""

    def __init__(
        self,
        consumer: Any,  # noqa: ANN401 - aiokafka ships no types
        partitions: Sequence[TopicPartition],
        collection: str,
        idle_seconds: float,
        stuck_seconds: float,
    ) -> None:
        self._consumer = consumer
        self._partitions = list(partitions)
        self._collection = collection
        self._idle_seconds = idle_seconds
        self._stuck_seconds = stuck_seconds
        self._next: dict[TopicPartition, int] = {}
        self._shapes: set[KeyShape] = set()
        self._has_gaps = False
        self.tells_compaction = True
        self.obstacles: list[str] = []

    @property
    def shapes(self) -> frozenset[KeyShape]:
        return frozenset(self._shapes)

    @property
    def positions(self) -> Offsets:
        return {partition.partition: offset for partition, offset in self._next.items()}

    async def begin(self, start: Offsets | None, since: datetime) -> None:
        """Go to where the reading starts."""
        beginnings = await self._consumer.beginning_offsets(self._partitions)
        ends = await self._consumer.end_offsets(self._partitions)
        wanted = await self._since(since, ends) if start is None else start
        for partition in self._partitions:
            offset = wanted.get(partition.partition, 0)
            if start is not None and offset > ends[partition]:
                self.obstacles.append("the topic was deleted and made anew since the snapshot")
                offset = beginnings[partition]
            elif offset < beginnings[partition]:
                if start is not None and partition.partition in start:
                    self.obstacles.append("the topic's retention has passed over the snapshot")
                offset = beginnings[partition]
            self._consumer.seek(partition, offset)
            self._next[partition] = offset

    async def _since(self, since: datetime, ends: Mapping[TopicPartition, int]) -> dict[int, int]:
        moment = int(since.timestamp() * 1000)
        found = await self._consumer.offsets_for_times(dict.fromkeys(self._partitions, moment))
        return {one.partition: found[one].offset if found.get(one) else ends[one] for one in self._partitions}

    async def advance(self, see: Callable[[TopicEvent], None]) -> None:
        """Read on to the end that the topic has now, and hand over each event. Raises UnreadableError."""
        ends = await self._consumer.end_offsets(self._partitions)
        loop = asyncio.get_running_loop()
        came = loop.time()
        passed: float | None = None
        while True:
            records = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=_BATCH)
            now = loop.time()
            for partition, batch in records.items():
                came = now
                for record in batch:
                    self._see(partition, record, see)
            if passed is None and await self._has_passed(ends):
                passed = now
            quiet = now - came
            if passed is not None and (quiet >= self._idle_seconds or now - passed >= 3 * self._idle_seconds):
                break
            if quiet >= self._stuck_seconds:
                self.obstacles.append("the topic could not be read to its end")
                break
        if self._has_gaps and not self.tells_compaction:
            self.obstacles.append("offsets are missing, and the broker does not tell whether it compacts the topic")

    async def _has_passed(self, ends: Mapping[TopicPartition, int]) -> bool:
        return all([await self._consumer.position(one) >= ends[one] for one in self._partitions])

    def _see(self, partition: TopicPartition, record: Any, see: Callable[[TopicEvent], None]) -> None:  # noqa: ANN401
        self._has_gaps = self._has_gaps or record.offset != self._next[partition]
        self._next[partition] = record.offset + 1
        found = read_event(record.key, record.value, self._collection)
        if found is None:
            return
        event, shape = found
        if shape is not None and len(self._shapes) < _MAX_SHAPES:
            self._shapes.add(shape)
        see(event)


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
