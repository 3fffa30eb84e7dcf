"""Topicsnap's own database: one pool, reads that cost one round trip, writes in one transaction."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol, Self, cast

import orjson
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import PoolProxiedConnection

from persistence.database.connections import CONNECT_TIMEOUT_SECONDS, address, connection_opener
from persistence.database.deadlines import Deadlines
from persistence.database.defaults import POOL_OVERFLOW, POOL_SIZE
from persistence.database.errors import PoolExhaustedError
from persistence.database.failures import FAILURES, explained

APP_ROLE = "topicsnap_app"
"""The role that the application acts as: it reads and writes rows, and cannot change tables or rewrite the ledger."""

POOL_TIMEOUT_SECONDS = 10.0
DEADLINES = Deadlines()
_CACHED_STATEMENTS = 256


class Database:
    """A pool of connections that act as one role.

    Statements are prepared once for each connection and kept. A connection that broke while idle (the server was
    restarted) is replaced unnoticed; one that breaks at work raises DatabaseUnavailableError, and so does a statement
    that takes too long.
    """

    def __init__(self, engine: AsyncEngine, target: str, pool_timeout_seconds: float) -> None:
        """Take over `engine`; `target` names the database in messages. Use `connect` instead."""
        self.engine = engine
        self._target = target
        self._pool_timeout_seconds = pool_timeout_seconds
        # Shares the pool. Without BEGIN and ROLLBACK a read is one round trip instead of three.
        self._reads = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._looks = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        event.listen(engine.sync_engine, "checkout", _replace_if_closed)

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        role: str | None = APP_ROLE,
        pool_size: int = POOL_SIZE,
        max_overflow: int = POOL_OVERFLOW,
        application_name: str = "topicsnap",
        deadlines: Deadlines | None = DEADLINES,
        connect_timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
        pool_timeout_seconds: float = POOL_TIMEOUT_SECONDS,
    ) -> Self:
        """Return the database at `url` (`postgresql://…`); nothing is opened before the first use.

        With `role` None the connections act as the user of `url`; with `deadlines` None a statement may take as long as
        it likes, which is for commands that go through everything. A new connection has `connect_timeout_seconds`, and
        one of the pool becomes free within `pool_timeout_seconds`, or it is an error.
        """
        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=connection_opener(
                url,
                role=role,
                application_name=application_name,
                deadlines=deadlines,
                timeout_seconds=connect_timeout_seconds,
            ),
            connect_args={"prepared_statement_cache_size": _CACHED_STATEMENTS},
            hide_parameters=True,  # an error that is logged must not show them: they can be rows of a source
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_timeout=pool_timeout_seconds,
            pool_use_lifo=True,  # the connections used most hold the prepared statements
            skip_autocommit_rollback=True,
        )
        return cls(engine, address(url), pool_timeout_seconds)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection on which each statement stands for itself: no transaction, one round trip each.

        Raises DatabaseError.
        """
        with self._explaining():
            async with self._reads.connect() as connection, _dropping(connection):
                yield connection

    @asynccontextmanager
    async def look(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection on which all statements see the same moment, that of the first; nothing can be written.

        For what several statements tell together. BEGIN and ROLLBACK cost a round trip each. Raises DatabaseError.
        """
        with self._explaining():
            async with self._looks.connect() as connection, _dropping(connection):
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Lend a connection in one transaction: committed at the end, rolled back by any exception.

        Raises DatabaseError.
        """
        with self._explaining():
            # On leaving, the connection rolls back what was not committed.
            async with self.engine.connect() as connection, _dropping(connection):
                transaction = await connection.begin()
                yield connection
                await transaction.commit()

    async def close(self) -> None:
        """Close all connections that are not lent out."""
        await self.engine.dispose()

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        """Raise errors of ours instead of those that mean one."""
        try:
            yield
        except PoolTimeoutError as error:
            message = (
                f"No connection to {self._target} became free within {self._pool_timeout_seconds:.0f} seconds: "
                "the gateway is overloaded, or its pool is too small."
            )
            raise PoolExhaustedError(message) from error
        except FAILURES as error:
            if ours := explained(error, self._target):
                raise ours from error
            raise


@asynccontextmanager
async def _dropping(connection: AsyncConnection) -> AsyncIterator[None]:
    """Drop a connection whose server did not answer in time, rather than ask the same server for a rollback."""
    try:
        yield
    except TimeoutError:
        if connection.invalidated:
            raise
        driver = (await connection.get_raw_connection()).driver_connection
        cast("_DriverConnection", driver).terminate()
        await connection.invalidate()
        raise


class _DriverConnection(Protocol):
    def is_closed(self) -> bool: ...

    def terminate(self) -> None: ...


def _replace_if_closed(dbapi_connection: object, record: object, proxy: PoolProxiedConnection) -> None:
    """Have the pool open a new connection instead of one whose socket is known to be closed; costs no round trip."""
    del dbapi_connection, record
    driver_connection = cast("_DriverConnection | None", proxy.driver_connection)
    if driver_connection is None or driver_connection.is_closed():
        raise InvalidatePoolError
