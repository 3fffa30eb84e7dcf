"""Asks a PostgreSQL source for its tables: also those that were never written, which is just what one backfills."""

from snapshots.engines.debezium.configuration import properties as configuration
from snapshots.engines.debezium.configuration.properties import Config
from snapshots.engines.debezium.source_database.dialect import DatabaseTable, DatabaseTables
from snapshots.engines.debezium.source_database.opener import Session, SourceOpener, TimeLimits
from snapshots.engines.debezium.source_database.postgresql.connection import DRIVER_ERRORS, connect, reason_of
from snapshots.errors import DatabaseUnreachableError

_LIMITS = TimeLimits(answer_seconds=10.0)
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


async def read_tables(
    opener: SourceOpener, reference: str, config: Config, limits: TimeLimits = _LIMITS
) -> DatabaseTables:
    """Read the tables of the database behind `reference`, and how long its signals may be.

    `publish.via.partition.root` counts where there is no publication of the connector's yet. Raises
    DatabaseUnreachableError, which holds no credentials; SecretError.
    """
    publication = config.get("publication.name") or "dbz_publication"
    via_root = configuration.flag(config, "publish.via.partition.root")
    schema, _, name = (configuration.signal_collection(config) or "").partition(".")
    try:
        async with opener.open(reference, connect, Session(limits)) as connection:
            found = await connection.fetch(_TABLES, publication, via_root)
            lengths = await connection.fetch(_DATA_LIMIT, schema, name)
    except DRIVER_ERRORS as error:
        raise DatabaseUnreachableError(reason_of(error)) from None
    return DatabaseTables(
        tables=tuple(DatabaseTable(f"{row['schema']}.{row['name']}", row["keyless"]) for row in found),
        signal_data_limit=(lengths[0][0] or UNLIMITED_DATA_CHARACTERS) if lengths else None,
    )
