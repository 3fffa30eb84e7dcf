"""PgQueuer's tables, as PgQueuer 1.6 describes them.

Revision 0003, after 0002. A release of PgQueuer that changes them needs a revision of its own, with the statements of
its `upgrade` command.
"""

from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment

from persistence.migration_tools import APP_ROLE, READ_AND_WRITE, grant, run_script
from persistence.queue import queue_settings

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    settings = queue_settings()
    run_script(QueryBuilderEnvironment(settings).build_install_query(create_schema=False))
    tables = (settings.queue_table, settings.queue_table_log, settings.schedules_table, settings.statistics_table)
    grant(READ_AND_WRITE, tables)
    sequences = ", ".join(f"{table}_id_seq" for table in tables)
    op.execute(f"GRANT USAGE, SELECT ON SEQUENCE {sequences} TO {APP_ROLE}")


def downgrade() -> None:
    run_script(QueryBuilderEnvironment(queue_settings()).build_uninstall_query())
