"""Include and exclude lists."""

import pytest

from snapshots.engines.debezium.configuration.capture import captures, literal_collections

POSTGRES = "io.debezium.connector.postgresql.PostgresConnector"


MYSQL = "io.debezium.connector.mysql.MySqlConnector"


SQLSERVER = "io.debezium.connector.sqlserver.SqlServerConnector"


ORACLE = "io.debezium.connector.oracle.OracleConnector"


MONGODB = "io.debezium.connector.mongodb.MongoDbConnector"


def config(connector_class: str, **lists: str) -> dict[str, str]:
    """A connector's configuration; `__` in a name stands for a dot."""
    return {"connector.class": connector_class} | {name.replace("__", "."): value for name, value in lists.items()}


@pytest.mark.parametrize(
    ("lists", "captured", "not_captured"),
    [
        pytest.param({}, ["public.orders"], [], id="no lists"),
        pytest.param(
            {"table__include__list": "public.orders"}, ["public.orders"], ["public.orders2"], id="whole names"
        ),
        pytest.param({"table__include__list": "PUBLIC.Orders"}, ["public.orders"], [], id="any case"),
        pytest.param(
            {"table__include__list": r"public\.a, inv\..*"}, ["public.a", "inv.x"], ["public.b"], id="several patterns"
        ),
        pytest.param({"table__include__list": r"public\.a{1\,2}"}, ["public.aa"], ["public.aaa"], id="a comma within"),
        pytest.param({"table__exclude__list": r"public\.tmp_.*"}, ["public.a"], ["public.tmp_1"], id="excluded tables"),
        pytest.param({"schema__include__list": "inv"}, ["inv.a"], ["public.a", "inventory.a"], id="included schemas"),
        pytest.param({"schema__exclude__list": "aud.*"}, ["public.a"], ["audit.a"], id="excluded schemas"),
        pytest.param(
            {"schema__include__list": "inv", "table__include__list": r".*\.a"},
            ["inv.a"],
            ["inv.b", "public.a"],
            id="both",
        ),
    ],
)
def test_postgresql_tables(lists: dict[str, str], captured: list[str], not_captured: list[str]) -> None:
    found = captures(config(POSTGRES, **lists))
    assert found is not None
    assert [name for name in (*captured, *not_captured) if found(name)] == captured


def test_other_engines_have_other_levels() -> None:
    mysql = captures(config(MYSQL, database__include__list="shop", table__exclude__list=r"shop\.tmp"))
    assert mysql is not None
    assert [mysql(name) for name in ("shop.a", "shop.tmp", "other.a")] == [True, False, False]
    sqlserver = captures(config(SQLSERVER, table__include__list=r"dbo\.a"))
    assert sqlserver is not None
    assert [sqlserver(name) for name in ("sales.dbo.a", "sales.dbo.b")] == [True, False]
    mongodb = captures(config(MONGODB, collection__include__list="shop.a"))
    assert mongodb is not None
    assert [mongodb(name) for name in ("shop.a", "shop.b")] == [True, False]


def test_a_pattern_that_python_cannot_read_makes_it_unknown() -> None:
    assert captures(config(POSTGRES, table__include__list=r"public\.\p{Alpha}+")) is None


@pytest.mark.parametrize(
    ("known", "collections"),
    [
        (config(POSTGRES, table__include__list=r"public.a,public\.b, inv\..*,public.a"), ("public.a", "public.b")),
        (config(POSTGRES, table__include__list="public.a,audit.b", schema__exclude__list="audit"), ("public.a",)),
        (config(POSTGRES, table__include__list="(public).a,public.[ab],pub?lic.a,a"), ()),
        (config(POSTGRES), ()),
        (config(SQLSERVER, table__include__list="dbo.a", database__names="s1, s2"), ("s1.dbo.a", "s2.dbo.a")),
        (config(ORACLE, table__include__list="HR.EMP", database__dbname="orcl"), ("ORCL.HR.EMP",)),
        (config(MONGODB, collection__include__list="shop.a"), ("shop.a",)),
    ],
    ids=["patterns aside", "excluded schema", "only patterns", "no list", "SQL Server", "Oracle", "MongoDB"],
)
def test_tables_named_outright(known: dict[str, str], collections: tuple[str, ...]) -> None:
    assert literal_collections(known) == collections
