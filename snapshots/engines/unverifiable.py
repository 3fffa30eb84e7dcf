"""Stands in where there is neither a topic nor a table to read: the simulated engine, and tests that verify nothing."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from snapshots.filters import RowFilter
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.verification import KeyShape, TopicReading, UnreadableError
from snapshots.verification.comparison import RowCounts, SourceRow
from snapshots.verification.verdicts import Offsets

# ruff: noqa: ARG002 (the arguments are the ports')

_WHY = "the engine is simulated"
_READINGS: tuple[TopicReading, ...] = ()
_ROWS: tuple[SourceRow, ...] = ()


class NoTopics:
    """Implements the port TopicReader by saying that there is nothing to read."""

    async def ends(self, cluster: Cluster, topics: Sequence[str]) -> Mapping[str, Offsets]:
        """Raise UnreadableError."""
        raise UnreadableError(_WHY)

    @asynccontextmanager
    async def read(
        self, source: SourceConnector, topic: str, collection: str, *, start: Offsets | None, since: datetime
    ) -> AsyncIterator[TopicReading]:
        """Raise UnreadableError."""
        for reading in _READINGS:
            yield reading
        raise UnreadableError(_WHY)


class NoRows:
    """Implements the port SourceRows by saying that there is nothing to read."""

    async def horizon(self, source: SourceConnector) -> int | None:
        """Return None."""
        return None

    async def is_remade(self, source: SourceConnector, collection: str, horizon: int) -> bool:
        """Raise UnreadableError."""
        raise UnreadableError(_WHY)

    async def key_problem(self, source: SourceConnector, collection: str, shape: KeyShape) -> str | None:
        """Raise UnreadableError."""
        raise UnreadableError(_WHY)

    async def rows(
        self, source: SourceConnector, collection: str, row_filter: RowFilter | None, shape: KeyShape
    ) -> AsyncGenerator[SourceRow, None]:
        """Raise UnreadableError."""
        for row in _ROWS:
            yield row
        raise UnreadableError(_WHY)

    async def counts(
        self, source: SourceConnector, collection: str, row_filter: RowFilter | None, horizon: int | None
    ) -> RowCounts:
        """Raise UnreadableError."""
        raise UnreadableError(_WHY)
