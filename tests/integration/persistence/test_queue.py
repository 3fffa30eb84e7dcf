"""PgQueuer works on the migrated tables, under the application's role."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.domain.models import CronExpressionEntrypoint
from pgqueuer.domain.types import CronEntrypoint, CronExpression, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter

from persistence.database.pool import APP_ROLE
from persistence.queue import TAKE_OVER_SECONDS, ScheduleRepository, queue_settings


@pytest.fixture
async def queries(database_url: str) -> AsyncIterator[ScheduleRepository]:
    connection = await asyncpg.connect(database_url, server_settings={"role": APP_ROLE})  # type: ignore[no-untyped-call]
    queries = ScheduleRepository(AsyncpgDriver(connection))
    yield queries
    await connection.close()


async def test_a_job_goes_in_and_comes_out_and_is_logged(queries: ScheduleRepository) -> None:
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


async def test_schedules_can_be_kept(queries: ScheduleRepository) -> None:
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


SETTLE = CronExpressionEntrypoint(CronEntrypoint("settle"), CronExpression("* * * * *"))
EVERY_MINUTE = {SETTLE: timedelta(minutes=1)}


@pytest.mark.parametrize(("silent_seconds", "taken"), [(TAKE_OVER_SECONDS - 5, 0), (TAKE_OVER_SECONDS + 1, 1)])
async def test_a_schedule_of_a_dead_process_is_taken_over(
    queries: ScheduleRepository, silent_seconds: int, taken: int
) -> None:
    """Sooner than PgQueuer does, before its next tick, and once."""
    await queries.insert_schedule({SETTLE: timedelta(0)})
    (held,) = await queries.fetch_schedule(EVERY_MINUTE)
    silence = timedelta(seconds=silent_seconds)
    await queries.driver.execute("UPDATE pgqueuer_schedules SET heartbeat = NOW() - $1::interval", silence)
    assert [one.id for one in await queries.fetch_schedule(EVERY_MINUTE)] == [held.id] * taken
    assert await queries.fetch_schedule(EVERY_MINUTE) == []


async def test_a_schedule_of_others_is_left_alone(queries: ScheduleRepository) -> None:
    await queries.insert_schedule({SETTLE: timedelta(0)})
    await queries.fetch_schedule(EVERY_MINUTE)
    await queries.driver.execute("UPDATE pgqueuer_schedules SET heartbeat = NOW() - interval '20 seconds'")
    other = CronExpressionEntrypoint(CronEntrypoint("verify"), CronExpression("* * * * *"))
    assert await queries.fetch_schedule({other: timedelta(minutes=1)}) == []
    (left,) = await queries.peek_schedule()
    assert left.status == "picked"
