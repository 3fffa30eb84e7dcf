"""What is read of a real PostgreSQL's tables for a verification, and when it says that it cannot tell."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from snapshots.engines.debezium.source_database.opener import SourceOpener, TimeLimits
from snapshots.engines.debezium.source_database.postgresql.rows import PostgresRows
from snapshots.errors import UnreadableError
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.source_rows import RowCounts
from snapshots.ports.topic_reader import KeyShape
from snapshots.vocabulary import Dialect
from tests.support.databases import Administrator, administering

ID = KeyShape(("id",), ("int",))


@dataclass(frozen=True)
class Place:
    """A database, and how a verification reads it."""

    admin: Administrator
    rows: PostgresRows
    source: SourceConnector

    async def run(self, *statements: str) -> None:
        for statement in statements:
            await self.admin.execute(statement)

    async def horizon(self) -> int:
        found = await self.rows.horizon(self.source)
        assert found is not None
        return found

    async def keys(self, collection: str, row_filter: RowFilter | None = None) -> int:
        return len([row async for row in self.rows.rows(self.source, collection, row_filter, ID)])


class Url:
    """Knows one database."""

    def __init__(self, url: str) -> None:
        self._url = url

    def resolve(self, reference: str) -> str:
        return self._url


@pytest.fixture
async def place(database_url: str) -> AsyncIterator[Place]:
    source = SourceConnector(
        "src", Cluster("clu", "main", None, None), "shop", dialect=Dialect.POSTGRESQL, database_url_ref="env:SHOP"
    )
    async with administering(database_url) as admin:
        await admin.execute("CREATE TABLE public.goods (id integer PRIMARY KEY, at timestamptz, day date)")
        await admin.execute(
            "INSERT INTO public.goods SELECT n, '2026-01-01Z', '2026-01-01' FROM generate_series(1, 9) n"
        )
        yield Place(admin, PostgresRows(SourceOpener(Url(database_url))), source)


def compares(column: str, *values: str) -> RowFilter:
    return RowFilter((RowCondition(column, FilterOperator.NOT_IN, values),))


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE public.goods RENAME TO gone; ALTER TABLE public.other RENAME TO goods",
        "TRUNCATE public.goods",
        "ALTER TABLE public.goods ALTER id TYPE bigint",
        "VACUUM FULL public.goods",
    ],
)
async def test_a_table_that_was_made_otherwise_is_another(place: Place, change: str) -> None:
    await place.run("CREATE TABLE public.other (id integer PRIMARY KEY)")
    horizon = await place.horizon()
    assert not await place.rows.is_remade(place.source, "public.goods", horizon)

    await place.run(*change.split("; "))

    assert await place.rows.is_remade(place.source, "public.goods", horizon)


@pytest.mark.parametrize("change", ["VACUUM public.goods", "ANALYZE public.goods", "CREATE INDEX ON public.goods (at)"])
async def test_a_table_that_is_looked_after_is_the_same(place: Place, change: str) -> None:
    horizon = await place.horizon()
    await place.run("DELETE FROM public.goods WHERE id > 5", change)

    assert not await place.rows.is_remade(place.source, "public.goods", horizon)


async def test_a_partition_that_is_attached_brings_rows_that_nobody_has_touched(place: Place) -> None:
    await place.run(
        "CREATE TABLE public.parted (id integer PRIMARY KEY) PARTITION BY RANGE (id)",
        "CREATE TABLE public.low PARTITION OF public.parted FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE public.high (id integer PRIMARY KEY)",
        "INSERT INTO public.low VALUES (1)",
        "INSERT INTO public.high VALUES (11)",
    )
    horizon = await place.horizon()
    assert not await place.rows.is_remade(place.source, "public.parted", horizon)
    assert await place.rows.key_problem(place.source, "public.parted", ID) is None

    await place.run("ALTER TABLE public.parted ATTACH PARTITION public.high FOR VALUES FROM (10) TO (20)")

    assert await place.keys("public.parted") == 2
    counts = await place.rows.counts(place.source, "public.parted", None, horizon)
    assert counts == RowCounts(2, 2)
    assert await place.rows.is_remade(place.source, "public.parted", horizon)


async def test_an_index_does_not_know_the_rows_of_tables_that_inherit(place: Place) -> None:
    assert await place.rows.key_problem(place.source, "public.goods", ID) is None
    await place.run("CREATE TABLE public.heir () INHERITS (public.goods)", "INSERT INTO public.heir VALUES (1)")

    assert (
        await place.rows.key_problem(place.source, "public.goods", ID) == "the records' key is not unique in the table"
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2026-01-01 00:00:00"),
        ("at", "2026-01-01"),
        ("at", "now"),
        ("at", "Tomorrow"),
        ("day", "today"),
        ("day", "01/02/2026"),
        ("day", "13/02/2026"),
    ],
)
async def test_a_filter_that_means_other_rows_in_another_session_is_refused(
    place: Place, column: str, value: str
) -> None:
    doubtful = compares(column, "2020-01-01Z", value)
    with pytest.raises(UnreadableError, match=re.escape(f"the filter compares {column} with a time")):
        await place.keys("public.goods", doubtful)
    with pytest.raises(UnreadableError, match="the filter compares"):
        await place.rows.counts(place.source, "public.goods", doubtful, None)


@pytest.mark.parametrize(
    ("column", "value"),
    [("at", "2020-01-01T00:00:00+02:00"), ("at", "infinity"), ("at", "epoch"), ("day", "2020-01-01"), ("id", "77")],
)
async def test_a_filter_that_means_the_same_everywhere_is_taken(place: Place, column: str, value: str) -> None:
    row_filter = compares(column, value)

    assert await place.keys("public.goods", row_filter) == 9
    assert await place.rows.counts(place.source, "public.goods", row_filter, None) == RowCounts(9, None)


async def test_a_database_that_is_away_may_come_back_and_a_missing_table_does_not(place: Place) -> None:
    opener = SourceOpener(Url("postgresql://nobody@127.0.0.1:9/none"))
    away = PostgresRows(opener, TimeLimits(connect_seconds=1))
    with pytest.raises(UnreadableError) as caught:
        await away.counts(place.source, "public.goods", None, None)
    assert caught.value.passing
    assert await away.horizon(place.source) is None
    with pytest.raises(UnreadableError) as missing:
        await place.rows.counts(place.source, "public.nothing", None, None)
    assert not missing.value.passing
