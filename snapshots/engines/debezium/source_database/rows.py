"""The rows of sources, whatever their dialect."""

from collections.abc import AsyncGenerator

from snapshots.engines.debezium.source_database.dialects import DIALECTS, Dialects
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.errors import UnreadableError
from snapshots.filters import RowFilter
from snapshots.model import SourceConnector
from snapshots.ports.source_rows import RowCounts, SourceRow, SourceRows
from snapshots.ports.topic_reader import KeyShape


class SourceDatabaseRows:
    """Implements the port SourceRows by those of the dialects."""

    def __init__(self, opener: SourceOpener, dialects: Dialects = DIALECTS) -> None:
        """Open the sources by `opener`."""
        self._rows = {key: dialect.rows(opener) for key, dialect in dialects.items() if dialect.rows is not None}

    async def horizon(self, source: SourceConnector) -> int | None:
        """Return the oldest transaction that runs now; None where the database cannot be asked."""
        try:
            return await self._of(source).horizon(source)
        except UnreadableError:
            return None

    async def is_remade(self, source: SourceConnector, collection: str, horizon: int) -> bool:
        """Whether the table may be another one since `horizon`. Raises UnreadableError."""
        return await self._of(source).is_remade(source, collection, horizon)

    async def key_problem(self, source: SourceConnector, collection: str, shape: KeyShape) -> str | None:
        """Tell as a clause why rows cannot be compared by keys of `shape`. Raises UnreadableError."""
        return await self._of(source).key_problem(source, collection, shape)

    def rows(
        self, source: SourceConnector, collection: str, row_filter: RowFilter | None, shape: KeyShape
    ) -> AsyncGenerator[SourceRow, None]:
        """Yield every row under the filter. Raises UnreadableError."""
        return self._of(source).rows(source, collection, row_filter, shape)

    async def counts(
        self, source: SourceConnector, collection: str, row_filter: RowFilter | None, horizon: int | None
    ) -> RowCounts:
        """Count the rows under the filter, and those untouched since `horizon`. Raises UnreadableError."""
        return await self._of(source).counts(source, collection, row_filter, horizon)

    def _of(self, source: SourceConnector) -> SourceRows:
        rows = self._rows.get(source.dialect)
        if rows is None:
            raise UnreadableError(f"the rows of {source.dialect} sources cannot be counted")
        if not source.database_url_ref:
            raise UnreadableError(f"no reference to the credentials of the database behind {source.name} is known")
        return rows
