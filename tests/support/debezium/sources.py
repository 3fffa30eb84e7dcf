"""The suite's own sources: one for each way to signal a connector, and one whose signal table takes little.

They are not the sandbox's three, whose topics other tests expect to be untouched.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from persistence.embedded.sessions import quoted
from sandbox.sources import Channel, Source

NOTIFICATIONS = "e2e.notifications"
"""One topic for all of them: what is told of one must not move the snapshots of another."""

FENCE = "fence"


@dataclass(frozen=True)
class Made:
    """A table and what is in it: the ids from 1 to `rows`, unless its SQL says otherwise."""

    name: str
    rows: int
    sql: str = ""
    """In place of the usual table of id and note; `{table}` is its quoted name."""

    @property
    def collection(self) -> str:
        return f"public.{self.name}"

    def statements(self) -> str:
        table = f"public.{quoted(self.name)}"
        if self.sql:
            return self.sql.replace("{table}", table)
        return f"""
            CREATE TABLE {table} (id integer PRIMARY KEY, note text);
            INSERT INTO {table} SELECT n, 'note ' || n FROM generate_series(1, {self.rows}) AS n;
        """


_SIGNAL_TABLE = """
    CREATE TABLE public.debezium_signal
        (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(%d) NULL);
"""
_KEYLESS = """
    CREATE TABLE {table} (actor text, action text NOT NULL);
    ALTER TABLE {table} REPLICA IDENTITY FULL;
    INSERT INTO {table} SELECT 'actor ' || n % 3, 'login' FROM generate_series(1, 30) AS n;
"""
_UNIQUE_INDEX = """
    CREATE TABLE {table} (sku text NOT NULL, on_hand integer NOT NULL);
    CREATE UNIQUE INDEX ON {table} (sku);
    INSERT INTO {table} SELECT 'SKU-' || lpad(n::text, 4, '0'), n FROM generate_series(1, 900) AS n;
"""
# More than two chunks, and an order of its own for each of key and surrogate.
_SURROGATE = """
    CREATE TABLE {table} (
        warehouse integer NOT NULL, line integer NOT NULL, serial integer NOT NULL UNIQUE, PRIMARY KEY (warehouse, line)
    );
    INSERT INTO {table} SELECT n % 7, n, 2001 - n FROM generate_series(1, 2000) AS n;
"""

AWKWARD_VALUES = (
    "O'Reilly",
    'said "so"',
    "back\\slash",
    "\\' OR 1=1 --",
    "'; DROP TABLE public.remarks; --",
    "größe ☃ 日本 🧊",
    "100% _sure?",
    "two\nlines\tand a tab",
    "$$ :name ? {0} ${x}",
    "a, b",
    " ",
)
"""Texts of the table `remarks`, each with decoys that a wrong quoting would match or lose."""

AWKWARD_COLUMN = 'a "quoted" Column, with\\backslash'


def _remarks() -> str:
    def literal(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    rows = [f"({n}, {literal(value)})" for n, value in enumerate(AWKWARD_VALUES, start=1)]
    rows += [f"({n + 100}, {literal(value + 'x')})" for n, value in enumerate(AWKWARD_VALUES, start=1)]
    return f"""
        SET standard_conforming_strings = on;
        CREATE TABLE {{table}} (id integer PRIMARY KEY, {quoted(AWKWARD_COLUMN)} text NOT NULL);
        INSERT INTO {{table}} VALUES {", ".join(rows)};
    """


LOOK_ALIKES: Mapping[str, tuple[str, ...]] = {
    "Orders": ("orders",),
    "orders": ("Orders",),
    "price.list": ("price_list", "priceXlist"),
    "cash$": ("cash",),
    "a+b": ("aab",),
    "rack[12]": ("rack1",),
    "this|that": ("this",),
    "bin(s)": ("bins",),
    "hel*o": ("heo",),
    "maybe?": ("mayb",),
    "d{2}": ("dd",),
    "left,right": ("left", "right"),
    "back\\wards": ("backxards",),
    "grün": ("GRÜN",),
}
"""Names of tables, and the tables that Debezium would read with, or instead of, each of them."""


def _odd_tables() -> tuple[Made, ...]:
    names = [*LOOK_ALIKES, *(other for others in LOOK_ALIKES.values() for other in others)]
    return tuple(Made(name, 3 + place) for place, name in enumerate(dict.fromkeys(names)))


@dataclass(frozen=True, eq=False)
class OwnSource:
    """A source of the suite: the sandbox's description of it, and its tables."""

    source: Source
    tables: tuple[Made, ...]
    signal_data_limit: int = 2048

    @property
    def name(self) -> str:
        return self.source.name

    def sql(self) -> str:
        signals = _SIGNAL_TABLE % self.signal_data_limit if self.source.signal_table else ""
        fence = f"CREATE TABLE public.{FENCE} (id integer PRIMARY KEY);"
        return signals + fence + "".join(table.statements() for table in self.tables)

    def topic(self, table: str) -> str:
        return self.source.topic("public", table)


def _own(name: str, channel: Channel, *tables: Made, read_only: bool = False, limit: int = 2048) -> OwnSource:
    source = Source(name, channel=channel, include={"schema.include.list": "public"}, read_only=read_only)
    return OwnSource(source, tables, limit)


DEPOT = _own(
    "depot",
    "source",
    Made("crates", 2000),
    Made("pallets", 40),
    Made("empty", 0),
    Made("keyless", 30, _KEYLESS),
    Made("stock", 900, _UNIQUE_INDEX),
    Made("lines", 2000, _SURROGATE),
    Made("remarks", 2 * len(AWKWARD_VALUES), _remarks()),
    *_odd_tables(),
)
"""Signalled by its signal table."""

TILL = _own(
    "till",
    "kafka",
    Made("receipts", 2000),
    Made("vouchers", 40),
    Made("empty", 0),
    Made("remarks", 2 * len(AWKWARD_VALUES), _remarks()),
    Made("Receipts", 5),
)
"""Signalled over Kafka, with a signal table for its watermarks."""

ARCHIVE = _own(
    "archive", "kafka", Made("deeds", 2000), Made("wills", 40), Made("keyless", 30, _KEYLESS), read_only=True
)
"""Signalled over Kafka, and only read."""

NARROW = _own("narrow", "source", *(Made(f"measurements_of_station_{n:02}", n) for n in range(1, 11)), limit=160)
"""Signalled by a signal table that takes the names of a few tables at a time."""

POISONED = _own("poisoned", "kafka", Made("wells", 3), read_only=True)
"""For a test that leaves its connector deaf; not among those that run from the start."""

OWN_SOURCES = (DEPOT, TILL, ARCHIVE, NARROW)
