"""Sends signals over Kafka (Debezium's channel `kafka`), and proves whether one has arrived.

The rules were seen on Debezium 3.6 (docs/debezium.md): only partition 0 is read; the key must be the connector's
`topic.prefix`; `data` must be an object, or the connector silently reads no signal any more until it is restarted; and
a signal that is there twice runs twice.
"""

import asyncio
import secrets
from collections.abc import Callable
from datetime import timedelta

import orjson
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients
from snapshots.engines.debezium.signal_channels.single_append import SingleAppends
from snapshots.errors import SourceError, TopicsnapError
from snapshots.identifiers import time_of
from snapshots.model import SourceConnector
from snapshots.ports.signal_channel import OutgoingSignal, Presence, Receipt
from snapshots.vocabulary import SnapshotErrorCode

FENCE_KEY = b"topicsnap-fence"
"""Key of the markers that `find` writes: no connector's prefix, so that Debezium passes them over unread."""
FENCE_TYPE = "topicsnap-fence"

_CLOCK_TOLERANCE = timedelta(minutes=1)
"""How far the clocks of those who write to a signal topic may be apart."""


class ReadingAccount:
    """Keeps account of whether every record was read that a topic has had since a signal was made."""

    def __init__(self, signal_id: str) -> None:
        """Begin before the first record; without a time in the id, only a whole topic will do."""
        self._made_at = time_of(signal_id)
        self._following: int | None = None
        self.has_gap = False
        """Whether a record may be missing: deleted by retention, compacted, or passed over."""

    def add(self, offset: int, timestamp_ms: int) -> None:
        """Account for the next record that was read."""
        if self._following is None:
            # What was deleted before a record that is older than the signal cannot be the signal.
            self.has_gap = offset > 0 and not self._is_older(timestamp_ms)
        elif offset != self._following:
            self.has_gap = True
        self._following = offset + 1

    def _is_older(self, timestamp_ms: int) -> bool:
        if self._made_at is None or timestamp_ms <= 0:
            return False
        return timestamp_ms / 1000 < (self._made_at - _CLOCK_TOLERANCE).timestamp()


class SignalTopicChannel:
    """Hands signals to connectors over their signal topics. What is sent twice is there twice: see `SingleAppends`."""

    def __init__(
        self,
        clients: KafkaClients,
        appends: SingleAppends | None = None,
        *,
        find_timeout_seconds: float = 9.0,
        random_token: Callable[[], str] = lambda: secrets.token_hex(16),
    ) -> None:
        """Send by `appends`, and give up a search after `find_timeout_seconds`."""
        self._clients = clients
        self._appends = appends or SingleAppends(clients)
        self._find_timeout_seconds = find_timeout_seconds
        self._random_token = random_token

    async def send(self, source: SourceConnector, signal: OutgoingSignal) -> Receipt:
        """Append `signal` to the signal topic of `source`, once; the receipt names topic, partition and offset.

        Raises SourceError where it is certain that nothing was appended (an unknown topic is not created),
        UnconfirmedError where Kafka did not confirm.
        """
        access, topic, prefix = _destination(source)
        offset = await self._appends.append(access, topic, key=prefix.encode(), value=signal_value(signal))
        return Receipt(f"{topic}/0@{offset}")

    async def find(self, source: SourceConnector, signal: OutgoingSignal) -> Presence:
        """Read the signal topic from its beginning to a marker that is appended now: end offsets can be wrong.

        ABSENT only where no offset is missing, and nothing of the signal's time can have been deleted.
        """
        try:
            access, topic, _ = _destination(source)
            async with asyncio.timeout(self._find_timeout_seconds):
                token = f"{FENCE_TYPE}-{self._random_token()}"
                fence = signal_value(OutgoingSignal(token, FENCE_TYPE, "{}"))
                end = await self._appends.append(access, topic, key=FENCE_KEY, value=fence)
                return await self._search(access, topic, signal, end)
        except (TopicsnapError, KafkaError, OSError, TimeoutError):
            return Presence.UNKNOWN

    async def close(self) -> None:
        """Close the connections to Kafka."""
        await self._appends.close()

    async def _search(self, access: KafkaAccess, topic: str, signal: OutgoingSignal, end: int) -> Presence:
        async with self._clients.reading(access, timeout_seconds=self._find_timeout_seconds) as consumer:
            partition = TopicPartition(topic, 0)
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            account = ReadingAccount(signal.id)
            async for record in consumer:
                if _id_of(record.value) == signal.id:
                    return Presence.PRESENT
                account.add(record.offset, record.timestamp)
                if record.offset >= end:
                    break
            return Presence.UNKNOWN if account.has_gap else Presence.ABSENT


def signal_value(signal: OutgoingSignal) -> bytes:
    """Return the record's value. Raises SourceError where `data` is no JSON object: that would wedge Debezium."""
    try:
        data = orjson.loads(signal.data)
    except orjson.JSONDecodeError:
        data = None
    if not isinstance(data, dict):
        message = "The signal's data is not a JSON object."
        raise SourceError(SnapshotErrorCode.SIGNAL_REJECTED, message, retryable=False)
    return orjson.dumps({"id": signal.id, "type": signal.type, "data": orjson.Fragment(signal.data)})


def _destination(source: SourceConnector) -> tuple[KafkaAccess, str, str]:
    access, topic, prefix = KafkaAccess.to(source.cluster), source.signal_topic, source.topic_prefix
    if access is None:
        raise _unknown(source, "the cluster's Kafka bootstrap servers")
    if not topic:
        raise _unknown(source, "the connector's signal topic")
    if not prefix:
        raise _unknown(source, "the connector's topic prefix")
    return access, topic, prefix


def _unknown(source: SourceConnector, name: str) -> SourceError:
    message = f"Connector {source.name} cannot be signalled over Kafka: {name} is not known."
    return SourceError(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False)


def _id_of(value: bytes | None) -> object:
    try:
        document = orjson.loads(value) if value else None
    except orjson.JSONDecodeError:
        return None
    return document.get("id") if isinstance(document, dict) else None
