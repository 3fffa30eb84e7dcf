"""Reads the rows of a PostgreSQL source for a verification: as of one moment, read-only, with a time limit.

`xmin` is the transaction that wrote a row's version (PostgreSQL docs: System Columns), by which a row that nobody has
touched since a snapshot began is told from one that was written meanwhile.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from snapshots.engines.debezium.source_database.opener import Session, SourceOpener, TimeLimits
from snapshots.engines.debezium.source_database.postgresql.connection import (
    DRIVER_ERRORS,
    connect,
    reason_of,
    sqlstate_of,
)
from snapshots.engines.debezium.source_database.postgresql.filter_times import check_times
from snapshots.engines.debezium.verification.row_events import hash_key
from snapshots.errors import FilterError, SecretError, UnreadableError
from snapshots.filters import RowFilter
from snapshots.model import SourceConnector
from snapshots.ports.source_rows import RowCounts, SourceRow
from snapshots.ports.topic_reader import KeyShape
from snapshots.signalling.filter_sql import render
from snapshots.verification.comparison import is_untouched
from snapshots.vocabulary import Dialect, SnapshotType

_LIMITS = TimeLimits(answer_seconds=None, statement_seconds=60.0)
_PREFETCH = 5000

_HORIZON = "SELECT txid_snapshot_xmin(txid_current_snapshot())"
_COLUMNS = """
SELECT a.attname AS name, CASE WHEN t.typtype = 'e' THEN 'enum' ELSE t.typname END AS type
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = ANY($2::text[])
"""
# Whether the columns hold those of an index that makes rows unique, none of them null.
_UNIQUE = """
SELECT EXISTS (
  SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
  WHERE i.indrelid = $1::text::regclass AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
    AND NOT EXISTS (
      SELECT FROM unnest((i.indkey::smallint[])[0:i.indnkeyatts - 1]) AS k(attnum)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
      WHERE NOT a.attnotnull OR NOT a.attname = ANY($2::text[]))
    -- Tables that inherit have rows in it that its indexes do not know.
    AND (c.relkind = 'p' OR NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = c.oid))
)
"""
# Who wrote the definitions of the table and of its partitions. VACUUM and ANALYZE write theirs in place.
_DEFINITIONS = """
SELECT c.xmin::text::bigint FROM pg_class c
WHERE c.oid = $1::text::regclass OR c.oid IN (SELECT relid FROM pg_partition_tree($1::text::regclass))
"""
_JSON_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("int2", "int4", "int8"), "int"),
    **dict.fromkeys(("text", "varchar", "bpchar", "citext", "uuid", "enum"), "str"),
    "bool": "bool",
}
"""The types whose values look the same in a record's JSON as here."""


class PostgresRows:
    """Implements the port SourceRows; over a connection of its own for each look."""

    def __init__(self, opener: SourceOpener, limits: TimeLimits = _LIMITS) -> None:
        """Read within `limits`."""
        self._opener = opener
        # Without row security: to refuse rather than to hide rows.
        self._session = Session(limits, read_only=False, settings={"row_security": "off"})

    async def horizon(self, source: SourceConnector) -> int | None:
        """Return the oldest transaction that runs now; None where the database cannot be asked."""
        try:
            async with self._looking(source) as connection:
                return int(await connection.fetchval(_HORIZON))
        except UnreadableError:
            return None

    async def is_remade(self, source: SourceConnector, collection: str, horizon: int) -> bool:
        """Whether the table was defined otherwise, renamed, rewritten or given partitions since `horizon`.

        Raises UnreadableError.
        """
        async with self._looking(source) as connection:
            rows = await connection.fetch(_DEFINITIONS, _table(collection))
        return not all(is_untouched(row[0], horizon) for row in rows)

    async def key_problem(self, source: SourceConnector, collection: str, shape: KeyShape) -> str | None:
        """Tell as a clause why rows cannot be compared by keys of `shape`; None where they can.

        Raises UnreadableError.
        """
        if not shape.fields:
            return "the records' keys are no JSON objects"
        table, fields = _table(collection), list(shape.fields)
        async with self._looking(source) as connection:
            found = {row["name"]: row["type"] for row in await connection.fetch(_COLUMNS, table, fields)}
            unique = await connection.fetchval(_UNIQUE, table, fields)
        for name, json_type in zip(shape.fields, shape.types, strict=True):
            if name not in found:
                return f"the key's field {name} is no column of the table"
            if _JSON_TYPES.get(found[name]) != json_type:
                return f"values of type {found[name]} look different in the records (the key's field {name})"
        return None if unique else "the records' key is not unique in the table"

    async def rows(
        self, source: SourceConnector, collection: str, row_filter: RowFilter | None, shape: KeyShape
    ) -> AsyncGenerator[SourceRow, None]:
        """Yield every row under the filter, its key made as those of the records. Raises UnreadableError."""
        casts = {"str": "::text", "int": "", "bool": ""}
        table, fields = _table(collection), list(shape.fields)
        where = _where(row_filter, collection)
        async with self._looking(source) as connection:
            await check_times(connection, table, row_filter)
            padded = {row["name"] for row in await connection.fetch(_COLUMNS, table, fields) if row["type"] == "bpchar"}
            columns = ", ".join(
                # A cast would cut off the blanks that records have.
                _quoted(name) + ("" if name in padded else casts[json_type])
                for name, json_type in zip(shape.fields, shape.types, strict=True)
            )
            statement = f"SELECT xmin::text::bigint, {columns} FROM {table}{where}"  # noqa: S608 (every part is quoted)
            async for row in connection.cursor(statement, prefetch=_PREFETCH):
                yield SourceRow(hash_key(tuple(row)[1:]), row[0])

    async def counts(
        self, source: SourceConnector, collection: str, row_filter: RowFilter | None, horizon: int | None
    ) -> RowCounts:
        """Count the rows under the filter, and those that are untouched since `horizon`. Raises UnreadableError."""
        where = _where(row_filter, collection)
        statement = f"SELECT xmin::text::bigint, count(*) FROM {_table(collection)}{where} GROUP BY 1"  # noqa: S608
        rows = untouched = 0
        async with self._looking(source) as connection:
            await check_times(connection, _table(collection), row_filter)
            async for xid, count in connection.cursor(statement, prefetch=_PREFETCH):
                rows += count
                untouched += count if is_untouched(xid, horizon) else 0
        return RowCounts(rows, None if horizon is None else untouched)

    @asynccontextmanager
    async def _looking(self, source: SourceConnector) -> AsyncIterator[Any]:
        """Yield a connection within a transaction that sees one moment. Raises UnreadableError."""
        try:
            async with (
                self._opener.open(source.database_url_ref or "", connect, self._session) as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                yield connection
        except SecretError as error:
            raise UnreadableError(f"the credentials of the source database cannot be resolved: {error}") from error
        except DRIVER_ERRORS as error:
            passing = _may_pass(sqlstate_of(error))
            raise UnreadableError(f"the source database cannot be read ({reason_of(error)})", passing=passing) from None


def _may_pass(state: str) -> bool:
    """Whether a later look may succeed; not where the table or a right to read it is missing (class 42)."""
    return not state.startswith(("42", "28", "3D"))


def _where(row_filter: RowFilter | None, collection: str) -> str:
    if row_filter is None:
        return ""
    try:
        return f" WHERE {render(row_filter, Dialect.POSTGRESQL, collection, SnapshotType.INCREMENTAL)}"
    except FilterError as error:
        raise UnreadableError(str(error)) from error


def _table(collection: str) -> str:
    schema, _, name = collection.partition(".")
    return f"{_quoted(schema)}.{_quoted(name)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
