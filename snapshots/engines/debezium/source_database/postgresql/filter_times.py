"""Whether a filter means the same rows to Topicsnap's session with PostgreSQL as to Debezium's.

A time without a zone is one of the session's zone, and Debezium's sessions have that of its JVM (pgjdbc sends it at the
start); some texts are times of the clock.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from snapshots.engines.debezium.source_database.postgresql.connection import ServerError
from snapshots.errors import UnreadableError
from snapshots.filters import RowFilter

# The columns of a date or a time; those of a domain as what is behind it.
_TIME_COLUMNS = """
SELECT a.attname AS name, b.oid::regtype::text AS type
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
WHERE a.attrelid = $1::text::regclass AND a.attname = ANY($2::text[]) AND b.typcategory = 'D'
"""
_SESSIONS = (("Etc/GMT+12", "ISO, MDY"), ("Etc/GMT-14", "ISO, DMY"), ("UTC", "ISO, YMD"))
"""Time zones and date styles that differ as much as they can."""
_SESSION = "SELECT set_config('TimeZone', $1, true), set_config('DateStyle', $2, true)"
_MEANING = "SELECT array_agg(extract(epoch FROM v)::text) FROM unnest($1::text[]::{}[]) AS v"
_CLOCK_WORDS = re.compile(r"\b(now|today|tomorrow|yesterday)\b", re.IGNORECASE)
"""What PostgreSQL takes for a time of now (PostgreSQL docs: Special Date/Time Inputs)."""


async def check_times(connection: Any, table: str, row_filter: RowFilter | None) -> None:  # noqa: ANN401
    """Raise UnreadableError where the filter may have meant other rows to the engine than it means here."""
    values: dict[str, set[str]] = defaultdict(set)
    for condition in row_filter.all if row_filter else ():
        values[condition.column].update(condition.values)
    for name, type_ in await connection.fetch(_TIME_COLUMNS, table, list(values)):
        texts, meanings = sorted(values[name]), []
        for zone, style in _SESSIONS:
            await connection.execute(_SESSION, zone, style)
            meanings.append(await _meaning(connection, texts, type_))
        if any(map(_CLOCK_WORDS.search, texts)) or any(one != meanings[0] for one in meanings):
            raise UnreadableError(
                f"the filter compares {name} with a time that is another one in another session (by its time zone, its "
                "date style, or the clock), so that the engine may have read other rows"
            )
    if values:
        await connection.execute("RESET TimeZone; RESET DateStyle")


async def _meaning(connection: Any, texts: Sequence[str], type_: str) -> object:  # noqa: ANN401
    """Return what the texts are as times, in a form that no session's settings change; None where one is no time."""
    try:
        async with connection.transaction():
            return await connection.fetchval(_MEANING.format(type_), texts)
    except ServerError:
        return None
