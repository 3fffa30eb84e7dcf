"""Bringing a database to the tables of this code: `topicsnap migrate`, and the check at start-up."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, func, select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from persistence.database.connections import address, connection_opener
from persistence.database.errors import AccessRefusedError, NotMigratedError, UnsupportedServerError
from persistence.database.pool import Database

OLDEST_SERVER = 14
"""Oldest PostgreSQL that is tested and still maintained."""

_LOCK = 0x746F706963736E  # "topicsn" as a number; advisory locks know numbers only
_LOCK_POLL_SECONDS = 0.1
_ONE_IN_PROCESS = threading.Lock()
"""Alembic keeps the migration that runs in module globals (`alembic.op`), whatever the task or thread."""

_UNDEFINED_TABLE = "42P01"
_INSUFFICIENT_PRIVILEGE = "42501"


@dataclass(frozen=True, slots=True)
class MigrationState:
    """Where a database stands: its revision (None before the first), and the one that this code needs."""

    current: str | None
    head: str

    @property
    def is_current(self) -> bool:
        """Whether this code can work with the database."""
        return self.current == self.head


async def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` up to `revision`; does nothing where it is there already.

    Of several at once, one migrates and the others wait. All revisions are one transaction. Raises DatabaseError.
    """
    await _run(url, lambda config: command.upgrade(config, revision))


async def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to `revision`, `base` for before the first. Loses data; raises DatabaseError."""
    await _run(url, lambda config: command.downgrade(config, revision))


async def state(url: str) -> MigrationState:
    """Tell where the database at `url` stands. Raises DatabaseError."""
    async with _connected(url) as connection:
        current = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    return MigrationState(current, head())


async def require_head(database: Database) -> None:
    """Raise NotMigratedError unless `database` has the tables that this code needs."""
    async with database.read() as connection:
        try:
            current = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
        except ProgrammingError as error:
            if _sqlstate(error) != _UNDEFINED_TABLE:
                raise
            current = None
    wanted = head()
    if current is None:
        raise NotMigratedError("The database has no tables of Topicsnap yet: run `topicsnap migrate`.")
    if current != wanted:
        message = f"The database is at revision {current}, and this Topicsnap needs {wanted}: "
        older = current in {script.revision for script in _scripts().walk_revisions()}
        advice = "run `topicsnap migrate`." if older else "a newer Topicsnap migrated it, use that one."
        raise NotMigratedError(message + advice)


def head() -> str:
    """The revision that this code needs."""
    revision = _scripts().get_current_head()
    if revision is None:
        raise NotMigratedError("This installation of Topicsnap lacks its migrations: install it again.")
    return revision


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration for our revisions, over `connection`; needs no ini file."""
    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def check_server(version_number: int) -> None:
    """Raise UnsupportedServerError for a server too old; `version_number` is PostgreSQL's `server_version_num`."""
    major = version_number // 10_000
    if major < OLDEST_SERVER:
        raise UnsupportedServerError(f"Topicsnap needs PostgreSQL {OLDEST_SERVER} or newer; this server is {major}.")


def _folder() -> Path:
    """Where the revisions are: inside the package in a wheel, beside it in a checkout."""
    packaged = Path(__file__).with_name("_alembic")
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "alembic"


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())


async def _run(url: str, action: Callable[[Config], None]) -> None:
    async with _connected(url) as connection, _alone(connection):
        try:
            await connection.run_sync(lambda sync: action(configuration(sync)))
        except CommandError as error:
            raise NotMigratedError(f"{address(url)} cannot be migrated by this Topicsnap: {error}") from error
        except DBAPIError as error:
            if _sqlstate(error) != _INSUFFICIENT_PRIVILEGE:
                raise
            reason = getattr(error.driver_exception, "message", None) or str(error.driver_exception)
            raise AccessRefusedError(f"Migrating {address(url)} is not allowed: {reason}") from error


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[AsyncConnection]:
    """Open one connection as the user of `url`, who owns the tables, and check the server's age."""
    connect = connection_opener(url, role=None, application_name="topicsnap migrate")
    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    async with engine.connect() as connection:
        number = await connection.execute(text("SELECT current_setting('server_version_num')::integer"))
        check_server(number.scalar_one())
        await connection.rollback()
        yield connection


@asynccontextmanager
async def _alone(connection: AsyncConnection) -> AsyncIterator[None]:
    """Wait until nobody else migrates this database, nor anything in this process.

    Asks again and again, because a session that waits inside a statement would in turn keep a
    CREATE INDEX CONCURRENTLY of the other one waiting for ever. Closing the connection releases its lock.
    """
    while not (await connection.execute(select(func.pg_try_advisory_lock(_LOCK)))).scalar_one():
        await connection.rollback()
        await asyncio.sleep(_LOCK_POLL_SECONDS)
    await connection.rollback()  # so that Alembic begins and commits the transaction
    while not _ONE_IN_PROCESS.acquire(blocking=False):  # noqa: ASYNC110 - of all loops and threads, which an Event is not
        await asyncio.sleep(_LOCK_POLL_SECONDS)
    try:
        yield
    finally:
        _ONE_IN_PROCESS.release()


def _sqlstate(error: DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)
