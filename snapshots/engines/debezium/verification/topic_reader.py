"""Reads the topics of tables for a verification: from a recorded start to the end, without a trace."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiokafka import TopicPartition, errors

from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients
from snapshots.engines.debezium.kafka_metadata import configuration_of, partitions_of
from snapshots.engines.debezium.verification.topic_reading import EventSelection, KafkaTopicReading
from snapshots.errors import UnreadableError
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.topic_reader import Offsets, TopicReading

_KAFKA_ERRORS = (errors.KafkaError, OSError, TimeoutError)
_REQUEST_SECONDS = 10.0


class KafkaTopicReader:
    """Implements the port TopicReader by aiokafka."""

    def __init__(self, clients: KafkaClients, *, idle_seconds: float = 2.0, stuck_seconds: float = 15.0) -> None:
        """Take a topic as read when its end offset is passed and nothing has come for `idle_seconds`.

        Where it is not passed, and nothing has come for `stuck_seconds`, the reading ends with an obstacle.
        """
        self._clients = clients
        self._idle_seconds = idle_seconds
        self._stuck_seconds = stuck_seconds

    async def ends(self, cluster: Cluster, topics: Sequence[str]) -> Mapping[str, Offsets]:
        """Return the end offsets of each of `topics`; empty for a topic that does not exist. Raises UnreadableError."""
        access = _access(cluster)
        partitions = await self._partitions(access, topics)
        every = [partition for found in partitions.values() for partition in found]
        if not every:
            return {name: {} for name in partitions}
        async with self._consumer(access) as consumer:
            ends = await consumer.end_offsets(every)
        return {name: {one.partition: ends[one] for one in found} for name, found in partitions.items()}

    @asynccontextmanager
    async def read(
        self, source: SourceConnector, topic: str, collection: str, *, start: Offsets | None, since: datetime
    ) -> AsyncIterator[TopicReading]:
        """Read `topic` from `start`, or where that is None or means nothing from shortly before `since` on.

        Only events of the source's `collection` are handed over. Raises UnreadableError.
        """
        access = _access(source.cluster)
        partitions = (await self._partitions(access, [topic]))[topic]
        if not partitions:
            raise UnreadableError(f"the topic {topic} does not exist")
        compacted = await self._is_compacted(access, topic)
        async with self._consumer(access) as consumer:
            consumer.assign(partitions)
            wanted = EventSelection(collection, source.topic_prefix)
            reading = KafkaTopicReading(consumer, partitions, wanted, self._idle_seconds, self._stuck_seconds)
            await reading.begin(start, since)
            if compacted:
                reading.obstacles.append("the topic is compacted")
            reading.tells_compaction = compacted is not None
            yield reading

    @asynccontextmanager
    async def _consumer(self, access: KafkaAccess) -> AsyncIterator[Any]:
        try:
            async with self._clients.reading(
                access,
                timeout_seconds=_REQUEST_SECONDS,
                auto_offset_reset="none",
                isolation_level="read_committed",
            ) as consumer:
                yield consumer
        except _KAFKA_ERRORS as error:
            raise _unreadable(error) from error

    async def _partitions(self, access: KafkaAccess, topics: Sequence[str]) -> dict[str, list[TopicPartition]]:
        """Return the partitions of each of `topics`; none for a topic that does not exist."""
        try:
            async with (
                asyncio.timeout(_REQUEST_SECONDS),
                self._clients.connected(access, timeout_seconds=_REQUEST_SECONDS) as client,
            ):
                found = await partitions_of(client, topics)
        except _KAFKA_ERRORS as error:
            raise _unreadable(error) from error
        return {topic: [TopicPartition(topic, number) for number in numbers] for topic, numbers in found.items()}

    async def _is_compacted(self, access: KafkaAccess, topic: str) -> bool | None:
        """Whether the broker takes away records that later ones of their key replace; None where it does not tell."""
        try:
            async with (
                asyncio.timeout(_REQUEST_SECONDS),
                self._clients.administering(access, timeout_seconds=_REQUEST_SECONDS) as admin,
            ):
                policy = (await configuration_of(admin, topic)).get("cleanup.policy")
        except _KAFKA_ERRORS:
            return None
        return None if policy is None else "compact" in policy


def _access(cluster: Cluster) -> KafkaAccess:
    access = KafkaAccess.to(cluster)
    if access is None:
        raise UnreadableError(f"the Kafka bootstrap servers of cluster {cluster.name} are not known")
    return access


def _unreadable(error: Exception) -> UnreadableError:
    if isinstance(error, errors.OffsetOutOfRangeError):
        return UnreadableError("the topic's records were deleted while it was read", passing=True)
    if isinstance(error, errors.TopicAuthorizationFailedError):
        return UnreadableError("the topic may not be read")
    return UnreadableError(f"Kafka cannot be read ({type(error).__name__})", passing=True)
