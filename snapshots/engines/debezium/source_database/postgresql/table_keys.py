"""Asks a PostgreSQL source for the keys that Debezium takes its tables to have: one question, however many tables.

Which key that is was seen on Debezium 3.6.3: the primary key; else the first unique index, the one that the table is
clustered by before the others, then by name. Partial and nullable ones count, and columns that an index only includes;
indexes over expressions are passed over. `message.key.columns` replaces it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from snapshots.engines.debezium.configuration.custom_keys import custom_key
from snapshots.signalling.filter_sql import name_parts
from snapshots.signalling.key_settings import KeySettings
from snapshots.signalling.key_types import KeyColumn
from snapshots.vocabulary import Dialect

# One row for each column that matters: of the key, those that could serve as a surrogate key, and that which is asked
# for as such; all of them ($4) where the configuration may name any.
_COLUMNS = """
WITH RECURSIVE tables AS (
  SELECT asked.place, asked.surrogate, c.oid,
    -- Tables that inherit have rows in it that its indexes do not know.
    c.relkind = 'p' OR NOT EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = c.oid) AS whole
  FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS asked(schema, name, surrogate, place)
  JOIN pg_namespace n ON n.nspname = asked.schema
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = asked.name AND c.relkind IN ('r', 'p')
),
indexes AS (
  SELECT t.place, x.relname, i.indisprimary, i.indisclustered, i.indexprs IS NULL AS plain,
    (i.indkey::smallint[])[0:CASE WHEN i.indisprimary THEN i.indnkeyatts ELSE i.indnatts END - 1] AS columns,
    CASE WHEN i.indnkeyatts = 1 AND i.indexprs IS NULL THEN i.indkey[0] END AS single,
    i.indisvalid AND i.indpred IS NULL AND t.whole AS everywhere, i.indimmediate
  FROM tables t
  JOIN pg_index i ON i.indrelid = t.oid AND i.indisunique
  JOIN pg_class x ON x.oid = i.indexrelid
),
keys AS (
  SELECT DISTINCT ON (place) * FROM indexes WHERE plain ORDER BY place, indisprimary DESC, indisclustered DESC, relname
),
columns AS (
  SELECT t.place, t.surrogate, a.attname, a.attnum, a.attnotnull, a.attndims, a.atttypid, a.atttypmod,
    coalesce(a.attnum = ANY(k.columns), false) AS in_key, coalesce(k.everywhere, false) AS everywhere,
    -- Debezium is not told of the values of generated columns.
    a.attnotnull AND a.attgenerated = '' AND EXISTS (
      SELECT FROM indexes i WHERE i.place = t.place AND i.single = a.attnum AND i.everywhere AND i.indimmediate
    ) AS serves
  FROM tables t
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN keys k ON k.place = t.place
),
wanted AS (
  SELECT * FROM columns WHERE $4 OR in_key OR serves OR attname = surrogate
),
bases AS (
  SELECT DISTINCT atttypid AS type, atttypid AS base FROM wanted
  UNION
  SELECT b.type, t.typbasetype FROM bases b JOIN pg_type t ON t.oid = b.base WHERE t.typtype = 'd'
)
SELECT w.place, w.attname AS name, format_type(w.atttypid, w.atttypmod) AS type,
  coalesce(e.typname, t.typname) AS base, coalesce(e.typtype, t.typtype)::text AS kind,
  t.typcategory = 'A' AS is_array, CASE d.typtype WHEN 'd' THEN d.typndims ELSE w.attndims END < 2 AS is_flat,
  w.serves, w.in_key, w.everywhere AND w.attnotnull AS sound
FROM wanted w
JOIN pg_type d ON d.oid = w.atttypid
JOIN bases b ON b.type = w.atttypid
JOIN pg_type t ON t.oid = b.base AND t.typtype <> 'd'
-- Not of the vectors: their elements have arrays of another type.
LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
ORDER BY w.place, w.attnum
"""


@dataclass(frozen=True, slots=True)
class AskedTable:
    """A table that is to be read: its name in signals, and the surrogate key that was asked for."""

    data_collection: str
    surrogate_key: str | None


@dataclass(frozen=True, slots=True)
class TableKey:
    """What a table is read by, as far as the database and the configuration say."""

    columns: tuple[KeyColumn, ...]
    """The key of its records; none where it has no key."""
    surrogate: KeyColumn | None
    """The column that was asked for as the surrogate key, where the table has it."""
    candidates: tuple[KeyColumn, ...]
    """The columns that are unique by themselves and never null, and that the engine sees; in their order."""
    is_sound: bool
    """Whether no two rows have the same key, nor a null in it. Not known of one that the configuration names."""


async def read_table_keys(
    connection: Any,  # noqa: ANN401 (asyncpg ships no types)
    tables: Sequence[AskedTable],
    settings: KeySettings,
) -> Mapping[AskedTable, TableKey]:
    """Return the keys of those of the `tables` that there are. Raises asyncpg's errors, and UnreadableKeyError."""
    names = [name_parts(table.data_collection, Dialect.POSTGRESQL) for table in tables]
    schemas = [parts[0] if len(parts) > 1 else "" for parts in names]
    surrogates = [table.surrogate_key for table in tables]
    found = await connection.fetch(
        _COLUMNS, schemas, [parts[-1] for parts in names], surrogates, bool(settings.columns.strip())
    )
    rows: dict[int, list[Any]] = {}
    for row in found:
        rows.setdefault(row["place"] - 1, []).append(row)
    return {tables[place]: _key(tables[place], of_one, settings) for place, of_one in rows.items()}


def _key(table: AskedTable, rows: Sequence[Any], settings: KeySettings) -> TableKey:
    columns = {row["name"]: _column(row) for row in rows}
    named = custom_key(settings.columns, table.data_collection, list(columns))
    key = [row for row in rows if row["in_key"]]
    return TableKey(
        tuple(columns[name] for name in named or [row["name"] for row in key]),
        columns.get(table.surrogate_key) if table.surrogate_key is not None else None,
        () if settings.filters_columns else tuple(column for column in columns.values() if column.serves),
        not named and all(row["sound"] for row in key),
    )


def _column(row: Any) -> KeyColumn:  # noqa: ANN401
    kinds = row["is_array"], row["is_array"] and row["is_flat"], row["serves"]
    return KeyColumn(row["name"], row["type"], row["base"], row["kind"], *kinds)
