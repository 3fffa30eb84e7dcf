"""PgQueuer works on the migrated tables, under the application's role."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.domain.models import CronExpressionEntrypoint
from pgqueuer.domain.types import CronEntrypoint, CronExpression, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter
from pgqueuer.queries import Queries

from persistence.database.pool import APP_ROLE
from persistence.queue import TAKE_OVER_SECONDS, ScheduleQueries, queue_settings


@pytest.fixture
async def queries(database_url: str) -> AsyncIterator[Queries]:
    connection = await asyncpg.connect(database_url, server_settings={"role": APP_ROLE})  # type: ignore[no-untyped-call]
    queries = Queries.from_asyncpg_connection(connection)
    settings = queue_settings()
    queries.qbe = QueryBuilderEnvironment(settings)
    queries.qbq = QueryQueueBuilder(settings)
    queries.qbs = QuerySchedulerBuilder(settings)
    yield queries
    await connection.close()


async def test_a_job_goes_in_and_comes_out_and_is_logged(queries: Queries) -> None:
    await queries.enqueue("settle", b"payload", dedupe_key="once")
    (job,) = await queries.dequeue(
        10,
        {QueueEntrypoint("settle"): EntrypointExecutionParameter(concurrency_limit=0)},
        QueueManagerId(uuid4()),
        None,
        timedelta(seconds=30),
    )
    assert job.payload == b"payload"
    await queries.log_jobs([(job, "successful", None)])
    assert [entry.status for entry in await queries.queue_log()][-1] == "successful"
    assert await queries.queue_size() == []
    assert len(await queries.log_statistics(10)) > 0


async def test_schedules_can_be_kept(queries: Queries) -> None:
    schedule = CronExpressionEntrypoint(CronEntrypoint("settle"), CronExpression("* * * * *"))
    await queries.insert_schedule({schedule: timedelta(0)})
    (due,) = await queries.fetch_schedule({schedule: timedelta(0)})
    assert due.entrypoint == "settle"


def test_the_environment_names_no_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """PgQueuer reads words as common as these."""
    expected = queue_settings()
    for name in ("CHANNEL", "QUEUE_TABLE", "TRIGGER", "FUNCTION", "PGQUEUER_PREFIX", "PGQUEUER_SCHEMA"):
        monkeypatch.setenv(name, "something_else")
    assert queue_settings() == expected


def test_a_schedule_of_a_dead_process_is_taken_over_sooner_than_pgqueuer_does() -> None:
    statement = ScheduleQueries(queue_settings()).build_fetch_schedule_query()
    assert f"heartbeat > interval '{TAKE_OVER_SECONDS} seconds'" in statement
    assert statement.count("interval '") == 1
