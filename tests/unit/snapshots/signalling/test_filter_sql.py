"""The exact SQL of row filters for each engine. What PostgreSQL makes of it: tests/integration."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.errors import FilterError
from snapshots.filters import FilterOperator, RowFilter
from snapshots.signalling.filter_sql import render
from snapshots.vocabulary import Dialect, SnapshotType
from tests.support.factories import make_filter

SQL_DIALECTS = [dialect for dialect in Dialect if dialect not in {Dialect.MONGODB, Dialect.OTHER}]
UNARY = {FilterOperator.IS_NULL, FilterOperator.NOT_NULL}


def where(row_filter: RowFilter, dialect: Dialect = Dialect.POSTGRESQL) -> str:
    return render(row_filter, dialect, "public.orders", SnapshotType.INCREMENTAL)


@pytest.mark.parametrize(
    ("operator", "values", "sql"),
    [
        (FilterOperator.EQ, ("5",), "\"n\" = '5'"),
        (FilterOperator.NE, ("5",), "\"n\" <> '5'"),
        (FilterOperator.LT, ("5",), "\"n\" < '5'"),
        (FilterOperator.LE, ("5",), "\"n\" <= '5'"),
        (FilterOperator.GT, ("5",), "\"n\" > '5'"),
        (FilterOperator.GE, ("5",), "\"n\" >= '5'"),
        (FilterOperator.LIKE, ("a%_",), "\"n\" LIKE 'a%_'"),
        (FilterOperator.IN, ("1",), "\"n\" IN ('1')"),
        (FilterOperator.IN, ("1", "2"), "\"n\" IN ('1', '2')"),
        (FilterOperator.NOT_IN, ("1", "2"), "\"n\" NOT IN ('1', '2')"),
        (FilterOperator.IS_NULL, (), '"n" IS NULL'),
        (FilterOperator.NOT_NULL, (), '"n" IS NOT NULL'),
    ],
)
def test_operators(operator: FilterOperator, values: tuple[str, ...], sql: str) -> None:
    assert where(make_filter("n", operator, values)) == sql


def test_every_operator_can_be_rendered() -> None:
    for operator in FilterOperator:
        assert where(make_filter(operator=operator, values=() if operator in UNARY else ("v",)))


def test_conditions_must_all_hold() -> None:
    conditions = make_filter("a", values=("1",)).all + make_filter("b", FilterOperator.IS_NULL, ()).all

    assert where(RowFilter(conditions)) == '"a" = \'1\' AND "b" IS NULL'


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        (Dialect.POSTGRESQL, """"a""b`c]d" = \'it\'\'s "x"\'"""),
        (Dialect.ORACLE, """"a""b`c]d" = \'it\'\'s "x"\'"""),
        (Dialect.DB2, """"a""b`c]d" = \'it\'\'s "x"\'"""),
        (Dialect.MYSQL, """`a"b``c]d` = \'it\'\'s "x"\'"""),
        (Dialect.MARIADB, """`a"b``c]d` = \'it\'\'s "x"\'"""),
        (Dialect.SQLSERVER, """[a"b`c]]d] = \'it\'\'s "x"\'"""),
    ],
)
def test_quotes_of_each_engine(dialect: Dialect, sql: str) -> None:
    assert where(make_filter('a"b`c]d', values=('it\'s "x"',)), dialect) == sql


@pytest.mark.parametrize(
    ("dialect", "literal"),
    [
        pytest.param(
            Dialect.POSTGRESQL, r"E'\\'' OR 1=1 --'", id="PostgreSQL, whatever standard_conforming_strings is"
        ),
        pytest.param(Dialect.MYSQL, r"'\\'' OR 1=1 --'", id="MySQL, whatever NO_BACKSLASH_ESCAPES is"),
        pytest.param(Dialect.MARIADB, r"'\\'' OR 1=1 --'", id="MariaDB"),
        pytest.param(Dialect.ORACLE, r"'\'' OR 1=1 --'", id="Oracle, where a backslash is nothing special"),
        pytest.param(Dialect.DB2, r"'\'' OR 1=1 --'", id="Db2"),
        pytest.param(Dialect.SQLSERVER, r"'\'' OR 1=1 --'", id="SQL Server"),
    ],
)
def test_a_backslash_does_not_free_the_quote_behind_it(dialect: Dialect, literal: str) -> None:
    assert where(make_filter("a", values=(r"\' OR 1=1 --",)), dialect).endswith(f" = {literal}")


