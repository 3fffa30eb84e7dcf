"""What a real PostgreSQL makes of rendered filters: exactly the rows that the conditions mean, whatever the texts."""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persistence.embedded import EmbeddedPostgres
from snapshots.filters import FilterOperator, RowCondition, RowFilter, check
from snapshots.signalling.filter_sql import render
from snapshots.vocabulary import Dialect, SnapshotType
from tests.support.factories import make_filter
from tests.support.sizes import examples

DATABASE = "filters"
CANARY = "canary"


class Connection(Protocol):
    async def execute(self, query: str) -> str: ...

    async def executemany(self, query: str, arguments: Sequence[tuple[object, ...]]) -> None: ...

    async def fetch(self, query: str) -> list[tuple[int]]: ...

    async def fetchval(self, query: str) -> object: ...

    async def close(self) -> None: ...


@pytest.fixture(scope="module")
async def connection(postgres_server: EmbeddedPostgres) -> AsyncIterator[Connection]:
    await postgres_server.create_database(DATABASE)
    # No cache of statements: one text means something else after a change of standard_conforming_strings.
    url = postgres_server.url(DATABASE)
    connected = await asyncpg.connect(url, statement_cache_size=0)  # type: ignore[no-untyped-call]
    connection = cast("Connection", connected)
    await connection.execute(f"CREATE TABLE {CANARY} (id int)")
    yield connection
    await connection.close()


@dataclass(frozen=True, slots=True)
class Case:
    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    filter: RowFilter


HOSTILE = [
    "'",
    "''",
    "\\",
    "\\'",
    '"',
    '""',
    "%",
    "_",
    "?",
    "$1",
    "--",
    "/*",
    "; DROP TABLE canary; --",
    "' OR TRUE --",
    "\\' OR TRUE --",
    "E'",
    "$$",
    "\n",
    "",
    " ",
    "ü",
    "\U0001f600",
    "{fn now()}",
    ":x",
]
texts = st.lists(st.sampled_from([*HOSTILE, "a", "b"]), max_size=3).map("".join)
# PostgreSQL cuts names off at 63 bytes, and refuses two columns of one name.
names = texts.filter(lambda name: 0 < len(name.encode()) <= 63 and name != "row number")
patterns = st.lists(st.sampled_from(["%", "_", "a", "b", "'", "\\%", "\\\\", "\\_", '"']), max_size=4).map("".join)


@st.composite
def conditions(draw: st.DrawFn, columns: tuple[str, ...], values: st.SearchStrategy[str]) -> RowCondition:
    operator = draw(st.sampled_from(FilterOperator))
    if operator in {FilterOperator.IS_NULL, FilterOperator.NOT_NULL}:
        count = 0
    elif operator in {FilterOperator.IN, FilterOperator.NOT_IN}:
        count = draw(st.integers(1, 3))
    else:
        count = 1
    source = patterns if operator is FilterOperator.LIKE else values
    return RowCondition(draw(st.sampled_from(columns)), operator, tuple(draw(source) for _ in range(count)))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    columns = tuple(draw(st.lists(names, min_size=1, max_size=3, unique=True)))
    rows = draw(st.lists(st.tuples(*[st.none() | texts] * len(columns)), min_size=1, max_size=6))
    present = [value for row in rows for value in row if value is not None]
    values = texts | st.sampled_from(present) if present else texts
    asked = draw(st.lists(conditions(columns, values), min_size=1, max_size=3))
    table = draw(names.filter(lambda name: name != CANARY))
    return Case(table, columns, tuple(rows), RowFilter(tuple(asked)))


def holds(condition: RowCondition, value: str | None) -> bool:
    """What a condition means, in SQL's way: a missing value satisfies nothing but IS NULL."""
    if value is None or condition.operator is FilterOperator.IS_NULL:
        return value is None and condition.operator is FilterOperator.IS_NULL
    return MEANINGS[condition.operator](value, condition.values)


def like(pattern: str, value: str) -> bool:
    """SQL's LIKE with a backslash to escape."""
    wildcards = {"%": ".*", "_": "."}
    parts = re.findall(r"\\.|[^\\]", pattern, re.DOTALL)
    regex = "".join(wildcards.get(part) or re.escape(part.removeprefix("\\") or part) for part in parts)
    return re.fullmatch(regex, value, re.DOTALL) is not None


