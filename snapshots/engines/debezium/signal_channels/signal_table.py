"""Sends signals by inserting them into the signal table of a PostgreSQL source (Debezium's channel `source`).

The id is the table's primary key in the documented DDL, so a signal that is sent twice is there once. Messages never
hold credentials or values: drivers and servers like to quote both.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from asyncpg.exceptions import ClientConfigurationError, InterfaceError, InternalClientError, PostgresError

from snapshots.errors import SecretError, SourceError, TopicsnapError, UnconfirmedError
from snapshots.model import SourceConnector
from snapshots.ports.secrets import Secrets
from snapshots.ports.signal_channel import OutgoingSignal, Presence, Receipt
from snapshots.vocabulary import Dialect, SnapshotErrorCode

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

_DRIVER_ERRORS = (PostgresError, InterfaceError, InternalClientError, OSError, TimeoutError)

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


class SignalTableChannel:
    """Hands signals to connectors by their signal tables; idempotent by the signal's id."""

    def __init__(
        self, secrets: Secrets, *, connect_timeout_seconds: float = 5.0, statement_timeout_seconds: float = 5.0
    ) -> None:
        """Resolve each source's credentials from `secrets` when they are needed: nothing of them is kept."""
        self._secrets = secrets
        self._connect_timeout_seconds = connect_timeout_seconds
        self._statement_timeout_seconds = statement_timeout_seconds

    async def send(self, source: SourceConnector, signal: OutgoingSignal) -> Receipt:
        """Insert `signal` unless its id is there already; the receipt names the table.

        Raises SourceError where it is certain that nothing was inserted, UnconfirmedError where the connection broke
        after the insert was sent.
        """
        table = _quoted_table(source)
        async with self._connection(source) as connection:
            try:
                id_is_unique = await connection.fetchval(_ID_IS_UNIQUE, table)
            except _DRIVER_ERRORS as error:
                raise _refusal(source, error) from None
            try:
                await _insert(connection, table, signal, id_is_unique=id_is_unique)
            except _DRIVER_ERRORS as error:
                raise _insert_error(source, error) from None
        return Receipt(source.signal_collection or table)

    async def find(self, source: SourceConnector, signal: OutgoingSignal) -> Presence:
        """Look for the signal's id. An insert that is still under way counts as ABSENT: its id cannot get in twice."""
        try:
            table = _quoted_table(source)
            async with self._connection(source) as connection:
                found = await connection.fetchval(_FIND.format(table=table), signal.id)
        except (TopicsnapError, *_DRIVER_ERRORS):
            return Presence.UNKNOWN
        return Presence.PRESENT if found else Presence.ABSENT

    @asynccontextmanager
    async def _connection(self, source: SourceConnector) -> AsyncIterator[Any]:
        """Yield a connection of its own: signals are rare, and a pool for each source would hold its connections.

        Raises SourceError.
        """
        url = self._url(source)
        try:
            connection = await asyncpg.connect(  # type: ignore[no-untyped-call]
                url,
                timeout=self._connect_timeout_seconds,
                command_timeout=self._statement_timeout_seconds,
                server_settings={"application_name": "topicsnap"},
            )
        except ClientConfigurationError:
            message = f"The reference to the database of {source.name} does not hold a PostgreSQL URL."
            raise SourceError(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False) from None
        except (*_DRIVER_ERRORS, ValueError) as error:
            raise _refusal(source, error) from None
        try:
            yield connection
        except BaseException:
            connection.terminate()  # its state is not known, and to ask for it would take time that is over
            raise
        with suppress(*_DRIVER_ERRORS):
            await connection.close(timeout=self._connect_timeout_seconds)

    def _url(self, source: SourceConnector) -> str:
        if source.dialect is not Dialect.POSTGRESQL:
            message = (
                f"Topicsnap writes the signal tables of PostgreSQL only; {source.name} reads {source.dialect}: "
                "enable its Kafka signal channel."
            )
            raise SourceError(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False)
        if not source.database_url_ref:
            message = f"No reference to the credentials of the database behind {source.name} is known."
            raise SourceError(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False)
        try:
            return self._secrets.resolve(source.database_url_ref)
        except SecretError as error:
            message = f"The credentials of the database behind {source.name} cannot be had: {error}"
            raise SourceError(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False) from error


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
    state = getattr(error, "sqlstate", None) or ""
    # 57P: the server went down, perhaps after the commit; 08: the connection did.
    if not isinstance(error, PostgresError) or state.startswith(("08", "57P")):
        message = f"The database behind {source.name} did not confirm the signal; it may be there."
        return UnconfirmedError(message, SnapshotErrorCode.CHANNEL_UNAVAILABLE)
    return _refusal(source, error)


def _refusal(source: SourceConnector, error: Exception) -> SourceError:
    state = getattr(error, "sqlstate", None) or ""
    for code, reasons in (
        (SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, _NOT_CONFIGURED),
        (SnapshotErrorCode.SIGNAL_REJECTED, _REJECTED),
    ):
        for length in (5, 2):
            reason = reasons.get(state[:length])
            if reason:
                message = f"The database behind {source.name} does not take signals: {reason} (SQLSTATE {state})."
                return SourceError(code, message, retryable=False)
    reason = f"it answered with SQLSTATE {state}" if state else "it cannot be reached"
    message = f"The database behind {source.name} takes no signal now: {reason}."
    return SourceError(SnapshotErrorCode.CHANNEL_UNAVAILABLE, message, retryable=True)
