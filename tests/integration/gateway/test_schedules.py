"""The settle sweep by the clock, on a real PostgreSQL."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.following.schedules import cron, run_schedules
from persistence.database.errors import DatabaseError
from persistence.database.failures import FAILURES
from tests.support.databases import Administrator
from tests.support.waiting import FAULT_SECONDS


@asynccontextmanager
async def running(url: str, sweeps: Counter[str], name: str, *, fail: bool = False) -> AsyncIterator[Counter[str]]:
    """Run a replica; count its sweeps, and how often it says that all is well."""
    well: Counter[str] = Counter()

    async def sweep() -> int:
        sweeps[name] += 1
        if fail:
            message = "stumbled"
            raise ValueError(message)
        return 0

    def say() -> None:
        well[name] += 1

    task = asyncio.create_task(run_schedules(url, sweep, settle_seconds=1, report_healthy=say))
    try:
        yield well
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def until(counter: Counter[str], total: int) -> None:
    async with asyncio.timeout(FAULT_SECONDS):
        while counter.total() < total:  # noqa: ASYNC110 - the replicas tell nobody
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("seconds", "expression"), [(1, "* * * * * */1"), (30, "* * * * * */30"), (60, "* * * * *")])
def test_cron(seconds: int, expression: str) -> None:
    assert cron(seconds) == expression


async def test_of_two_replicas_one_runs_each_tick(database_url: str, administrator: Administrator) -> None:
    sweeps: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    async with running(database_url, sweeps, "a"), running(database_url, sweeps, "b"):
        started = loop.time()
        await until(sweeps, 4)
        ticks = loop.time() - started
    assert sweeps.total() <= ticks + 2  # both together no more than one a second
    assert await administrator.fetchval("SELECT count(*) FROM pgqueuer_schedules") == 1
    # Given back, so that another replica takes the next tick at once.
    assert await administrator.fetchval("SELECT status::text FROM pgqueuer_schedules") == "queued"


async def test_a_sweep_that_fails_is_tried_again(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    sweeps: Counter[str] = Counter()
    async with running(database_url, sweeps, "a", fail=True) as well:
        await until(sweeps, 2)
    assert "the settle sweep failed" in caplog.text
    assert well.total() == 0


async def test_a_broken_connection_is_a_fault(database_url: str, administrator: Administrator) -> None:
    async def sweep() -> int:
        return 0

    task = asyncio.create_task(run_schedules(database_url, sweep, settle_seconds=1, report_healthy=lambda: None))
    kill = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'topicsnap schedules'"
    )
    async with asyncio.timeout(FAULT_SECONDS):
        while not await administrator.fetchval(kill):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)
        # Which error of asyncpg's it is depends on what was under way when the connection broke.
        with pytest.raises((DatabaseError, *FAILURES)):
            await task
