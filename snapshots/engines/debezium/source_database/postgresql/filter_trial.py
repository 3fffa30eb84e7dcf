"""Tries filters and surrogate keys at a PostgreSQL source before they are sent: EXPLAIN parses, and reads no row.

One that the database refuses fails other tables of its signal, hangs an incremental snapshot, and kills the task of a
read-only connector (docs/debezium.md, errors that spread).
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from snapshots.engines.debezium.source_database.postgresql.connection import ServerError, sqlstate_of
from snapshots.errors import FilterError
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.plan import Finding, TopicRequest
from snapshots.signalling.filter_sql import render
from snapshots.vocabulary import Dialect, SkipReason, SnapshotType

_LONGEST_REASON = 300
_REFUSALS = ("22", "42")
"""Classes of SQLSTATE: data exceptions; syntax, names and types (PostgreSQL docs: Error Codes)."""
_NO_REFUSALS = {"42501", "42P01"}
"""What says nothing of the connector, which may be another user and see other tables: a missing right, or table."""


def trial_statements(topics: Sequence[TopicRequest]) -> Mapping[str, Sequence[str]]:
    """Return each distinct statement to try, with the ids of the topics that it stands for."""
    wanted: dict[str, list[str]] = {}
    for topic in topics:
        with suppress(FilterError):  # the plan tells of it
            if statement := _statement(topic):
                wanted.setdefault(statement, []).append(topic.topic.id)
    return wanted


async def try_statements(
    connection: Any,  # noqa: ANN401 (asyncpg ships no types)
    statements: Mapping[str, Sequence[str]],
    refused: dict[str, Finding],
) -> None:
    """Add to `refused`, by topic id, what the database refuses; whoever runs out of time keeps what is there by then.

    Raises asyncpg's errors where the connection breaks.
    """
    for statement, topic_ids in statements.items():
        try:
            await connection.execute(f"EXPLAIN {statement}")
        except ServerError as error:
            state = sqlstate_of(error)
            if not state.startswith(_REFUSALS) or state in _NO_REFUSALS:
                continue
            reason = str(error).splitlines()[0][:_LONGEST_REASON]
            message = f"The database refuses the filter or the surrogate key: {reason}."
            finding = Finding(SkipReason.FILTER_REJECTED, message)
            for topic_id in topic_ids:
                refused.setdefault(topic_id, finding)


def _statement(topic: TopicRequest) -> str | None:
    """Return a SELECT that names all that is asked of `topic`, None where that is nothing. Raises FilterError."""
    conditions = topic.filter.all if topic.filter is not None else ()
    if topic.surrogate_key is not None:
        conditions += (RowCondition(topic.surrogate_key, FilterOperator.NOT_NULL),)
    if not conditions:
        return None
    # A blocking snapshot takes a whole SELECT, of the same WHERE as an incremental one takes alone.
    return render(RowFilter(conditions), Dialect.POSTGRESQL, topic.data_collection, SnapshotType.BLOCKING)
