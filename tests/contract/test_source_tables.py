"""The tables of a real PostgreSQL source: which there are, and which have no key."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from persistence.embedded import EmbeddedPostgres
from snapshots.engines.debezium.source_database.dialect import DatabaseTables
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.engines.debezium.source_database.postgresql.tables import UNLIMITED_DATA_CHARACTERS, read_tables
from snapshots.errors import DatabaseUnreachableError
from tests.contract.conftest import DOCUMENTED_DDL, KnownSecrets, execute, make_id


@pytest.fixture
async def url(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    name = make_id("tables")
    await postgres_server.create_database(name)
    yield postgres_server.url(name)
    await execute(postgres_server.url(), f'DROP DATABASE "{name}" WITH (FORCE)')


async def read(url: str, **config: str) -> DatabaseTables:
    properties = {name.replace("__", "."): value for name, value in config.items()}
    return await read_tables(SourceOpener(KnownSecrets({"env:SHOP": url})), "env:SHOP", properties)


def keyless(database: DatabaseTables) -> dict[str, bool]:
    return {table.data_collection: table.keyless for table in database.tables}


@pytest.mark.parametrize(
    ("table", "is_keyless"),
    [
        pytest.param("(id int PRIMARY KEY)", False, id="primary key"),
        pytest.param("(a int, b int, PRIMARY KEY (a, b))", False, id="composite key"),
        pytest.param("(id int)", True, id="nothing"),
        pytest.param("(id int NOT NULL UNIQUE)", False, id="unique, not null"),
        pytest.param("(id int UNIQUE)", True, id="unique, but null"),
        pytest.param("(a int NOT NULL, b int, UNIQUE (a, b))", True, id="one of the unique columns null"),
        pytest.param("(id int NOT NULL UNIQUE DEFERRABLE)", True, id="unique at the end of the transaction"),
        pytest.param("(id int NOT NULL); CREATE UNIQUE INDEX ON t (id) WHERE id > 0", True, id="partial index"),
        pytest.param("(id text NOT NULL); CREATE UNIQUE INDEX ON t (lower(id))", True, id="index on an expression"),
        pytest.param("(id int NOT NULL, x int); CREATE UNIQUE INDEX ON t (id) INCLUDE (x)", False, id="covering index"),
        pytest.param("(id int NOT NULL); CREATE INDEX ON t (id)", True, id="index that is not unique"),
        pytest.param(
            "(x int, y int); ALTER TABLE t DROP x; ALTER TABLE t ADD z int PRIMARY KEY", False, id="dropped column"
        ),
    ],
)
async def test_which_tables_have_a_key(url: str, table: str, *, is_keyless: bool) -> None:
    await execute(url, f"CREATE TABLE t {table}")
    assert keyless(await read(url)) == {"public.t": is_keyless}


async def test_only_tables_whose_changes_are_in_the_log_count(url: str) -> None:
    await execute(
        url,
        'CREATE SCHEMA "Inv"; CREATE TABLE "Inv"."a.b" (id int)',
        "CREATE UNLOGGED TABLE fleeting (id int); CREATE VIEW v AS SELECT 1; CREATE MATERIALIZED VIEW m AS SELECT 1",
        "CREATE SEQUENCE s; CREATE TYPE pair AS (a int, b int)",
    )
    assert list(keyless(await read(url))) == ["Inv.a.b"]


PARTITIONS = (
    "CREATE TABLE part (id int PRIMARY KEY) PARTITION BY RANGE (id)",
    "CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10)",
    "CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (id)",
    "CREATE TABLE part_2_1 PARTITION OF part_2 FOR VALUES FROM (10) TO (20)",
    "CREATE TABLE plain (id int PRIMARY KEY)",
)
LEAVES = ["public.part_1", "public.part_2_1", "public.plain"]
ROOTS = ["public.part", "public.plain"]


async def test_partitions_publish_by_themselves_unless_the_publication_says_otherwise(url: str) -> None:
    await execute(url, *PARTITIONS)
    assert list(keyless(await read(url))) == LEAVES
    assert list(keyless(await read(url, publish__via__partition__root="true"))) == ROOTS
    await execute(url, "CREATE PUBLICATION by_root FOR ALL TABLES WITH (publish_via_partition_root)")
    await execute(url, "CREATE PUBLICATION by_leaf FOR ALL TABLES")
    assert list(keyless(await read(url, publication__name="by_root"))) == ROOTS
    assert list(keyless(await read(url, publication__name="by_leaf", publish__via__partition__root="true"))) == LEAVES


@pytest.mark.parametrize(
    ("ddl", "limit"),
    [
        (DOCUMENTED_DDL, 2048),
        ("(id text, type text, data text)", UNLIMITED_DATA_CHARACTERS),
        ("(id text, type text, data varchar)", UNLIMITED_DATA_CHARACTERS),
        ("(id text)", None),
    ],
)
async def test_how_long_a_signal_may_be(url: str, ddl: str, limit: int | None) -> None:
    await execute(url, f'CREATE SCHEMA "S"; CREATE TABLE "S".signals {ddl}')
    assert (await read(url, signal__data__collection="S.signals")).signal_data_limit == limit


async def test_without_a_signal_table_there_is_no_limit_to_know(url: str) -> None:
    assert (await read(url, signal__data__collection="public.nothing")).signal_data_limit is None


@pytest.mark.parametrize("part", ["password", "port", "database", "scheme"])
async def test_a_database_that_cannot_be_read_is_told_without_its_credentials(url: str, part: str) -> None:
    password = urlsplit(url).password or ""
    wrong = {
        "password": url.replace(password, "hunter2"),
        "port": f"postgresql://postgres:{password}@127.0.0.1:1/x",
        "database": f"{url}-nothing",
        "scheme": url.replace("postgresql", "mysql"),
    }[part]
    with pytest.raises(DatabaseUnreachableError) as caught:
        await read(wrong)
    assert password not in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None
