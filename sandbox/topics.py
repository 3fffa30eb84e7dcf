"""Reading topics to the point that matters: Tansu's end offsets are wrong, so a reader says when it has seen enough."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, cast

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

Json = dict[str, object]


class RawRecord(Protocol):
    """What aiokafka gives; it ships no types."""

    key: bytes | None
    value: bytes | None
    offset: int


class TopicConsumer(Protocol):
    """The part of aiokafka's consumer used here."""

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Disconnect."""

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        """Read these partitions, without a consumer group."""

    async def seek_to_beginning(self, *partitions: TopicPartition) -> object:
        """Go to the first record."""

    async def getmany(self, *, timeout_ms: int) -> Mapping[TopicPartition, Sequence[RawRecord]]:
        """Return what has come, after that time at the latest."""


class Producer(Protocol):
    """The part of aiokafka's producer used here."""

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Send what waits, and disconnect."""

    async def send_and_wait(self, topic: str, value: bytes, *, key: bytes) -> object:
        """Send a record and wait for the broker's answer."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record of a topic, its JSON decoded; null where it was empty."""

    topic: str
    offset: int
    key: Json | None
    value: Json | None

    @property
    def is_snapshot_row(self) -> bool:
        """Whether it is a row that a snapshot read (`op` is `r`), and not a change."""
        return self.value is not None and self.value.get("op") == "r"


async def read_topics(
    bootstrap: str, topics: Iterable[str], enough: Callable[[Sequence[Record]], bool], timeout_seconds: float
) -> list[Record]:
    """Return the records of partition 0 of the topics from the beginning, until `enough` says so or the time is over.

    The caller judges what came: running out of time is no error here. No consumer group is joined.
    """
    records: list[Record] = []
    partitions = [TopicPartition(topic, 0) for topic in topics]
    consumer = _consumer(bootstrap)
    await consumer.start()
    try:
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while not enough(records):
                    for partition, batch in (await consumer.getmany(timeout_ms=100)).items():
                        records += [_record(partition.topic, one) for one in batch]
    finally:
        await consumer.stop()
    return records


async def write_record(bootstrap: str, topic: str, key: str, value: Json) -> None:
    """Write one record and return when the broker has it.

    Raises:
        KafkaError: the broker cannot be reached or refuses.
    """
    producer = cast("Producer", AIOKafkaProducer(bootstrap_servers=bootstrap))  # type: ignore[no-untyped-call]
    await producer.start()
    try:
        await producer.send_and_wait(topic, orjson.dumps(value), key=key.encode())
    finally:
        await producer.stop()


def count_snapshot_rows(records: Iterable[Record]) -> dict[str, int]:
    """Return how many snapshot rows each topic has; topics without any are absent."""
    counts: dict[str, int] = {}
    for record in records:
        if record.is_snapshot_row:
            counts[record.topic] = counts.get(record.topic, 0) + 1
    return counts


def _consumer(bootstrap: str) -> TopicConsumer:
    consumer = AIOKafkaConsumer(  # type: ignore[no-untyped-call]
        bootstrap_servers=bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    return cast("TopicConsumer", consumer)


def _record(topic: str, raw: RawRecord) -> Record:
    return Record(topic, raw.offset, _decoded(raw.key), _decoded(raw.value))


def _decoded(data: bytes | None) -> Json | None:
    """Return the JSON object; an object is what every topic of the chain carries in key and value."""
    if not data:
        return None
    value = orjson.loads(data)
    return value if isinstance(value, dict) else {"value": value}
