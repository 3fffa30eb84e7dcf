"""Filters and surrogate keys, tried at a real PostgreSQL: what it refuses is told, and nothing else is."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import pytest

from snapshots.engines.debezium.source_database.dialects import DIALECTS
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.engines.debezium.source_database.postgresql.source_trial import TRIAL_SECONDS, PostgresSourceTrial
from snapshots.engines.debezium.source_database.trial import SourceDatabaseTrial
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.model import SourceConnector
from snapshots.plan import TopicRequest
from snapshots.vocabulary import Dialect, SkipReason
from tests.contract.conftest import KnownSecrets, as_role, execute, table_source
from tests.support.factories import make_topic

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


async def refusals(
    url: str, source: SourceConnector, topics: Sequence[TopicRequest], *, trial_seconds: float = TRIAL_SECONDS
) -> Mapping[str, str]:
    """What a blocking snapshot of the topics is told, by topic id."""
    dialect = replace(DIALECTS[Dialect.POSTGRESQL], trial=partial(PostgresSourceTrial, trial_seconds=trial_seconds))
    opener = SourceOpener(KnownSecrets({"env:SHOP": url}))
    asking = SourceDatabaseTrial(opener, {Dialect.POSTGRESQL: dialect})
    trial = await asking.look(source, topics, None)
    assert trial.warning is None
    assert {finding.reason for finding in trial.findings.values()} <= {SkipReason.FILTER_REJECTED}
    return {topic_id: finding.message for topic_id, finding in trial.findings.items()}


async def test_what_the_database_takes_is_not_told(database: str) -> None:
    topics = [
        asked("number"),
        asked("text", where('No "te', FilterOperator.LIKE, "it's 100%\\")),
        asked("time", where("at", FilterOperator.GE, "2026-01-01")),
        asked("key", None, surrogate="n"),
        asked("nothing", None),
    ]
    assert await refusals(database, table_source(), topics) == {}


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
    found = await refusals(database, table_source(), [asked("well"), request_, asked("as well")])
    assert set(found) == {"t"}
    assert reason in found["t"]


async def test_no_row_is_read(database: str) -> None:
    """A view whose every row is an error stands for a table of any size."""
    await execute(database, "CREATE VIEW v AS SELECT never() AS n FROM generate_series(1, 10)")
    assert await refusals(database, table_source(), [asked("t", collection="public.v")]) == {}


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
    assert await refusals(database, source, [asked("t", where("no", FilterOperator.EQ, "1"))]) == {}


async def test_a_missing_table_or_right_says_nothing_of_the_connector(database: str) -> None:
    wrong = where("no", FilterOperator.EQ, "1")
    assert await refusals(database, table_source(), [asked("t", wrong, collection="public.gone")]) == {}
    reader = as_role(database, "filter_reader", "pw")
    assert await refusals(reader, table_source(), [asked("t")]) == {}


async def test_a_database_that_does_not_answer_costs_a_bounded_time() -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        mute = f"postgresql://u:p@127.0.0.1:{port}/d"
        assert await refusals(mute, table_source(), [asked("t")], trial_seconds=0.2) == {}