MEANINGS: dict[FilterOperator, Callable[[str, tuple[str, ...]], bool]] = {
    FilterOperator.NOT_NULL: lambda _value, _wanted: True,
    FilterOperator.IN: lambda value, wanted: value in wanted,
    FilterOperator.NOT_IN: lambda value, wanted: value not in wanted,
    FilterOperator.EQ: lambda value, wanted: value == wanted[0],
    FilterOperator.NE: lambda value, wanted: value != wanted[0],
    FilterOperator.LT: lambda value, wanted: value < wanted[0],
    FilterOperator.LE: lambda value, wanted: value <= wanted[0],
    FilterOperator.GT: lambda value, wanted: value > wanted[0],
    FilterOperator.GE: lambda value, wanted: value >= wanted[0],
    FilterOperator.LIKE: lambda value, wanted: like(wanted[0], value),
}


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


async def fill(connection: Connection, case: Case) -> None:
    # The order of code points is the one that Python compares texts in.
    columns = ", ".join(f'{quoted(column)} text COLLATE "C"' for column in case.columns)
    await connection.execute(f'CREATE TEMPORARY TABLE {quoted(case.table)} ("row number" int, {columns})')
    places = ", ".join(f"${number}" for number in range(1, len(case.columns) + 2))
    await connection.executemany(
        f"INSERT INTO {quoted(case.table)} VALUES ({places})", [(n, *row) for n, row in enumerate(case.rows)]
    )


@pytest.mark.parametrize("conforming", ["on", "off"])
async def test_a_filter_selects_exactly_the_rows_that_its_conditions_mean(
    connection: Connection, conforming: str
) -> None:
    await connection.execute(f"SET standard_conforming_strings = {conforming}")
    await connection.execute("SET escape_string_warning = off")
    tried: list[Case] = []

    # Hypothesis runs synchronous tests; the cases are drawn first, then run on the one loop that the server lives on.
    @settings(max_examples=examples(300), database=None, deadline=None)
    @given(cases())
    def draw(case: Case) -> None:
        tried.append(case)

    draw()
    selected = 0
    for case in tried:
        assert check(case.filter) is None
        expected = [
            number
            for number, row in enumerate(case.rows)
            if all(holds(condition, row[case.columns.index(condition.column)]) for condition in case.filter.all)
        ]
        await fill(connection, case)
        where = render(case.filter, Dialect.POSTGRESQL, f"pg_temp.{case.table}", SnapshotType.INCREMENTAL)
        select = render(case.filter, Dialect.POSTGRESQL, f"pg_temp.{case.table}", SnapshotType.BLOCKING)
        incremental = await connection.fetch(f'SELECT "row number" FROM {quoted(case.table)} WHERE {where}')
        blocking = await connection.fetch(select)
        await connection.execute(f"DROP TABLE pg_temp.{quoted(case.table)}")
        assert sorted(row[0] for row in incremental) == expected, (where, case)
        assert sorted(row[0] for row in blocking) == expected, (select, case)
        selected += bool(expected)
    assert 0 < selected < len(tried)  # the cases were not all alike
    assert await connection.fetchval(f"SELECT count(*) FROM {CANARY}") == 0


@pytest.mark.parametrize("conforming", ["on", "off"])
@pytest.mark.parametrize("text", HOSTILE)
async def test_a_hostile_text_is_a_value_like_any_other(connection: Connection, conforming: str, text: str) -> None:
    await connection.execute(f"SET standard_conforming_strings = {conforming}")
    await connection.execute("SET escape_string_warning = off")
    where = render(make_filter("v", values=(text,)), Dialect.POSTGRESQL, "public.t", SnapshotType.INCREMENTAL)
    case = Case("t", ("v",), ((text,), (f"{text}x",), (None,)), make_filter())

    await fill(connection, case)
    rows = await connection.fetch(f"SELECT * FROM t WHERE {where}")
    await connection.execute("DROP TABLE pg_temp.t")

    assert [row[0] for row in rows] == [0]


@pytest.mark.parametrize(
    ("kind", "stored", "wanted"),
    [
        ("int", "42", "42"),
        ("numeric", "1.50", "1.5"),
        ("boolean", "true", "t"),
        ("date", "2026-01-01", "2026-01-01"),
        ("timestamptz", "2026-01-01 00:00+00", "2026-01-01T01:00:00+01:00"),
        ("uuid", "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000A"),
    ],
)
async def test_values_are_cast_to_the_type_of_the_column(
    connection: Connection, kind: str, stored: str, wanted: str
) -> None:
    where = render(make_filter("v", values=(wanted,)), Dialect.POSTGRESQL, "public.t", SnapshotType.INCREMENTAL)

    count = await connection.fetchval(
        f"SELECT count(*) FROM (SELECT CAST('{stored}' AS {kind}) AS v) AS t WHERE {where}"
    )

    assert count == 1
