"""What Alembic runs around a migration; `persistence.migrations` calls it with an open connection.

No ini file and no environment variable is read. By hand, with the URL of a database that may be changed:
`alembic -x url=postgresql://… upgrade head`, or with `--sql` and without a URL to see the statements.
"""

import asyncio

from alembic import context
from sqlalchemy import Connection, NullPool
from sqlalchemy.ext.asyncio import create_async_engine

from persistence.database.connections import connection_opener
from persistence.queue import queue_settings
from persistence.tables import metadata

_QUEUE = queue_settings()
_FOREIGN = frozenset({_QUEUE.queue_table, _QUEUE.queue_table_log, _QUEUE.schedules_table, _QUEUE.statistics_table})


def _is_ours(name: str | None, kind: str, parents: object) -> bool:
    """Whether autogenerate compares this: not PgQueuer's tables, which its own release describes."""
    del parents
    return not (kind == "table" and name in _FOREIGN)


def _run(connection: Connection | None) -> None:
    context.configure(
        connection=connection,
        dialect_name=None if connection else "postgresql",
        literal_binds=connection is None,
        target_metadata=metadata,
        compare_type=True,
        compare_server_default=True,
        include_name=_is_ours,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run_by_hand(url: str) -> None:
    connect = connection_opener(url, role=None, application_name="topicsnap migrate")
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_run)


if context.is_offline_mode():
    _run(None)
elif connection := context.config.attributes.get("connection"):
    _run(connection)
else:
    asyncio.run(_run_by_hand(context.get_x_argument(as_dictionary=True)["url"]))
