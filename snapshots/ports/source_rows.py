"""The port that reads the rows of sources, for verifications. They are only ever read."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from snapshots.filters import RowFilter
from snapshots.model import SourceConnector
from snapshots.ports.topic_reader import KeyShape


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of the source: the 16 bytes of its key, and the transaction that wrote it (xmin, 32 bits)."""

    key: bytes
    xid: int


@dataclass(frozen=True, slots=True)
class RowCounts:
    """How many rows the source has, and how many of them nobody has touched since before the dispatch."""

    rows: int
    untouched: int | None
    """None where it is not known what is untouched."""


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
