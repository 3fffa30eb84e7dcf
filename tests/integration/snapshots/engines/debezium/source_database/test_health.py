"""What the health checks see of a real PostgreSQL: its signal table, grants, publication, tables, and its refusals."""

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from urllib.parse import urlsplit

import pytest

from persistence.embedded import EmbeddedPostgres
from persistence.embedded.sessions import connected
from snapshots.engines.debezium.source_database.dialect import WantedParts
from snapshots.engines.debezium.source_database.opener import SourceOpener, TimeLimits
from snapshots.engines.debezium.source_database.postgresql.health import inspect_database
from snapshots.errors import DatabaseUnreachableError
from snapshots.ports.inspector import InspectedDatabase, InspectedSignalTable
from snapshots.ports.unknown import Unknown

_NUMBERS = count(1)
DOCUMENTED = "CREATE TABLE public.signals (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(2048))"
WANTED = WantedParts("public.signals", "dbz_publication", None, "postgres", ())


@pytest.fixture
async def url(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """A database of this test's own, without any table."""
    name = f"health_{next(_NUMBERS)}"
    await postgres_server.create_database(name)
    yield postgres_server.url(name)
    async with connected(postgres_server.url()) as connection:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Urls:
    """Takes URLs for references to themselves."""

    def resolve(self, reference: str) -> str:
        return reference


async def observe(url: str, *statements: str, wanted: WantedParts = WANTED) -> InspectedDatabase:
    async with connected(url) as connection:
        for statement in statements:
            await connection.execute(statement)
    return await inspect_database(SourceOpener(Urls()), url, wanted)


async def table_of(url: str, *statements: str, wanted: WantedParts = WANTED) -> InspectedSignalTable:
    table = (await observe(url, *statements, wanted=wanted)).signal_table
    assert table is not None
    return table


async def test_an_empty_database_has_nothing_and_takes_writes(url: str) -> None:
    seen = await observe(url)
    assert seen.version >= 14
    assert (seen.in_recovery, seen.read_only, seen.signal_table, seen.slot) == (False, False, None, None)
    assert seen.publication_exists is False


async def test_the_documented_table_is_seen_as_it_is(url: str) -> None:
    table = await table_of(url, DOCUMENTED)
    assert [(column.name, column.type, column.length, column.not_null) for column in table.columns] == [
        ("id", "character varying", 42, True),
        ("type", "character varying", 32, True),
        ("data", "character varying", 2048, False),
    ]
    assert table.primary_key == ("id",)
    assert table.lacking == ()
    assert table.connector_lacking == ()
    assert table.published is False


async def test_other_types_keys_and_dropped_columns_are_seen(url: str) -> None:
    table = await table_of(
        url,
        "CREATE TABLE public.signals (gone int, id text, type char(10), data jsonb, PRIMARY KEY (type, id))",
        "ALTER TABLE public.signals DROP COLUMN gone",
    )
    assert [(column.name, column.type, column.length) for column in table.columns] == [
        ("id", "text", None),
        ("type", "character", 10),
        ("data", "jsonb", None),
    ]
    assert table.primary_key == ("type", "id")


async def test_a_table_without_a_key_has_none(url: str) -> None:
    assert (await table_of(url, "CREATE TABLE public.signals (id text, type text, data text)")).primary_key == ()


async def test_names_are_taken_as_they_are(url: str) -> None:
    wanted = replace(WANTED, signal_collection='odd schema.Sig"nals')
    statements = ('CREATE SCHEMA "odd schema"', 'CREATE TABLE "odd schema"."Sig""nals" (id text)')
    assert len((await table_of(url, *statements, wanted=wanted)).columns) == 1
    lower = replace(WANTED, signal_collection='odd schema.sig"nals')
    assert (await inspect_database(SourceOpener(Urls()), url, lower)).signal_table is None


async def test_the_rows_are_estimated(url: str) -> None:
    await observe(url, DOCUMENTED, "INSERT INTO public.signals SELECT 'a' || n, 'x' FROM generate_series(1, 3000) AS n")
    assert (await table_of(url, "ANALYZE public.signals")).rows == 3000


async def test_grants_are_seen_of_us_and_of_the_connectors_user(url: str) -> None:
    role = f"reader_{next(_NUMBERS)}"
    async with connected(url) as connection:
        await connection.execute(DOCUMENTED)
        await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'reader'")
        await connection.execute(f"GRANT SELECT ON public.signals TO {role}")
    try:
        assert (await table_of(url, wanted=replace(WANTED, connector_user=role))).connector_lacking == (
            "INSERT",
            "DELETE",
        )
        for user in ("nobody at all", None):
            table = await table_of(url, wanted=replace(WANTED, connector_user=user))
            assert isinstance(table.connector_lacking, Unknown)
        address = urlsplit(url)
        ours = address._replace(netloc=f"{role}:reader@{address.hostname}:{address.port}").geturl()
        seen = (await inspect_database(SourceOpener(Urls()), ours, WANTED)).signal_table
        assert seen is not None
        assert (seen.lacking, seen.connector_lacking) == (("INSERT", "DELETE"), ())
    finally:
        async with connected(url) as connection:
            await connection.execute(f"DROP OWNED BY {role}")
            await connection.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize(
    ("statement", "published"),
    [
        ("CREATE PUBLICATION dbz_publication FOR TABLE public.signals", True),
        ("CREATE PUBLICATION dbz_publication FOR ALL TABLES", True),
        ("CREATE PUBLICATION dbz_publication", False),
        ("CREATE PUBLICATION dbz_publication FOR TABLE public.signals WITH (publish = 'update')", False),
        ("CREATE PUBLICATION another FOR TABLE public.signals", False),
    ],
)
async def test_what_a_publication_has_is_seen(url: str, statement: str, published: bool) -> None:  # noqa: FBT001
    assert (await table_of(url, DOCUMENTED, statement)).published is published


async def test_without_a_publication_it_is_not_asked_for(url: str) -> None:
    seen = await observe(url, DOCUMENTED, wanted=replace(WANTED, publication=None))
    assert seen.signal_table is not None
    assert (seen.publication_exists, seen.signal_table.published, seen.unpublished) == (None, None, ())


async def test_the_tables_of_the_catalogue_are_looked_for(url: str) -> None:
    wanted = replace(WANTED, collections=("public.here", "public.gone", "no.schema", "public.late", "public.parted"))
    seen = await observe(
        url,
        "CREATE TABLE public.here (id int)",
        "CREATE PUBLICATION dbz_publication FOR TABLE public.here",
        "CREATE TABLE public.late (id int)",
        "CREATE TABLE public.parted (id int) PARTITION BY LIST (id)",
        "CREATE TABLE public.part PARTITION OF public.parted DEFAULT",
        wanted=wanted,
    )
    assert sorted(seen.missing) == ["no.schema", "public.gone"]
    assert seen.unpublished == ("public.late",)


async def test_a_database_that_is_read_only_by_default_is_seen_so(url: str) -> None:
    name = url.rpartition("/")[2].partition("?")[0]
    seen = await observe(url, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    assert seen.read_only is True


async def test_nothing_is_written(url: str) -> None:
    """The transaction is read-only, whatever the questions become."""
    await observe(url, DOCUMENTED)
    async with connected(url) as connection:
        assert await connection.fetchval("SELECT count(*) FROM public.signals") == 0


@pytest.mark.parametrize("broken", ["postgresql://u:geheim@127.0.0.1:1/x", "postgresql://u:geheim@:x/y", "geheim"])
async def test_what_cannot_be_reached_says_so_without_credentials(broken: str) -> None:
    with pytest.raises(DatabaseUnreachableError) as caught:
        await inspect_database(SourceOpener(Urls()), broken, WANTED, TimeLimits(connect_seconds=1))
    assert "geheim" not in str(caught.value)
