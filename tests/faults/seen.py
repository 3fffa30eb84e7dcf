"""What really happened on the topics, as any consumer sees it: rows, notifications and signals."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Self

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from sandbox.topics import Json


class Seen:
    """Reads topics from their beginning in the background, and remembers what came."""

    def __init__(self, bootstrap: str, topics: Sequence[str]) -> None:
        self._bootstrap = bootstrap
        self._topics = topics
        self._rows: defaultdict[str, list[object]] = defaultdict(list)
        self._changes: set[tuple[str, object]] = set()
        self._told: defaultdict[str, list[Json]] = defaultdict(list)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._read_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _read_on(self) -> None:
        consumer: Any = AIOKafkaConsumer(  # type: ignore[no-untyped-call]
            bootstrap_servers=self._bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
        )
        await consumer.start()
        try:
            partitions = [TopicPartition(topic, 0) for topic in self._topics]
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            while True:
                for partition, batch in (await consumer.getmany(timeout_ms=100)).items():
                    for record in batch:
                        self._see(partition.topic, orjson.loads(record.value or b"{}"))
        finally:
            await consumer.stop()

    def _see(self, topic: str, value: Json) -> None:
        after = value.get("after")
        if isinstance(after, dict) and value.get("op") == "r":
            self._rows[topic].append(after.get("id"))
        elif isinstance(after, dict):
            self._changes.add((topic, after.get("note")))
        elif "type" in value:
            self._told[topic].append(value)

    def mark(self) -> dict[str, int]:
        """Return a mark for `rows` by which what has come before is left out."""
        return {topic: len(rows) for topic, rows in self._rows.items()}

    def rows(self, topic: str, since: Mapping[str, int]) -> list[object]:
        """Return the ids of the snapshot rows on a topic, in the order they came."""
        return self._rows[topic][since.get(topic, 0) :]

    def has_change(self, topic: str, note: str) -> bool:
        """Whether a streamed change with this note has come. Raises what the reader died of."""
        if self._task is not None and self._task.done():
            self._task.result()
        return (topic, note) in self._changes

    def told(self, topic: str) -> list[Json]:
        """Return all notifications of a topic, in the order they came."""
        return self._told[topic]

    def started(self, topic: str, since: int = 0) -> Counter[str]:
        """Return how often the notifications on a topic tell STARTED, by signal id, from the one at `since` on."""
        return Counter(str(value["id"]) for value in self._told[topic][since:] if value["type"] == "STARTED")

    def read_tables(self, topic: str, since: int) -> set[str]:
        """Return the topics of the tables that notifications tell of as being read, from the one at `since` on."""
        tables = set()
        for value in self._told[topic][since:]:
            more = value.get("additional_data")
            if isinstance(more, dict):
                table = more.get("scanned_collection") or more.get("current_collection_in_progress")
                tables.add(f"{more.get('connector_name')}.{table}")
        return tables

    def is_quiet(self, topic: str) -> bool:
        """Whether what each connector told last on a topic of notifications is an end, or that it has just started."""
        last: dict[object, object] = {}
        for value in self._told[topic]:
            more = value.get("additional_data")
            if isinstance(more, dict):
                last[more.get("connector_name")] = value["type"]
        return set(last.values()) <= {"COMPLETED", "ABORTED", "SKIPPED"}

    def has_told(self, topic: str, id: str) -> bool:
        """Whether a notification of this id has come."""
        return any(value["id"] == id for value in reversed(self._told[topic]))

    def signals(self, topic: str) -> list[str]:
        """Return the ids of the `execute-snapshot` signals on a signal topic."""
        return [str(value["id"]) for value in self._told[topic] if value["type"] == "execute-snapshot"]
