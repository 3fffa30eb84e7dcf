"""One reading of a topic, from a recorded start to the end.

Brokers differ in what they say of the end. Apache Kafka tells the offset after the last record; Tansu 0.6 (the
sandbox's broker) counts the last batch as one record, so that its end offsets are too low by the rest of it (seen by
test). So a reading goes on beyond the end offset until nothing has come for `idle_seconds`. Gaps between offsets are no
losses: transactions leave markers there, and compaction takes records away, which the topic's configuration tells.
What a transaction wrote counts once it is committed, as for any consumer that reads so.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiokafka import TopicPartition

from snapshots.engines.debezium.verification.row_events import RowEvent, read_event
from snapshots.errors import UnreadableError
from snapshots.ports.topic_reader import KeyShape, Offsets, TopicEvent

_BATCH = 1000
_POLL_MS = 250
_MAX_SHAPES = 2
_BEFORE = timedelta(minutes=1)
"""How much earlier than the snapshot a reading starts: clocks differ, and events say themselves when they were made."""


@dataclass(slots=True)
class EventSelection:
    """Of what the events are to be, and who wrote them."""

    collection: str
    prefix: str | None
    writers: set[str | None] = field(default_factory=set)

    def take(self, record: Any) -> RowEvent | None:  # noqa: ANN401 - aiokafka ships no types
        """Return the event of a record. Raises UnreadableError."""
        found = read_event(record.key, record.value, self.collection, self.prefix)
        if found is not None and self.prefix is None:
            self.writers.add(found.writer)
            if len(self.writers) > 1:
                raise UnreadableError("several connectors write to the topic, and which is meant is not known")
        return found


class KafkaTopicReading:
    """One consumer on its way through one topic; implements the port TopicReading."""

    def __init__(
        self,
        consumer: Any,  # noqa: ANN401 - aiokafka ships no types
        partitions: Sequence[TopicPartition],
        wanted: EventSelection,
        idle_seconds: float,
        stuck_seconds: float,
    ) -> None:
        """Read `partitions` by `consumer`; see KafkaTopicReader for the seconds."""
        self._consumer = consumer
        self._partitions = list(partitions)
        self._wanted = wanted
        self._idle_seconds = idle_seconds
        self._stuck_seconds = stuck_seconds
        self._next: dict[TopicPartition, int] = {}
        self._shapes: set[KeyShape] = set()
        self._has_gaps = False
        self.tells_compaction = True
        self.obstacles: list[str] = []

    @property
    def shapes(self) -> frozenset[KeyShape]:
        """The shapes of the keys that were read."""
        return frozenset(self._shapes)

    @property
    def positions(self) -> Offsets:
        """The offset of the next record of each partition."""
        return {partition.partition: offset for partition, offset in self._next.items()}

    async def begin(self, start: Offsets | None, since: datetime) -> None:
        """Go to where the reading starts: to `start`, or where that means nothing to shortly before `since`."""
        beginnings = await self._consumer.beginning_offsets(self._partitions)
        ends = await self._consumer.end_offsets(self._partitions)
        early, after = await self._at(since - _BEFORE, ends), await self._at(since, ends)
        for partition in self._partitions:
            offset = early[partition]
            if start is not None:
                noted = start.get(partition.partition, 0)
                # Records that were made since the snapshot began lie behind all that were there before it.
                if noted > ends[partition] or after[partition] < noted:
                    self._add("the topic was deleted and created again since the snapshot")
                else:
                    offset = noted
                if offset < beginnings[partition]:
                    self._add("the topic's retention has passed over the snapshot")
            offset = max(offset, beginnings[partition])
            self._consumer.seek(partition, offset)
            self._next[partition] = offset

    async def _at(self, moment: datetime, ends: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Return the first offset of each partition whose record is of `moment` or later; its end where none is."""
        moment_ms = int(moment.timestamp() * 1000)
        found = await self._consumer.offsets_for_times(dict.fromkeys(self._partitions, moment_ms))
        # Tansu answers offset 0 with the timestamp -1 where there is none.
        return {
            one: found[one].offset if found.get(one) and found[one].timestamp >= moment_ms else ends[one]
            for one in self._partitions
        }

    def _add(self, obstacle: str) -> None:
        if obstacle not in self.obstacles:
            self.obstacles.append(obstacle)

    async def advance(self, see: Callable[[TopicEvent], None]) -> None:
        """Read on to the end that the topic has now, and hand over each event. Raises UnreadableError."""
        ends = await self._consumer.end_offsets(self._partitions)  # of what is committed
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
                self._add("the topic could not be read to its end")
                break
        if self._has_gaps and not self.tells_compaction:
            self._add("offsets are missing, and the broker does not tell whether it compacts the topic")

    @property
    def awaited(self) -> str | None:
        """Why records may be missing that are yet to come, as a clause."""
        return "a transaction on the topic is not committed yet" if any(map(self._is_open, self._partitions)) else None

    def _is_open(self, partition: TopicPartition) -> bool:
        """Whether a transaction keeps records back: those between the last stable offset and the high watermark."""
        stable, high = self._consumer.last_stable_offset(partition), self._consumer.highwater(partition)
        return stable is not None and high is not None and 0 <= stable < high

    async def _has_passed(self, ends: Mapping[TopicPartition, int]) -> bool:
        return all([await self._consumer.position(one) >= ends[one] for one in self._partitions])

    def _see(self, partition: TopicPartition, record: Any, see: Callable[[TopicEvent], None]) -> None:  # noqa: ANN401
        self._has_gaps = self._has_gaps or record.offset != self._next[partition]
        self._next[partition] = record.offset + 1
        found = self._wanted.take(record)
        if found is None:
            return
        if found.shape is not None and len(self._shapes) < _MAX_SHAPES:
            self._shapes.add(found.shape)
        see(found.event)
