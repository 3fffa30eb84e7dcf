"""Looks at a connector's topics on Kafka for the health checks: reads only, joins no group, and creates no topic."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from aiokafka import TopicPartition, errors

from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients
from snapshots.engines.debezium.kafka_metadata import configuration_of, partitions_of
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

    def __init__(self, clients: KafkaClients, *, timeout_seconds: float = 6.0) -> None:
        """Take at most `timeout_seconds` for a look."""
        self._clients = clients
        self._timeout_seconds = timeout_seconds

    async def observe(self, access: KafkaAccess, wanted: WantedTopics) -> InspectedKafka:
        """Return what that Kafka tells. Raises KafkaLookError."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await self._observe(access, wanted)
        except TimeoutError:
            raise KafkaLookError(f"Kafka did not answer within {self._timeout_seconds:g} s.") from None
        except (errors.KafkaError, OSError, ValueError) as error:
            raise KafkaLookError(f"Kafka cannot be asked ({type(error).__name__}).") from None

    async def _observe(self, access: KafkaAccess, wanted: WantedTopics) -> InspectedKafka:
        names = [name for name in (wanted.signal_topic, wanted.notification_topic) if name]
        async with self._clients.connected(access, timeout_seconds=self._timeout_seconds) as client:
            partitions = {name: len(found) for name, found in (await partitions_of(client, names)).items()}
        signal = wanted.signal_topic if partitions.get(wanted.signal_topic or "") else None
        notification = partitions.get(wanted.notification_topic or "", 0)
        if signal is None:
            return InspectedKafka(
                None, InspectedTopic(notification) if notification else None, Unknown("There is no signal topic.")
            )
        async with self._clients.administering(access, timeout_seconds=self._timeout_seconds) as admin:
            config = await _topic_config(admin, signal)
            committed = await _committed(admin, wanted.group, signal)
        reading: InspectedReading | Unknown
        if isinstance(committed, Unknown):
            reading = committed
        else:
            reading = await self._reading(access, signal, wanted.prefix or "", committed)
        retention = config.get("retention.ms")
        topic = InspectedTopic(
            partitions[signal],
            retention_ms=int(retention) if retention and retention.lstrip("-").isdigit() else None,
            cleanup_policy=config.get("cleanup.policy"),
        )
        return InspectedKafka(topic, InspectedTopic(notification) if notification else None, reading)

    async def _reading(self, access: KafkaAccess, topic: str, prefix: str, committed: int | None) -> InspectedReading:
        """Read what the connector has not read yet, up to a moment of silence: end offsets can be wrong."""
        poison: list[int] = []
        unread: tuple[int, datetime] | None = None
        async with self._clients.reading(access, timeout_seconds=self._timeout_seconds) as consumer:
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
        return await configuration_of(admin, topic)
    except (errors.KafkaError, ValueError):
        return {}


async def _committed(admin: Any, group: str, topic: str) -> int | Unknown | None:  # noqa: ANN401
    """Return the group's offset in partition 0; None where it has committed none."""
    partition = TopicPartition(topic, 0)
    try:
        offsets = await admin.list_consumer_group_offsets(group, partitions=[partition])
    except (errors.KafkaError, ValueError, AttributeError) as error:  # its own error path reads a field that is not
        return Unknown(f"Kafka does not report how far signals were read ({type(error).__name__}).")
    found = offsets.get(partition)
    return found.offset if found is not None and found.offset >= 0 else None
