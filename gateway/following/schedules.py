"""What happens by the clock: the settle sweep, by PgQueuer, so that of several replicas one runs each tick."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol, cast

from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.models import Schedule
from pgqueuer.sm import SchedulerManager

from gateway.following.supervision import ReportHealthy
from persistence.database.connections import connection_opener
from persistence.database.pool import APP_ROLE
from persistence.queue import ScheduleRepository
from snapshots.cancellation import outlive_caller

logger = logging.getLogger(__name__)

SETTLE = "settle"
VERIFY = "verify"
_CLOSE_SECONDS = 5.0


def cron(seconds: int) -> str:
    """Return the expression for every `seconds`, a divisor of 60; croniter reads a sixth field as seconds."""
    return "* * * * *" if seconds == 60 else f"* * * * * */{seconds}"  # noqa: PLR2004 - a minute


Sweep = Callable[[], Awaitable[int]]


async def run_schedules(
    url: str, sweep: Sweep, *, settle_seconds: int, report_healthy: ReportHealthy, verify: Sweep | None = None
) -> None:
    """Run `sweep` every `settle_seconds` until cancelled, on a connection of its own under the app role.

    One that fails is logged, and the next tick tries again. `report_healthy` is called after each that did not.
    `verify` runs as often beside it, as long as it takes: the next one begins when it has ended.
    Raises DatabaseError where the database cannot be reached, and whatever asyncpg says when the connection breaks.
    """
    async with _connected(url) as connection:
        manager = SchedulerManager(ScheduleRepository(AsyncpgDriver(connection)))

        async def tick(_: Schedule) -> None:
            try:
                settled = await sweep()
            except Exception:
                logger.exception("the settle sweep failed; the next one tries again")
            else:
                report_healthy()
                if settled:
                    logger.info("settled signals", extra={"count": settled})

        async def tick_verify(_: Schedule) -> None:
            try:
                looks = await verify() if verify else 0
            except Exception:
                logger.exception("verifying failed; the next tick tries again")
            else:
                if looks:
                    logger.info("verified topics", extra={"count": looks})

        manager.schedule(SETTLE, cron(settle_seconds))(tick)
        if verify:
            manager.schedule(VERIFY, cron(settle_seconds))(tick_verify)
        await _until_cancelled(manager)


async def _until_cancelled(manager: SchedulerManager) -> None:
    """Run the manager; on cancellation let a tick under way end and give its schedule back, for other replicas."""
    running = asyncio.create_task(manager.run())
    try:
        await outlive_caller(running)
    finally:
        manager.shutdown.set()
        if not running.done():
            await asyncio.wait({running}, timeout=_CLOSE_SECONDS)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class _Connection(Protocol):
    async def close(self, *, timeout: float) -> None: ...  # noqa: ASYNC109 - asyncpg's name

    def terminate(self) -> None: ...


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    opened = await connection_opener(url, role=APP_ROLE, application_name="topicsnap schedules")()
    connection = cast("_Connection", opened)
    try:
        yield connection
    finally:
        # A connection that is broken, or busy, cannot be closed well: what broke it is what has to be told.
        with suppress(Exception):
            await connection.close(timeout=_CLOSE_SECONDS)
        connection.terminate()
