"""Looks into a PostgreSQL source for the health checks: one read-only transaction, and nothing is locked or counted."""

from typing import Any

from snapshots.engines.debezium.source_database.dialect import WantedParts
from snapshots.engines.debezium.source_database.opener import Session, SourceOpener, TimeLimits
from snapshots.engines.debezium.source_database.postgresql.connection import DRIVER_ERRORS, connect, reason_of
from snapshots.errors import DatabaseUnreachableError
from snapshots.ports.inspector import InspectedColumn, InspectedDatabase, InspectedSignalTable, InspectedSlot
from snapshots.ports.unknown import Unknown

_SERVER = """
SELECT current_setting('server_version_num')::integer / 10000 AS version, pg_is_in_recovery() AS in_recovery,
       (SELECT setting FROM pg_settings WHERE name = 'default_transaction_read_only') = 'on' AS read_only
"""
_TABLE = """
SELECT c.oid, pg_stat_get_live_tuples(c.oid) AS live, c.reltuples::bigint AS analysed,
       has_schema_privilege(n.oid, 'USAGE') AS usage,
       has_table_privilege(c.oid, 'INSERT') AS insert, has_table_privilege(c.oid, 'SELECT') AS select,
       has_table_privilege(c.oid, 'DELETE') AS delete
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')
"""
_COLUMNS = """
SELECT a.attname AS name, format_type(a.atttypid, NULL) AS type, a.attnotnull AS not_null,
       CASE WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND a.atttypmod > 4 THEN a.atttypmod - 4 END
         AS length
FROM pg_attribute a WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
_KEY = """
SELECT a.attname FROM pg_index i CROSS JOIN unnest(i.indkey::smallint[]) WITH ORDINALITY AS k(attnum, place)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = $1 AND i.indisprimary ORDER BY k.place
"""
_OTHERS_PRIVILEGES = """
SELECT has_schema_privilege(r.oid, n.oid, 'USAGE') AS usage, has_table_privilege(r.oid, c.oid, 'INSERT') AS insert,
       has_table_privilege(r.oid, c.oid, 'SELECT') AS select, has_table_privilege(r.oid, c.oid, 'DELETE') AS delete
FROM pg_roles r, pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE r.rolname = $1 AND c.oid = $2
"""
_PUBLICATION = """
SELECT p.pubinsert, EXISTS (
    SELECT FROM pg_publication_tables t WHERE t.pubname = p.pubname AND t.schemaname = $2 AND t.tablename = $3
) AS has_signal_table
FROM pg_publication p WHERE p.pubname = $1
"""
_SLOT = """
SELECT s.active, to_jsonb(s) ->> 'wal_status' AS wal_status FROM pg_replication_slots s
WHERE s.slot_name = $1 AND s.database = current_database()
"""
# A partitioned table has its partitions in the publication, not itself, unless they are published by their root.
_TABLES = """
SELECT w.name, c.oid IS NOT NULL AS exists, c.relkind = 'p' OR EXISTS (
    SELECT FROM pg_publication_tables t WHERE t.pubname = $2 AND t.schemaname = w.schema AND t.tablename = w.relation
) AS published
FROM (SELECT n AS name, split_part(n, '.', 1) AS schema, substr(n, strpos(n, '.') + 1) AS relation
      FROM unnest($1::text[]) AS n) AS w
LEFT JOIN pg_namespace s ON s.nspname = w.schema
LEFT JOIN pg_class c ON c.relnamespace = s.oid AND c.relname = w.relation AND c.relkind IN ('r', 'p')
ORDER BY w.name
"""
_PRIVILEGES = ("usage", "insert", "select", "delete")


async def inspect_database(
    opener: SourceOpener, reference: str, wanted: WantedParts, limits: TimeLimits | None = None
) -> InspectedDatabase:
    """Return what the database behind `reference` tells.

    Raises DatabaseUnreachableError, which holds no credentials; SecretError.
    """
    try:
        async with (
            opener.open(reference, connect, Session(limits or TimeLimits(), read_only=False)) as connection,
            connection.transaction(readonly=True),
        ):
            return await _observe(connection, wanted)
    except DRIVER_ERRORS as error:
        raise DatabaseUnreachableError(reason_of(error)) from None


async def _observe(connection: Any, wanted: WantedParts) -> InspectedDatabase:  # noqa: ANN401 - asyncpg ships no types
    server = await connection.fetchrow(_SERVER)
    schema, _, name = (wanted.signal_collection or "").partition(".")
    publication = await connection.fetchrow(_PUBLICATION, wanted.publication, schema, name)
    published = bool(publication and publication["pubinsert"] and publication["has_signal_table"])
    tables = await connection.fetch(_TABLES, list(wanted.collections), wanted.publication)
    slot = await connection.fetchrow(_SLOT, wanted.slot) if wanted.slot else None
    table = await connection.fetchrow(_TABLE, schema, name) if name else None
    return InspectedDatabase(
        version=server["version"],
        in_recovery=server["in_recovery"],
        read_only=server["read_only"],
        signal_table=await _signal_table(connection, table, wanted, published=published) if table else None,
        publication_exists=publication is not None if wanted.publication else None,
        slot=InspectedSlot(slot["active"], slot["wal_status"]) if slot else None,
        missing=tuple(row["name"] for row in tables if not row["exists"]),
        unpublished=tuple(
            row["name"] for row in tables if publication is not None and row["exists"] and not row["published"]
        ),
    )


async def _signal_table(
    connection: Any,  # noqa: ANN401
    table: Any,  # noqa: ANN401
    wanted: WantedParts,
    *,
    published: bool,
) -> InspectedSignalTable:
    columns = await connection.fetch(_COLUMNS, table["oid"])
    key = await connection.fetch(_KEY, table["oid"])
    rows = max(table["live"], table["analysed"])
    theirs = None
    if wanted.connector_user:
        theirs = await connection.fetchrow(_OTHERS_PRIVILEGES, wanted.connector_user, table["oid"])
    return InspectedSignalTable(
        columns=tuple(InspectedColumn(row["name"], row["type"], row["length"], row["not_null"]) for row in columns),
        primary_key=tuple(row["attname"] for row in key),
        rows=rows if rows >= 0 else None,
        lacking=_lacking(table),
        connector_lacking=_lacking(theirs)
        if theirs is not None
        else Unknown("The connector's user is not known in the database, so its grants were not looked at."),
        published=published if wanted.publication else None,
    )


def _lacking(row: Any) -> tuple[str, ...]:  # noqa: ANN401
    return tuple(privilege.upper() for privilege in _PRIVILEGES if not row[privilege])
