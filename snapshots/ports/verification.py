"""The ports of a verification: the records of a topic, and the rows of a source. They are only ever read."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from snapshots.errors import TopicsnapError
from snapshots.filters import RowFilter
from snapshots.model import Cluster, SourceConnector
from snapshots.verification.arrivals import TopicEvent
from snapshots.verification.comparison import RowCounts, SourceRow
from snapshots.verification.verdicts import Offsets


class UnreadableError(TopicsnapError):
    """What a verification wants to read cannot be read; the message is a clause without a full stop.

    Attributes: passing (whether a later look may succeed).
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        """Build the error from a clause for the user."""
        super().__init__(message)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class KeyShape:
    """How the records' keys look: the names of their fields, sorted, and the JSON type of each (`int`, `str`, …)."""

    fields: tuple[str, ...]
    types: tuple[str, ...]


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


class SourceRows(Protocol):
    """Reads the rows of source databases, each time as of one moment, with a time limit."""

    async def horizon(self, source: SourceConnector) -> int | None:
        """Return a transaction below which every one has ended; None where the source cannot tell."""
        ...

    async def is_remade(self, source: SourceConnector, collection: str, horizon: int) -> bool:
        """Whether the table was defined otherwise, renamed, rewritten or given partitions since `horizon`.

        Its rows may then be older than `horizon` and have come to the table since. Raises UnreadableError.
        """
        ...

    async def key_problem(self, source: SourceConnector, collection: str, shape: KeyShape) -> str | None:
        """Tell as a clause why rows cannot be compared by keys of `shape`; None where they can.

        Raises UnreadableError.
        """
        ...

    def rows(
        self, source: SourceConnector, collection: str, row_filter: RowFilter | None, shape: KeyShape
    ) -> AsyncGenerator[SourceRow, None]:
        """Yield every row under the filter, its key made as those of the records. Raises UnreadableError."""
        ...

    async def counts(
        self, source: SourceConnector, collection: str, row_filter: RowFilter | None, horizon: int | None
    ) -> RowCounts:
        """Count the rows under the filter, and those that are untouched since `horizon`. Raises UnreadableError."""
        ...
