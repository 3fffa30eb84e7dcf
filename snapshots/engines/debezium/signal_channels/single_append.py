"""Appends one record to partition 0 of a Kafka topic, once: no retry can double it.

Why not aiokafka's producer (0.14, sender.py): without idempotence it sends a batch again whenever the connection
breaks, whether or not the broker has it; with idempotence, which not every broker offers, it goes on for ever after
the caller has given up. Debezium runs a signal twice that it reads twice, so what is not certain has to be told, not
retried. Here a record goes out at most once, and each failure is either certain (nothing was appended) or unconfirmed.
"""

import asyncio
from typing import Any, NoReturn, Protocol

from aiokafka import TopicPartition, errors
from aiokafka.cluster import ClusterMetadata
from aiokafka.protocol.metadata import MetadataRequest
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from snapshots.cancellation import outlive_caller
from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients
from snapshots.errors import SourceError, UnconfirmedError
from snapshots.vocabulary import SnapshotErrorCode

_ALL_IN_SYNC_REPLICAS = -1
_BROKERS_MAX_AGE_SECONDS = 3600.0  # only the list of brokers ages; each append asks for its topic itself
_BATCH_OVERHEAD_BYTES = 1024

# Answers of a broker that appended nothing; any other error leaves that open.
_REFUSED_FOR_NOW = (
    errors.NotLeaderForPartitionError,
    errors.LeaderNotAvailableError,
    errors.NotEnoughReplicasError,
    errors.UnknownTopicOrPartitionError,
)
_REFUSED_FOR_GOOD = (
    errors.MessageSizeTooLargeError,
    errors.RecordListTooLargeError,
    errors.InvalidTopicError,
    errors.TopicAuthorizationFailedError,
    errors.ClusterAuthorizationFailedError,
    errors.PolicyViolationError,
)


class BrokerClient(Protocol):
    """The part of aiokafka's client used here; aiokafka ships no types."""

    cluster: Any
    """What it knows of the cluster; its brokers here, never its topics."""

    async def bootstrap(self) -> None:
        """Connect to any of the bootstrap servers."""

    async def send(self, node_id: int, request: object) -> Any:  # noqa: ANN401 - each request has its own response
        """Send a request once and return the broker's response."""

    async def close(self) -> None:
        """Disconnect."""