def test_sql_server_is_told_that_a_text_is_unicode() -> None:
    row_filter = make_filter("a", FilterOperator.IN, ("Жук", "bug"))

    assert where(row_filter, Dialect.SQLSERVER) == "[a] IN (N'Жук', 'bug')"


@pytest.mark.parametrize(
    ("dialect", "collection", "table"),
    [
        pytest.param(Dialect.POSTGRESQL, "public.orders", '"public"."orders"', id="PostgreSQL"),
        pytest.param(Dialect.POSTGRESQL, "public.or.ders", '"public"."or.ders"', id="PostgreSQL, a dot in the name"),
        pytest.param(Dialect.POSTGRESQL, 'public.x" --', '"public"."x"" --"', id="PostgreSQL, a hostile name"),
        pytest.param(Dialect.MYSQL, "shop.orders", "`shop`.`orders`", id="MySQL"),
        pytest.param(Dialect.MYSQL, "shop.or.d`ers", "`shop`.`or.d``ers`", id="MySQL, a dot and a quote in the name"),
        pytest.param(Dialect.MARIADB, "shop.orders", "`shop`.`orders`", id="MariaDB"),
        pytest.param(Dialect.SQLSERVER, "shop.dbo.orders", "[shop].[dbo].[orders]", id="SQL Server"),
        pytest.param(Dialect.SQLSERVER, "shop.dbo.or.d]rs", "[shop].[dbo].[or.d]]rs]", id="SQL Server, a dot"),
        pytest.param(Dialect.ORACLE, "ORCLPDB1.SHOP.ORDERS", '"SHOP"."ORDERS"', id="Oracle: schema and table only"),
        pytest.param(Dialect.ORACLE, "SHOP.ORDERS", '"SHOP"."ORDERS"', id="Oracle, without the database"),
        pytest.param(Dialect.DB2, "SHOP.ORDERS", '"SHOP"."ORDERS"', id="Db2"),
    ],
)
def test_a_blocking_snapshot_gets_a_whole_select(dialect: Dialect, collection: str, table: str) -> None:
    row_filter = make_filter("n", FilterOperator.IS_NULL, ())

    sql = render(row_filter, dialect, collection, SnapshotType.BLOCKING)

    assert sql == f"SELECT * FROM {table} WHERE {where(row_filter, dialect)}"


@pytest.mark.parametrize("dialect", [Dialect.MONGODB, Dialect.OTHER])
@pytest.mark.parametrize("snapshot_type", SnapshotType)
def test_engines_whose_filters_are_not_sql_take_none(dialect: Dialect, snapshot_type: SnapshotType) -> None:
    with pytest.raises(FilterError, match=dialect):
        render(make_filter(), dialect, "shop.orders", snapshot_type)


@pytest.mark.parametrize("dialect", SQL_DIALECTS)
@given(
    column=st.text("a\"`[]'\\ -;?{", min_size=1, max_size=10),
    values=st.lists(st.text("a\"`[]'\\ -;?{N", max_size=10), min_size=1, max_size=3).map(tuple),
)
def test_nothing_of_a_column_or_value_is_left_outside_its_quotes(
    dialect: Dialect, column: str, values: tuple[str, ...]
) -> None:
    """Read as the engine's lexer does: quoted parts taken away, only the condition's own words are left."""
    identifier = {
        Dialect.MYSQL: r"`(?:[^`]|``)*`",
        Dialect.MARIADB: r"`(?:[^`]|``)*`",
        Dialect.SQLSERVER: r"\[(?:[^\]]|\]\])*\]",
    }.get(dialect, r'"(?:[^"]|"")*"')
    literal = {
        Dialect.MYSQL: r"'(?:[^'\\]|''|\\.)*'",
        Dialect.MARIADB: r"'(?:[^'\\]|''|\\.)*'",
        Dialect.POSTGRESQL: r"E'(?:[^'\\]|''|\\.)*'|'(?:[^'\\]|'')*'",
    }.get(dialect, r"'(?:[^']|'')*'")

    sql = where(make_filter(column, FilterOperator.IN, values), dialect)

    lexed = re.fullmatch(rf"(?:{identifier}) IN \((?:{literal})(?:, (?:{literal}))*\)", sql, re.DOTALL)
    assert lexed
    assert len(re.findall(literal, sql[len(_quoted(identifier, sql)) :], re.DOTALL)) == len(values)


def _quoted(identifier: str, sql: str) -> str:
    match = re.match(identifier, sql, re.DOTALL)
    assert match
    return match[0]
