"""Tables with a key of each type: the value of row n, by the type, sorted by what Debezium 3.6.3 makes of it."""

from collections.abc import Mapping

from tests.support.debezium.sources import Made

ROWS = 10
CHUNK = 4
CHUNKS = {"incremental.snapshot.chunk.size": str(CHUNK)}

TYPES = Made(
    "of_types",
    1,
    """
    CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION isn;
    CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j');
    CREATE TYPE pair AS (x int, y text);
    CREATE TYPE texts AS RANGE (subtype = text);
    CREATE DOMAIN whole AS int CHECK (value > 0); CREATE DOMAIN more AS whole; CREATE DOMAIN code AS varchar(9);
    CREATE DOMAIN moment AS timestamptz; CREATE DOMAIN instant AS moment; CREATE DOMAIN noon AS time;
    CREATE DOMAIN tags AS text[]; CREATE DOMAIN labels AS tags;
    CREATE TABLE {table} (id int PRIMARY KEY);
    INSERT INTO {table} VALUES (1);
    """,
)
"""Comes before the others, which take its types."""

_HOUR = "timestamp '2026-01-01' + n * interval '1 hour'"
_MINUTE = "time '01:00' + n * interval '1 minute'"
_DAY = "date '2026-01-01' + n"

SAFE: Mapping[str, str] = {
    **dict.fromkeys(("int2", "int4", "int8", "float4", "float8", "numeric", "numeric(10,2)", "oid"), "n"),
    **dict.fromkeys(("whole", "more"), "n"),
    **dict.fromkeys(("text", "varchar(9)", "char(9)", "name", "citext", "code"), "'t' || n"),
    '"char"': "chr(64 + n)",
    "bytea": "decode(lpad(to_hex(n), 4, '0'), 'hex')",
    "uuid": "md5(n::text)::uuid",
    "mood": "(enum_range(null::mood))[n]",
    "varbit": "n::bit(8)::varbit",
    "jsonb": "jsonb_build_object('a', n)",
    "tsvector": "to_tsvector('simple', 'w' || n)",
    "ltree": "('a.b' || n)::ltree",
    "date": _DAY,
    "interval": "n * interval '1 hour'",
    "inet": "('10.0.0.' || n)::inet",
    "cidr": "('10.0.' || n || '.0/24')::cidr",
    "macaddr": "('08:00:2b:01:02:0' || n % 10)::macaddr",
    "macaddr8": "('08:00:2b:01:02:03:04:0' || n % 10)::macaddr8",
    "int4range": "int4range(n, n + 5)",
    "int8range": "int8range(n, n + 5)",
    "numrange": "numrange(n, n + 5)",
    "daterange": f"daterange({_DAY}, null)",
    "tsrange": f"tsrange({_HOUR}, null)",
    "tstzrange": f"tstzrange({_HOUR}, null)",
}
NOT_STORED: Mapping[str, str] = {
    **dict.fromkeys(("text[]", "varchar(9)[]", "char(9)[]", "citext[]", "tags", "labels"), "array['t' || n]"),
    **dict.fromkeys(("int2[]", "int4[]", "int8[]", "float4[]", "float8[]", "numeric[]", "oid[]"), "array[n]"),
    **dict.fromkeys(("timestamp[]", "timestamptz[]"), f"array[{_HOUR}]"),
    **dict.fromkeys(("time[]", "timetz[]"), f"array[{_MINUTE}]"),
    '"char"[]': 'array[(chr(64 + n))::"char"]',
    "bytea[]": "array[decode(lpad(to_hex(n), 4, '0'), 'hex')]",
    "uuid[]": "array[md5(n::text)::uuid]",
    "jsonb[]": "array[jsonb_build_object('a', n)]",
    "date[]": f"array[{_DAY}]",
    "inet[]": "array[('10.0.0.' || n)::inet]",
    "cidr[]": "array[('10.0.' || n || '.0/24')::cidr]",
    "mood[]": "array[(enum_range(null::mood))[n]]",
}
"""Arrays that are whole in the keys of records, so that a table can be read by another column."""
NOT_STORED_NOR_SENT: Mapping[str, str] = {
    "oidvector": "n::text::oidvector",
    "int4[][]": "array[array[n]]",
    "whole[]": "array[n]",
    "name[]": "array['t' || n]",
    "varbit[]": "array[n::bit(8)::varbit]",
    "interval[]": "array[n * interval '1 hour']",
    "money[]": "array[n::money]",
    "xid8[]": "array[n::text::xid8]",
    "pair[]": "array[row(n, 'y')::pair]",
}
NOT_BOUND: Mapping[str, str] = {
    **dict.fromkeys(("timestamp", "timestamp(3)", "timestamptz", "timestamptz(0)", "moment", "instant"), _HOUR),
    **dict.fromkeys(("time", "timetz", "noon"), _MINUTE),
    "bit(8)": "n::bit(8)",
    "money": "n::money",
    "hstore": "hstore('k', n::text)",
}
NOT_SENT: Mapping[str, str] = {
    "pg_lsn": "('0/' || n)::pg_lsn",
    "xid8": "n::text::xid8",
    "tid": "('(0,' || n || ')')::tid",
    "regclass": "n::oid::regclass",
    "tsquery": "to_tsquery('simple', 'w' || n)",
    "pair": "row(n, 'y')::pair",
    "texts": "texts('a' || n, null)",
    "int4multirange": "int4multirange(int4range(n, n + 5))",
    "isbn13": "('978' || lpad(n::text, 9, '0') || '?')::isbn13",
}


def made(name: str, columns: str, values: str, *, rows: int = ROWS) -> Made:
    """Return a table of such columns with these values for each n."""
    fill = f"INSERT INTO {{table}} SELECT {values} FROM generate_series(1, {rows}) AS n;"
    return Made(name, rows, f"CREATE TABLE {{table}} ({columns}); {fill}")


def by_type(prefix: str, values: Mapping[str, str], *, rows: int = ROWS) -> tuple[Made, ...]:
    """Return a table for each type, whose only key it is, beside a column `id` that is unique and not null."""
    return tuple(
        made(f"{prefix}_{place}", f"k {type_} PRIMARY KEY, id int NOT NULL UNIQUE", f"{value}, n", rows=rows)
        for place, (type_, value) in enumerate(values.items())
    )
