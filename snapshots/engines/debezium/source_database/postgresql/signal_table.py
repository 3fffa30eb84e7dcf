"""Writes the signal tables of PostgreSQL sources.

The id is the table's primary key in the documented DDL, so a signal that is sent twice is there once.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from snapshots.engines.debezium.source_database.opener import Session, SourceOpener, TimeLimits
from snapshots.engines.debezium.source_database.postgresql.connection import (
    DRIVER_ERRORS,
    NotAUrlError,
    ServerError,
    connect,
    sqlstate_of,
)
from snapshots.errors import SourceError, TopicsnapError, UnconfirmedError
from snapshots.model import SourceConnector
from snapshots.ports.signal_channel import OutgoingSignal
from snapshots.vocabulary import SnapshotErrorCode

# Whether an index makes `id` unique by itself: then ON CONFLICT is enough, and INSERT is the only privilege needed.
_ID_IS_UNIQUE = """
SELECT EXISTS (
  SELECT FROM pg_index i
  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attname = 'id'
  WHERE i.indrelid = $1::text::regclass AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1
    AND i.indpred IS NULL AND i.indexprs IS NULL
)
"""
_INSERT = "INSERT INTO {table} (id, type, data) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
# Without the casts the server takes $1 for two types, and refuses it where the column is not a plain text.
_INSERT_IF_ABSENT = (
    "INSERT INTO {table} (id, type, data) SELECT $1::text, $2::text, $3::text "
    "WHERE NOT EXISTS (SELECT FROM {table} WHERE id = $1::text)"
)
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('topicsnap'), hashtext($1))"
_FIND = "SELECT EXISTS (SELECT FROM {table} WHERE id = $1)"


_NOT_CONFIGURED = {
    "28": "it refuses the credentials",
    "3D": "the database does not exist",
    "3F": "the schema of the signal table does not exist",
    "42P01": "the signal table does not exist",
    "42703": "the signal table lacks one of the columns id, type and data",
}
_REJECTED = {
    "22001": "the signal table's columns are too short for the signal",
    "25006": "it is read-only",
    "42501": "the signal table may not be written with these credentials",
    "42": "the signal table cannot be written",
    "22": "the signal table's columns do not take the signal",
    "23": "a constraint of the signal table does not take the signal",
}


class PostgresSignalTable:
    """Implements SignalTable; idempotent by the signal's id."""

    def __init__(self, opener: SourceOpener, limits: TimeLimits) -> None:
        """Write within `limits`."""
        self._opener = opener
        self._session = Session(limits, read_only=False)

    async def insert(self, source: SourceConnector, signal: OutgoingSignal) -> None:
        """Insert `signal` unless its id is there already; see SignalTable."""
        table = _quoted_table(source)
        async with self._connection(source) as connection:
            id_is_unique = await connection.fetchval(_ID_IS_UNIQUE, table)
            try:
                await _insert(connection, table, signal, id_is_unique=id_is_unique)
            except DRIVER_ERRORS as error:
                raise _insert_error(source, error) from None

    async def holds(self, source: SourceConnector, signal_id: str) -> bool:
        """Whether the table has the id. An insert that is still under way is missed: its id cannot get in twice."""
        table = _quoted_table(source)
        async with self._connection(source) as connection:
            return bool(await connection.fetchval(_FIND.format(table=table), signal_id))

    @asynccontextmanager
    async def _connection(self, source: SourceConnector) -> AsyncIterator[Any]:
        """Yield a connection; whatever the driver raises meanwhile is a SourceError. Raises SecretError as well."""
        try:
            async with self._opener.open(source.database_url_ref or "", connect, self._session) as connection:
                yield connection
        except NotAUrlError:
            message = f"The reference to the database of {source.name} does not hold a PostgreSQL URL."
            raise SourceError(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False) from None
        except DRIVER_ERRORS as error:
            raise _refusal(source, error) from None


async def _insert(connection: Any, table: str, signal: OutgoingSignal, *, id_is_unique: bool) -> None:  # noqa: ANN401 - asyncpg's connection comes in several classes
    values = (signal.id, signal.type, signal.data)
    if id_is_unique:
        await connection.execute(_INSERT.format(table=table), *values)
        return
    async with connection.transaction():
        await connection.execute(_LOCK, signal.id)  # two who see no row would both insert it
        await connection.execute(_INSERT_IF_ABSENT.format(table=table), *values)


def _quoted_table(source: SourceConnector) -> str:
    schema, dot, table = (source.signal_collection or "").partition(".")
    if not (schema and dot and table):
        message = f"The signal table of {source.name} is not known as schema.table (signal.data.collection)."
        raise SourceError(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False)
    return ".".join(f'"{part.replace(chr(34), chr(34) * 2)}"' for part in (schema, table))


def _insert_error(source: SourceConnector, error: Exception) -> TopicsnapError:
    """Tell an insert that the server rolled back from one whose end nobody has seen."""
    state = sqlstate_of(error)
    # 57P: the server went down, perhaps after the commit; 08: the connection did.
    if not isinstance(error, ServerError) or state.startswith(("08", "57P")):
        message = f"The database behind {source.name} did not confirm the signal; the signal may be there."
        return UnconfirmedError(message, SnapshotErrorCode.CHANNEL_UNAVAILABLE)
    return _refusal(source, error)


def _refusal(source: SourceConnector, error: Exception) -> SourceError:
    state = sqlstate_of(error)
    for code, reasons in (
        (SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, _NOT_CONFIGURED),
        (SnapshotErrorCode.SIGNAL_REJECTED, _REJECTED),
    ):
        for length in (5, 2):
            reason = reasons.get(state[:length])
            if reason:
                message = f"The database behind {source.name} does not accept signals: {reason} (SQLSTATE {state})."
                return SourceError(code, message, retryable=False)
    reason = f"it answered with SQLSTATE {state}" if state else "it cannot be reached"
    message = f"The database behind {source.name} does not accept signals now: {reason}."
    return SourceError(SnapshotErrorCode.CHANNEL_UNAVAILABLE, message, retryable=True)
