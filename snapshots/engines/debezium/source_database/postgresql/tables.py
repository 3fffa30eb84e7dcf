"""Asks a PostgreSQL source for its tables: also those that were never written, which is just what one backfills."""

from dataclasses import dataclass

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError, PostgresError

from snapshots.errors import DatabaseUnreachableError

UNLIMITED_DATA_CHARACTERS = 500_000
"""What a `data` column without a limit takes: Debezium passes the row on to Kafka, whose records end at 1 MiB."""

# One row for each table whose changes have a topic: leaf partitions by themselves, or their root where the publication
# says so (publish_via_partition_root). A unique index serves as a key where all its columns are there and not null.
_TABLES = """
SELECT n.nspname AS schema, c.relname AS name, NOT EXISTS (
  SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
    AND i.indpred IS NULL AND i.indexprs IS NULL
    AND NOT EXISTS (
      SELECT FROM unnest((i.indkey::smallint[])[0:i.indnkeyatts - 1]) AS k(attnum)
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
      WHERE NOT a.attnotnull)
) AS keyless
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN (
  SELECT coalesce((SELECT (to_jsonb(p) ->> 'pubviaroot')::boolean FROM pg_publication p WHERE p.pubname = $1), $2)
) AS publication(via_root)
WHERE c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND CASE WHEN via_root THEN c.relkind IN ('r', 'p') AND NOT c.relispartition ELSE c.relkind = 'r' END
ORDER BY 1, 2
"""
_DATA_LIMIT = """
SELECT character_maximum_length FROM information_schema.columns
WHERE table_schema = $1 AND table_name = $2 AND column_name = 'data'
"""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of a source database."""

    schema: str
    name: str
    keyless: bool
    """Neither a primary key nor a unique index whose columns are all not null."""

    @property
    def data_collection(self) -> str:
        """Its name in signals."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class SourceDatabase:
    """What the catalogue wants to know of a source database."""

    tables: tuple[SourceTable, ...]
    """In order of schema and name."""
    signal_data_limit: int | None
    """Longest `data` in characters that the signal table takes; None where there is no such table."""


async def read_source_database(
    url: str,
    *,
    signal_collection: str | None = None,
    publication: str = "dbz_publication",
    via_partition_root: bool = False,
    connect_timeout_seconds: float = 5.0,
    statement_timeout_seconds: float = 10.0,
) -> SourceDatabase:
    """Read the tables of the PostgreSQL database at `url`, and how long its signals may be.

    `via_partition_root` counts where there is no such publication yet. Raises DatabaseUnreachableError; the message
    holds no credentials.
    """
    try:
        connection = await asyncpg.connect(  # type: ignore[no-untyped-call]
            url,
            timeout=connect_timeout_seconds,
            command_timeout=statement_timeout_seconds,
            server_settings={"application_name": "topicsnap", "default_transaction_read_only": "on"},
        )
        try:
            found = await connection.fetch(_TABLES, publication, via_partition_root)
            schema, _, name = (signal_collection or "").partition(".")
            limits = await connection.fetch(_DATA_LIMIT, schema, name)
        finally:
            connection.terminate()
    except (PostgresError, InterfaceError, InternalClientError, OSError, TimeoutError, ValueError) as error:
        state = getattr(error, "sqlstate", None)
        reason = f"SQLSTATE {state}" if state else type(error).__name__  # messages can quote the credentials
        raise DatabaseUnreachableError(reason) from None
    return SourceDatabase(
        tables=tuple(SourceTable(row["schema"], row["name"], row["keyless"]) for row in found),
        signal_data_limit=(limits[0][0] or UNLIMITED_DATA_CHARACTERS) if limits else None,
    )
