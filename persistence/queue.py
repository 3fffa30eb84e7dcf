"""The names of PgQueuer's tables, and when a schedule is taken over, said in one place.

PgQueuer takes them from the environment otherwise, under words as common as `CHANNEL` and `TRIGGER`, and the process
that migrates may have another environment than the one that works.
"""

from datetime import timedelta

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.domain.models import CronExpressionEntrypoint, Schedule
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel
from pgqueuer.ports.driver import Driver
from pgqueuer.queries import Queries


def queue_settings() -> DBSettings:
    """Return PgQueuer's settings with every value given; the tables lie in the connection's current schema."""
    return DBSettings(
        prefix="",
        db_schema=None,
        channel=Channel("ch_pgqueuer"),
        function="fn_pgqueuer_changed",
        statistics_table="pgqueuer_statistics",
        queue_status_type="pgqueuer_status",
        queue_table="pgqueuer",
        queue_table_log="pgqueuer_log",
        trigger="tg_pgqueuer_changed",
        schedules_table="pgqueuer_schedules",
        durability=Durability.durable,
        widen_id=True,
    )


TAKE_OVER_SECONDS = 10
"""How long a process that holds a schedule may be silent before another one takes it over: it gives a sign of life each
second. PgQueuer waits for 30 s, and has no setting for it."""


class ScheduleRepository(Queries):
    """PgQueuer's repository, which frees the schedules of processes that have died sooner than PgQueuer does."""

    def __init__(self, driver: Driver) -> None:
        """Work through `driver`, on the tables that `queue_settings` names."""
        settings = queue_settings()
        super().__init__(
            driver,
            qbe=QueryBuilderEnvironment(settings),
            qbq=QueryQueueBuilder(settings),
            qbs=QuerySchedulerBuilder(settings),
        )

    async def fetch_schedule(self, entrypoints: dict[CronExpressionEntrypoint, timedelta]) -> list[Schedule]:
        """Pick the schedules that are due, those of processes that have been silent for TAKE_OVER_SECONDS too."""
        # Of several processes that see the same silence one changes the row; for the others it is no longer silent.
        await self.driver.execute(
            f"""
            UPDATE {self.qbs.qualified.schedules_table} SET status = 'queued', next_run = NOW()
            WHERE status = 'picked' AND heartbeat < NOW() - $1::interval AND entrypoint = ANY($2::text[])
            """,  # noqa: S608 (the name is ours)
            timedelta(seconds=TAKE_OVER_SECONDS),
            [key.entrypoint for key in entrypoints],
        )
        return await super().fetch_schedule(entrypoints)
