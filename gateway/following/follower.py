"""Following the snapshots of one cluster: its connectors' notifications, read and handed on in order."""

import asyncio
import heapq
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from aiokafka.errors import KafkaError

from gateway.following.careful_apply import CarefulApply, ReadNotification
from gateway.following.kafka_consumer import Consumer, KafkaRecord, MakeConsumer, Records
from gateway.following.supervision import ReportHealthy
from snapshots.engines.debezium.following.notifications import parse
from snapshots.engines.debezium.kafka import KafkaAccess
from snapshots.errors import TopicsnapError
from snapshots.following.dead_letters import RecordText

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Followed:
    """What there is to follow of one cluster."""

    kafka: KafkaAccess
    topics: frozenset[str]
    """The notification topics of its connectors; another cluster's connectors may tell on the same."""


_POLL_MS = 500
_LOOK_SECONDS = 2.0
"""Time between two looks for topics that do not exist yet."""
_LOOK_AGAIN_SECONDS = 60.0
"""Time between two looks whether the topics still exist: costs the metadata of all topics."""
_START_SECONDS = 30.0
_PAUSE_SECONDS = 1.0


class KafkaUnreachableError(TopicsnapError):
    """The brokers of a cluster do not answer, or do not let us read."""


class Follower:
    """Reads the notification topics of one cluster as a member of a consumer group of the cluster's own.

    Two clusters may name one Kafka by different addresses and share a topic: in one group each would miss what the
    other got.

    Offsets are committed after the ledger has the notifications, so a crash repeats some, which changes nothing.

    A new group starts at the earliest record: the end of a snapshot that was dispatched before the group existed must
    not be missed. That replays no history worth speaking of: the ledger knows how far it has read each topic, ignores
    signals that are not its own, and the topics keep what their retention says.

    Topics that do not exist yet are looked for, not subscribed to: aiokafka would have the broker create them.
    """

    def __init__(
        self,
        cluster_id: str,
        kafka: KafkaAccess,
        apply: CarefulApply,
        *,
        group: str,
        make_consumer: MakeConsumer,
        look_seconds: float = _LOOK_SECONDS,
        pause_seconds: float = _PAUSE_SECONDS,
    ) -> None:
        """Follow the cluster on `kafka` and hand on to `apply`.

        `group` is for all clusters of the installation. Topics that do not exist yet are looked for every
        `look_seconds`, and while none exists every `pause_seconds` at the soonest.
        """
        self._look_seconds = look_seconds
        self._pause_seconds = pause_seconds
        self.topics: frozenset[str] = frozenset()
        """What to follow; may be replaced at any time."""
        self.kafka = kafka
        self._cluster_id = cluster_id
        self._apply = apply
        self._group = f"{group}-{cluster_id}"
        self._make_consumer = make_consumer

    async def run(self, report_healthy: ReportHealthy) -> None:
        """Follow until cancelled; `report_healthy` is called when Kafka has answered.

        Raises KafkaUnreachableError, DatabaseError.
        """
        consumer = self._make_consumer(self.kafka, self._group)
        try:
            async with asyncio.timeout(_START_SECONDS):
                await consumer.start()
            await self._follow(consumer, report_healthy)
        except (KafkaError, OSError, TimeoutError) as error:
            message = f"Kafka at {self.kafka.bootstrap} cannot be followed: {str(error) or type(error).__name__}."
            raise KafkaUnreachableError(message) from error
        finally:
            await consumer.stop()

    async def _follow(self, consumer: Consumer, report_healthy: ReportHealthy) -> None:
        subscribed: frozenset[str] = frozenset()
        wanted: frozenset[str] = frozenset()
        looked = -_LOOK_AGAIN_SECONDS
        while True:
            age = time.monotonic() - looked
            incomplete = wanted != subscribed and age > self._look_seconds
            if wanted != self.topics or incomplete or age > _LOOK_AGAIN_SECONDS:
                wanted, looked = self.topics, time.monotonic()
                existing = wanted & frozenset(await consumer.topics())
                if existing != subscribed:
                    subscribed = _subscribe(consumer, existing)
                report_healthy()
            if not subscribed:
                await asyncio.sleep(self._pause_seconds)
                continue
            records = await consumer.getmany(timeout_ms=_POLL_MS)
            if records:
                await self._hand_on(records)
                await _commit(consumer, records)

    async def _hand_on(self, records: Records) -> None:
        # By time across partitions, so that a batch that is taken apart is still applied as it happened. Within a
        # partition the order stays that of the offsets.
        read = [_parsed(self._cluster_id, part) for part in records.values()]
        batch = list(heapq.merge(*read, key=lambda one: one.notification.at))
        if batch:
            await self._apply(batch)


def _subscribe(consumer: Consumer, topics: frozenset[str]) -> frozenset[str]:
    if topics:
        consumer.subscribe(topics=sorted(topics))
    else:
        consumer.unsubscribe()
    logger.info("following notification topics", extra={"topics": ",".join(sorted(topics))})
    return topics


def _parsed(cluster_id: str, records: Sequence[KafkaRecord]) -> list[ReadNotification]:
    parsed = (
        (
            parse(
                record.value,
                cluster_id=cluster_id,
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                record_timestamp_ms=record.timestamp,
            ),
            record,
        )
        for record in records
    )
    return [
        ReadNotification(notification, partial(RecordText.of, record.key, record.value, record.headers))
        for notification, record in parsed
        if notification is not None
    ]


async def _commit(consumer: Consumer, records: Records) -> None:
    try:
        await consumer.commit({partition: batch[-1].offset + 1 for partition, batch in records.items()})
    except KafkaError as error:
        # The partitions went to another replica meanwhile: it reads the records again, which changes nothing.
        logger.warning("offsets were not committed: %s", error)
