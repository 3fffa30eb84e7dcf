"""Where a reading of a topic begins and ends, over a consumer in memory: a broker that does all that Kafka's can do."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import TopicPartition, errors

from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients
from snapshots.engines.debezium.verification.topic_reader import KafkaTopicReader
from snapshots.errors import UnreadableError
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.topic_reader import Offsets, TopicReading

BEGAN_MS = 1_800_000_000_000
BEGAN = datetime.fromtimestamp(BEGAN_MS / 1000, UTC)
SOURCE = SourceConnector("src", Cluster("clu", "main", None, "kafka.example:9092"), "shop", topic_prefix="shop")


@dataclass
class Record:
    offset: int
    timestamp: int = BEGAN_MS
    writer: str = "shop"

    @property
    def key(self) -> bytes:
        return json.dumps({"id": self.offset}).encode()

    @property
    def value(self) -> bytes:
        source = {"name": self.writer, "schema": "public", "table": "orders"}
        return json.dumps({"op": "r", "source": source, "ts_ms": self.timestamp}).encode()


@dataclass
class Log:
    """The records of a partition; consumers see those from `first` on, and before the last stable offset."""

    records: list[Record]
    first: int = 0
    stable: int | None = None

    @property
    def high(self) -> int:
        return max((record.offset + 1 for record in self.records), default=self.first)

    @property
    def end(self) -> int:
        return self.high if self.stable is None else self.stable


@dataclass
class Consumer:
    """The part of aiokafka's consumer that is used, without a broker."""

    logs: Mapping[TopicPartition, Log]
    places: dict[TopicPartition, int] = field(default_factory=dict)

    def assign(self, partitions: Sequence[TopicPartition]) -> None:
        pass

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.places[partition] = offset

    async def position(self, partition: TopicPartition) -> int:
        return self.places[partition]

    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {one: self.logs[one].first for one in partitions}

    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return {one: self.logs[one].end for one in partitions}

    async def offsets_for_times(self, times: Mapping[TopicPartition, int]) -> dict[TopicPartition, Any]:
        return {
            one: next((record for record in self.logs[one].records if record.timestamp >= at), None)
            for one, at in times.items()
        }

    async def getmany(self, **_: object) -> dict[TopicPartition, list[Record]]:
        found = {}
        for one, log in self.logs.items():
            if self.places[one] < log.first:
                raise errors.OffsetOutOfRangeError({one: self.places[one]})
            batch = [record for record in log.records if self.places[one] <= record.offset < log.end]
            self.places[one] = max(self.places[one], log.end)
            found[one] = batch
        return found

    def highwater(self, partition: TopicPartition) -> int:
        return self.logs[partition].high

    def last_stable_offset(self, partition: TopicPartition) -> int:
        return self.logs[partition].end


class Reader(KafkaTopicReader):
    """Reads partitions in memory."""

    def __init__(self, *logs: Log, compacted: bool | None = False) -> None:
        super().__init__(KafkaClients(), idle_seconds=0.0, stuck_seconds=0.05)
        self._consumers = Consumer({TopicPartition("t", number): log for number, log in enumerate(logs)})
        self._compacted = compacted

    @asynccontextmanager
    async def _consumer(self, access: KafkaAccess) -> AsyncIterator[Any]:
        yield self._consumers

    async def _partitions(self, access: KafkaAccess, topics: Sequence[str]) -> dict[str, list[TopicPartition]]:
        return {"t": list(self._consumers.logs)}

    async def _is_compacted(self, access: KafkaAccess, topic: str) -> bool | None:
        return self._compacted


def log(*timestamps: int, first: int = 0) -> Log:
    """Return a log of records that were made so many ms after the snapshot began."""
    return Log([Record(first + place, BEGAN_MS + late) for place, late in enumerate(timestamps)], first)


async def read(reader: Reader, start: Offsets | None, source: SourceConnector = SOURCE) -> tuple[int, TopicReading]:
    """Return how many events came, and the reading."""
    events: list[object] = []
    async with reader.read(source, "t", "public.orders", start=start, since=BEGAN) as reading:
        await reading.advance(events.append)
    return len(events), reading


async def test_what_lies_before_the_noted_offset_is_not_read() -> None:
    events, reading = await read(Reader(log(-5, -3, 10, 20)), {0: 2})
    assert (events, reading.obstacles, reading.awaited, reading.positions) == (2, [], None, {0: 4})


async def test_without_a_noted_offset_reading_begins_shortly_before_the_snapshot() -> None:
    events, _ = await read(Reader(log(-600_000, -59_000, 10)), None)
    assert events == 2


@pytest.mark.parametrize("start", [{0: 2}, {}, {0: 0}])
async def test_retention_that_passed_over_the_noted_offset_is_told(start: Offsets) -> None:
    events, reading = await read(Reader(log(10, 20, first=5)), start)
    assert (events, reading.obstacles) == (2, ["the topic's retention has passed over the snapshot"])


async def test_retention_that_stopped_short_of_the_noted_offset_took_nothing() -> None:
    _, reading = await read(Reader(log(-5, 10, 20, first=5)), {0: 6})
    assert reading.obstacles == []


@pytest.mark.parametrize("late", [(10, 20, 30, 40), (10,), ()])
async def test_a_topic_that_was_made_anew_is_read_from_its_beginning(late: tuple[int, ...]) -> None:
    """Also where it has grown past the noted offset again."""
    events, reading = await read(Reader(log(*late)), {0: 3})
    assert events == len(late)
    assert "the topic was deleted and created again since the snapshot" in reading.obstacles


async def test_partitions_that_were_added_are_read_from_their_beginning() -> None:
    events, reading = await read(Reader(log(-5, 10), log(10, 20)), {0: 1})
    assert (events, reading.obstacles, reading.positions) == (3, [], {0: 2, 1: 2})


async def test_records_of_an_open_transaction_are_awaited() -> None:
    open_log = log(10, 20, 30)
    open_log.stable = 1
    events, reading = await read(Reader(open_log), {0: 0})
    assert (events, reading.obstacles, reading.awaited) == (1, [], "a transaction on the topic is not committed yet")


@pytest.mark.parametrize(
    ("compacted", "obstacles"),
    [
        (False, []),
        (True, ["the topic is compacted"]),
        (None, ["offsets are missing, and the broker does not tell whether it compacts the topic"]),
    ],
)
async def test_offsets_may_be_missing_where_nothing_compacts(*, compacted: bool | None, obstacles: list[str]) -> None:
    holed = Log([Record(0), Record(4)])
    _, reading = await read(Reader(holed, compacted=compacted), {0: 0})
    assert reading.obstacles == obstacles


async def test_a_topic_of_two_connectors_is_told_apart_by_their_prefixes() -> None:
    shared = Log([Record(0), Record(1, writer="other"), Record(2)])
    assert (await read(Reader(shared), {0: 0}))[0] == 2

    unknown = SourceConnector("src", SOURCE.cluster, "shop")
    with pytest.raises(UnreadableError, match="several connectors"):
        await read(Reader(shared), {0: 0}, unknown)
    assert (await read(Reader(Log([Record(0)])), {0: 0}, unknown))[0] == 1
