"""The names of PgQueuer's tables, and when a schedule is taken over, said in one place.

PgQueuer takes them from the environment otherwise, under words as common as `CHANNEL` and `TRIGGER`, and the process
that migrates may have another environment than the one that works.
"""

from pgqueuer.adapters.persistence.qb import QuerySchedulerBuilder
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel


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

_PGQUEUER_WAITS = "interval '30 seconds'"


class ScheduleQueries(QuerySchedulerBuilder):
    """PgQueuer's statements for schedules, with the shorter wait."""

    def build_fetch_schedule_query(self) -> str:
        """Return the statement that picks due schedules, and those of processes that have died."""
        return super().build_fetch_schedule_query().replace(_PGQUEUER_WAITS, f"interval '{TAKE_OVER_SECONDS} seconds'")
