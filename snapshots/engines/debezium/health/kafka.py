"""Looks at a connector's topics on Kafka for the health checks: reads only, joins no group, and creates no topic."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition, errors
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.protocol.metadata import MetadataRequest

from snapshots.ports.inspector import InspectedKafka, InspectedReading, InspectedTopic
from snapshots.ports.unknown import Unknown

_POLL_MS = 400
_MOST_RECORDS = 5_000
_MOST_POISON = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class KafkaLookError(Exception):
    """Kafka could not be asked; the message is a sentence without secrets."""


@dataclass(frozen=True, slots=True)
class WantedTopics:
    """What is to be looked for."""

    signal_topic: str | None
    notification_topic: str | None
    prefix: str | None
    """The key of the connector's signals."""
    group: str
    """The consumer group in which it reads them."""


class KafkaLook:
    """Asks Kafka clusters; a connection of its own for each look, closed after it."""

    def __init__(self, *, timeout_seconds: float = 6.0, connection: Mapping[str, Any] | None = None) -> None:
        """Take at most `timeout_seconds` for a look; `connection` holds aiokafka's options for security."""
        self._timeout_seconds = timeout_seconds
        self._connection = dict(connection or {})

    async def observe(self, bootstrap: str, wanted: WantedTopics) -> InspectedKafka:
        """Return what the Kafka behind `bootstrap` tells. Raises KafkaLookError."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._observe(bootstrap, wanted)
        except TimeoutError:
            raise KafkaLookError(f"Kafka did not answer within {self._timeout_seconds:g} s.") from None
        except (errors.KafkaError, OSError, ValueError) as error:
            raise KafkaLookError(f"Kafka cannot be asked ({type(error).__name__}).") from None

    async def _observe(self, bootstrap: str, wanted: WantedTopics) -> InspectedKafka:
        names = [name for name in (wanted.signal_topic, wanted.notification_topic) if name]
        partitions = await self._partitions(bootstrap, names)
        signal = wanted.signal_topic if partitions.get(wanted.signal_topic or "") else None
        notification = partitions.get(wanted.notification_topic or "", 0)
        if signal is None:
            return InspectedKafka(
                None, InspectedTopic(notification) if notification else None, Unknown("There is no signal topic.")
            )
        admin: Any = AIOKafkaAdminClient(
            bootstrap_servers=bootstrap,
            client_id="topicsnap",
            request_timeout_ms=int(self._timeout_seconds * 1000),
            **self._connection,
        )
        try:
            await admin.start()
            config = await _topic_config(admin, signal)
            committed = await _committed(admin, wanted.group, signal)
        finally:
            await admin.close()
        reading: InspectedReading | Unknown
        if isinstance(committed, Unknown):
            reading = committed
        else:
            reading = await self._reading(bootstrap, signal, wanted.prefix or "", committed)
        retention = config.get("retention.ms")
        topic = InspectedTopic(
            partitions[signal],
            retention_ms=int(retention) if retention and retention.lstrip("-").isdigit() else None,
            cleanup_policy=config.get("cleanup.policy"),
        )
        return InspectedKafka(topic, InspectedTopic(notification) if notification else None, reading)

    async def _partitions(self, bootstrap: str, names: list[str]) -> dict[str, int]:
        """Return how many partitions each of `names` has; a topic that does not exist is absent, and is not made."""
        client: Any = AIOKafkaClient(  # type: ignore[no-untyped-call]
            bootstrap_servers=bootstrap,
            client_id="topicsnap",
            request_timeout_ms=int(self._timeout_seconds * 1000),
            **self._connection,
        )
        try:
            await client.bootstrap()
            node = client.get_random_node()
            response = await client.send(node, MetadataRequest(names, allow_auto_topic_creation=False))
        finally:
            await client.close()
        cluster: Any = ClusterMetadata()  # type: ignore[no-untyped-call]
        cluster.update_metadata(response)
        return {name: len(found) for name in names if (found := cluster.partitions_for_topic(name))}

    async def _reading(self, bootstrap: str, topic: str, prefix: str, committed: int | None) -> InspectedReading:
        """Read what the connector has not read yet, up to a moment of silence: end offsets can be wrong."""
        consumer: Any = AIOKafkaConsumer(  # type: ignore[no-untyped-call]
            bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest", **self._connection
        )
        poison: list[int] = []
        unread: tuple[int, datetime] | None = None
        try:
            await consumer.start()
            partition = TopicPartition(topic, 0)
            consumer.assign([partition])
            if committed is None:
                await consumer.seek_to_beginning(partition)
            else:
                consumer.seek(partition, committed)
            seen = 0
            while seen < _MOST_RECORDS:
                batch = (await consumer.getmany(timeout_ms=_POLL_MS)).get(partition, [])
                if not batch:
                    break
                seen += len(batch)
                for record in batch:
                    if record.key != prefix.encode():
                        continue
                    if unread is None:
                        unread = record.offset, _EPOCH + timedelta(milliseconds=max(0, record.timestamp))
                    if len(poison) < _MOST_POISON and is_poison(record.value):
                        poison.append(record.offset)
        finally:
            await consumer.stop()
        offset, since = unread or (None, None)
        return InspectedReading(committed, tuple(poison), offset, since)


def is_poison(value: bytes | None) -> bool:
    """Whether a signal record ends Debezium's reading of signals: its `data` is no JSON object (seen on 3.6).

    What is no JSON at all is logged by Debezium and passed over (code: `KafkaSignalChannel.processSignal`).
    """
    try:
        document = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return False
    return isinstance(document, dict) and not isinstance(document.get("data"), dict)


async def _topic_config(admin: Any, topic: str) -> dict[str, str]:  # noqa: ANN401 - aiokafka ships no types
    """Return the topic's configuration; empty where the broker does not tell it."""
    try:
        resource = ConfigResource(ConfigResourceType.TOPIC, topic)  # type: ignore[no-untyped-call]
        answers = await admin.describe_configs([resource])
    except (errors.KafkaError, ValueError):
        return {}
    return {
        entry[0]: entry[1]
        for answer in answers
        for resource in answer.resources
        if resource[0] == 0
        for entry in resource[4]
        if entry[1] is not None
    }


async def _committed(admin: Any, group: str, topic: str) -> int | Unknown | None:  # noqa: ANN401
    """Return the group's offset in partition 0; None where it has committed none."""
    partition = TopicPartition(topic, 0)
    try:
        offsets = await admin.list_consumer_group_offsets(group, partitions=[partition])
    except (errors.KafkaError, ValueError, AttributeError) as error:  # its own error path reads a field that is not
        return Unknown(f"Kafka does not tell how far signals were read ({type(error).__name__}).")
    found = offsets.get(partition)
    return found.offset if found is not None and found.offset >= 0 else None
