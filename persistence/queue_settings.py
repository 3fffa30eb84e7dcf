"""The names of PgQueuer's tables, said in one place.

PgQueuer takes them from the environment otherwise, under words as common as `CHANNEL` and `TRIGGER`, and the process
that migrates may have another environment than the one that works.
"""

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
