"""Filters and surrogate keys, tried at a real PostgreSQL: what it refuses is told, and nothing else is."""

import asyncio
from dataclasses import replace

import pytest

from snapshots.engines.debezium.filter_trial import PostgresFilterTrial
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.jobs import TopicRequest
from snapshots.kinds import Dialect
from snapshots.model import SourceConnector
from tests.contract.conftest import KnownSecrets, as_role, execute, table_source
from tests.factories import make_topic

NUMBER = RowFilter((RowCondition("n", FilterOperator.EQ, ("7",)),))


def where(column: str, operator: FilterOperator, *values: str) -> RowFilter:
    return RowFilter((RowCondition(column, operator, values),))


def asked(
    id: str, row_filter: RowFilter | None = NUMBER, *, surrogate: str | None = None, collection: str = "public.o.r'd"
) -> TopicRequest:
    topic = make_topic(id, table_source())
    return TopicRequest(topic, collection, row_filter, surrogate)


@pytest.fixture
async def database(signal_database: str) -> str:
    await execute(
        signal_database,
        """CREATE TABLE "o.r'd" (n int PRIMARY KEY, "No ""te" text, at timestamptz)""",
        "CREATE FUNCTION never() RETURNS int LANGUAGE plpgsql AS 'BEGIN RAISE ''read''; END'",
        "DROP ROLE IF EXISTS filter_reader",
        "CREATE ROLE filter_reader LOGIN PASSWORD 'pw'",
    )
    return signal_database


def trial(url: str, **options: float) -> PostgresFilterTrial:
    return PostgresFilterTrial(KnownSecrets({"env:SHOP": url}), **options)


async def test_what_the_database_takes_is_not_told(database: str) -> None:
    topics = [
        asked("number"),
        asked("text", where('No "te', FilterOperator.LIKE, "it's 100%\\")),
        asked("time", where("at", FilterOperator.GE, "2026-01-01")),
        asked("key", None, surrogate="n"),
        asked("nothing", None),
    ]
    assert await trial(database).refusals(table_source(), topics) == {}


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        pytest.param(asked("t", where("no", FilterOperator.EQ, "1")), 'column "no" does not exist', id="no column"),
        pytest.param(
            asked("t", where("n", FilterOperator.EQ, "no number")),
            'invalid input syntax for type integer: "no number"',
            id="no number",
        ),
        pytest.param(asked("t", where("n", FilterOperator.LIKE, "7%")), "operator does not exist", id="no operator"),
        pytest.param(asked("t", where("n", FilterOperator.IN, "1", "9" * 20)), "out of range", id="too large"),
        pytest.param(asked("t", None, surrogate="no"), 'column "no" does not exist', id="no surrogate key"),
    ],
)
async def test_what_it_refuses_is_told_with_its_reason(database: str, request_: TopicRequest, reason: str) -> None:
    found = await trial(database).refusals(table_source(), [asked("well"), request_, asked("as well")])
    assert set(found) == {"t"}
    assert reason in found["t"]


async def test_no_row_is_read(database: str) -> None:
    """A view whose every row is an error stands for a table of any size."""
    await execute(database, "CREATE VIEW v AS SELECT never() AS n FROM generate_series(1, 10)")
    assert await trial(database).refusals(table_source(), [asked("t", collection="public.v")]) == {}


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(replace(table_source(), database_url_ref=None), id="no reference"),
        pytest.param(replace(table_source(), database_url_ref="env:NO"), id="a reference that nothing is behind"),
        pytest.param(replace(table_source(), dialect=Dialect.MYSQL), id="another kind of database"),
        pytest.param(replace(table_source(), dialect=Dialect.MONGODB), id="a database without SQL"),
    ],
)
async def test_where_it_cannot_be_asked_nothing_is_told(database: str, source: SourceConnector) -> None:
    assert await trial(database).refusals(source, [asked("t", where("no", FilterOperator.EQ, "1"))]) == {}


async def test_a_missing_table_or_right_says_nothing_of_the_connector(database: str) -> None:
    wrong = where("no", FilterOperator.EQ, "1")
    assert await trial(database).refusals(table_source(), [asked("t", wrong, collection="public.gone")]) == {}
    reader = as_role(database, "filter_reader", "pw")
    assert await trial(reader).refusals(table_source(), [asked("t")]) == {}


async def test_a_database_that_does_not_answer_costs_a_bounded_time() -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        mute = trial(f"postgresql://u:p@127.0.0.1:{port}/d", trial_seconds=0.2)
        assert await mute.refusals(table_source(), [asked("t")]) == {}