class SingleAppends:
    """Appends to topics of any number of Kafka clusters, over one client for each, made when it is first needed."""

    def __init__(self, make: KafkaClients, *, timeout_seconds: float = 4.0) -> None:
        """Take at most `timeout_seconds` to get ready, and again as long for the answer to the append."""
        self._make = make
        self._timeout_seconds = timeout_seconds
        self._clients: dict[KafkaAccess, asyncio.Task[BrokerClient]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def append(self, access: KafkaAccess, topic: str, *, key: bytes, value: bytes) -> int:
        """Append a record to partition 0 of `topic` with all in-sync replicas' consent, and return its offset.

        An unknown topic is not created. Raises SourceError where nothing was appended for certain, UnconfirmedError
        where it may have been.
        """
        client: BrokerClient | None = None
        try:
            async with asyncio.timeout(self._timeout_seconds):
                client = await self._client(access)
                leader = await self._leader(client, access, topic)
        except TimeoutError as error:
            # Its connection may be dead without knowing it: the next append makes another.
            self._discard(access, client)
            raise _unavailable(f"Kafka did not answer within {self._timeout_seconds:g} s.") from error
        request = ProduceRequest(
            transactional_id=None,
            required_acks=_ALL_IN_SYNC_REPLICAS,
            timeout=int(self._timeout_seconds * 1000),
            topics=[(topic, [(0, _batch(key, value))])],
        )
        try:
            response = await client.send(leader, request)
        except errors.NodeNotReadyError as error:
            raise _unavailable(f"The broker that leads topic {topic} cannot be reached.") from error
        except (errors.KafkaError, OSError) as error:
            raise _unconfirmed(topic) from error
        _partition, code, offset, *_ = response.topics[0][1][0]
        if code:
            _refuse(errors.for_code(code), topic)
        return int(offset)

    async def close(self) -> None:
        """Close every client; appends under way become unconfirmed."""
        tasks = list(self._clients.values())
        self._clients.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            if not task.cancelled() and task.exception() is None:
                self._close(task.result())
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _client(self, access: KafkaAccess) -> BrokerClient:
        task = self._clients.get(access)
        if task is None:
            # A task of its own: whoever comes first may be cancelled while others wait for the same client.
            task = self._clients[access] = asyncio.create_task(self._connect(access))
            task.add_done_callback(lambda done: self._forget_failure(access, done))
        try:
            return await outlive_caller(task)
        except (errors.KafkaError, OSError, ValueError) as error:
            raise _unavailable("None of the cluster's Kafka brokers can be reached.") from error

    async def _connect(self, access: KafkaAccess) -> BrokerClient:
        client: BrokerClient = self._make.client(
            access, timeout_seconds=self._timeout_seconds, brokers_max_age_seconds=_BROKERS_MAX_AGE_SECONDS
        )
        try:
            await client.bootstrap()
        except BaseException:
            await client.close()
            raise
        return client

    def _forget_failure(self, access: KafkaAccess, task: asyncio.Task[BrokerClient]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if failed and self._clients.get(access) is task:
            del self._clients[access]

    def _discard(self, access: KafkaAccess, client: BrokerClient | None) -> None:
        """Give up `client`, where it is still the one in use; what others do with it becomes unconfirmed."""
        task = self._clients.get(access)
        if client is not None and task is not None and task.done() and task.result() is client:
            del self._clients[access]
            self._close(client)

    def _close(self, client: BrokerClient) -> None:
        closing = asyncio.create_task(client.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)

    async def _leader(self, client: BrokerClient, access: KafkaAccess, topic: str) -> int:
        request = MetadataRequest([topic], allow_auto_topic_creation=False)
        for broker in client.cluster.brokers():
            try:
                response = await client.send(broker.nodeId, request)
            except (errors.KafkaError, OSError):
                continue
            client.cluster.update_metadata(response)  # its brokers: a new leader may be a new broker
            return _leader_of(response, topic)
        # No broker that it knows is there: the next append looks for the cluster anew.
        self._discard(access, client)
        raise _unavailable("None of the cluster's Kafka brokers answers.")


def _leader_of(response: object, topic: str) -> int:
    cluster: Any = ClusterMetadata()  # type: ignore[no-untyped-call]
    cluster.update_metadata(response)
    if topic in cluster.unauthorized_topics:
        _refuse(errors.TopicAuthorizationFailedError, topic)
    if not cluster.partitions_for_topic(topic):
        message = f"Kafka has no topic {topic}; create it with one partition, or correct the connector's signal topic."
        raise SourceError(SnapshotErrorCode.CHANNEL_UNAVAILABLE, message, retryable=False)
    leader = cluster.leader_for_partition(TopicPartition(topic, 0))
    if leader is None or leader < 0:
        _refuse(errors.LeaderNotAvailableError, topic)
    return int(leader)


def _batch(key: bytes, value: bytes) -> bytes:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=len(key) + len(value) + _BATCH_OVERHEAD_BYTES,
    )
    builder.append(offset=0, timestamp=None, key=key, value=value, headers=[])
    return bytes(builder.build())


def _refuse(kind: type[errors.KafkaError], topic: str) -> NoReturn:
    if issubclass(kind, _REFUSED_FOR_NOW):
        raise _unavailable(f"Kafka does not accept records for topic {topic} now ({kind.__name__}).")
    if issubclass(kind, _REFUSED_FOR_GOOD):
        message = f"Kafka refused the record for topic {topic} ({kind.__name__})."
        raise SourceError(SnapshotErrorCode.SIGNAL_REJECTED, message, retryable=False)
    raise _unconfirmed(topic, f" ({kind.__name__})")


def _unavailable(message: str) -> SourceError:
    return SourceError(SnapshotErrorCode.CHANNEL_UNAVAILABLE, message, retryable=True)


def _unconfirmed(topic: str, reason: str = "") -> UnconfirmedError:
    message = f"Kafka did not confirm the record for topic {topic}{reason}; it may be there."
    return UnconfirmedError(message, SnapshotErrorCode.CHANNEL_UNAVAILABLE)
