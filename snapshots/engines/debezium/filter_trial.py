"""Tries filters and surrogate keys at a PostgreSQL source before they are sent: EXPLAIN parses, and reads no row.

One that the database refuses fails other tables of its signal, hangs an incremental snapshot, and kills the task of a
read-only connector (docs/debezium.md, errors that spread).
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError, PostgresError

from snapshots import filters
from snapshots.errors import FilterError, SecretError
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.jobs import TopicRequest
from snapshots.kinds import Dialect, SnapshotType
from snapshots.model import SourceConnector
from snapshots.ports import Secrets

TRIAL_SECONDS = 3.0
_LONGEST_REASON = 300
_NOT_TRIED = (InterfaceError, InternalClientError, PostgresError, OSError, TimeoutError, ValueError, SecretError)
_REFUSALS = ("22", "42")
"""Classes of SQLSTATE: data exceptions; syntax, names and types (PostgreSQL docs: Error Codes)."""
_NO_REFUSALS = {"42501", "42P01"}
"""What says nothing of the connector, which may be another user and see other tables: a missing right, or table."""


class PostgresFilterTrial:
    """Implements the port FilterTrial; over a connection of its own for each source."""

    def __init__(self, secrets: Secrets, *, trial_seconds: float = TRIAL_SECONDS) -> None:
        """Resolve each source's credentials from `secrets` when they are needed; a source has `trial_seconds`."""
        self._secrets = secrets
        self._trial_seconds = trial_seconds

    async def refusals(self, source: SourceConnector, topics: Sequence[TopicRequest]) -> Mapping[str, str]:
        """Try each distinct statement once; see the port."""
        wanted: dict[str, list[str]] = {}
        for topic in topics:
            with suppress(FilterError):  # the plan tells of it
                if statement := _statement(source, topic):
                    wanted.setdefault(statement, []).append(topic.topic.id)
        refused: dict[str, str] = {}
        if wanted and source.dialect is Dialect.POSTGRESQL and source.database_url_ref:
            with suppress(*_NOT_TRIED):
                async with asyncio.timeout(self._trial_seconds):
                    await self._try_all(self._secrets.resolve(source.database_url_ref), wanted, refused)
        return refused

    async def _try_all(self, url: str, wanted: Mapping[str, Sequence[str]], refused: dict[str, str]) -> None:
        settings = {"application_name": "topicsnap", "default_transaction_read_only": "on"}
        connection: Any = await asyncpg.connect(  # type: ignore[no-untyped-call]
            url, server_settings=settings, statement_cache_size=0
        )
        try:
            for statement, topic_ids in wanted.items():
                try:
                    await connection.execute(f"EXPLAIN {statement}")
                except PostgresError as error:
                    state = str(getattr(error, "sqlstate", None) or "")
                    if not state.startswith(_REFUSALS) or state in _NO_REFUSALS:
                        continue
                    refused |= dict.fromkeys(topic_ids, str(error).splitlines()[0][:_LONGEST_REASON])
        finally:
            connection.terminate()


def _statement(source: SourceConnector, topic: TopicRequest) -> str | None:
    """Return a SELECT that names all that is asked of `topic`, None where that is nothing. Raises FilterError."""
    conditions = topic.filter.all if topic.filter is not None else ()
    if topic.surrogate_key is not None:
        conditions += (RowCondition(topic.surrogate_key, FilterOperator.NOT_NULL),)
    if not conditions:
        return None
    # A blocking snapshot takes a whole SELECT, of the same WHERE as an incremental one takes alone.
    return filters.render(RowFilter(conditions), source.dialect, topic.data_collection, SnapshotType.BLOCKING)
