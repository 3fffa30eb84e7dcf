"""The port that reads the records of topics, for verifications. They are only ever read."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from snapshots.model import Cluster, SourceConnector

Offsets = Mapping[int, int]
"""Offsets of a topic by partition: each that of the next record."""


@dataclass(frozen=True, slots=True)
class KeyShape:
    """How the records' keys look: the names of their fields, sorted, and the JSON type of each (`int`, `str`, …)."""

    fields: tuple[str, ...]
    types: tuple[str, ...]


class EventKind(StrEnum):
    """What an event says of its row: Debezium's `op`."""

    READ = "r"
    WRITTEN = "c or u"
    DELETED = "d"
    TRUNCATED = "t"


@dataclass(frozen=True, slots=True)
class TopicEvent:
    """One event of a topic."""

    kind: EventKind
    key: bytes | None
    """16 bytes that stand for the record's key; None where the record has none."""
    at_ms: int | None
    """When the connector made the event, by its clock, in ms since 1970; None where it does not say."""


class TopicReading(Protocol):
    """One reading of a topic, from its start on."""

    @property
    def obstacles(self) -> Sequence[str]:
        """Why records may be missing that were once there, as clauses; empty where none can be."""
        ...

    @property
    def awaited(self) -> str | None:
        """Why records may be missing that are yet to come, as a clause; None where none are."""
        ...

    @property
    def shapes(self) -> frozenset[KeyShape]:
        """The shapes of the keys that were read; more than one where they differ."""
        ...

    @property
    def positions(self) -> Offsets:
        """The offset of the next record of each partition."""
        ...

    async def advance(self, see: Callable[[TopicEvent], None]) -> None:
        """Read on to the end that the topic has now, and hand over each event. Raises UnreadableError."""
        ...


class TopicReader(Protocol):
    """Reads topics. Writes nothing, creates nothing, and joins no consumer group."""

    async def ends(self, cluster: Cluster, topics: Sequence[str]) -> Mapping[str, Offsets]:
        """Return the end offsets of each of `topics`; empty for a topic that does not exist. Raises UnreadableError."""
        ...

    def read(
        self, source: SourceConnector, topic: str, collection: str, *, start: Offsets | None, since: datetime
    ) -> AbstractAsyncContextManager[TopicReading]:
        """Read `topic` from `start`, or where that is None or means nothing from shortly before `since` on.

        Only events of the source's `collection` are handed over. `since` is when the engine began the snapshot: a
        topic whose records of then lie before `start` is another one than was noted. Raises UnreadableError.
        """
        ...
