"""A statement that is stuck ends with an error that says so, and takes neither a connection nor a lock with it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.util import await_only

from persistence.database.connections import connection_opener
from persistence.database.deadlines import Deadlines
from persistence.database.errors import DatabaseBusyError, DatabaseUnavailableError
from persistence.database.keepalive import UNANSWERED_SECONDS
from persistence.database.pool import APP_ROLE, Database
from persistence.tables import connect_cluster
from tests.databases import Administrator
from tests.faults.proxy import Proxy

IN_GOOD_TIME = 60
"""How long a test waits for what must happen; a fault shows then, instead of hanging the run."""
SHORT = Deadlines(statement_seconds=2, lock_seconds=0.1, idle_in_transaction_seconds=2)
"""No statement here takes two seconds unless it is stuck, and nobody waits for a lock who is not to wait in vain."""
SILENT = Deadlines(answer_margin_seconds=-28.0)
"""Two seconds for an answer; what the server itself would cut off takes much longer."""
_NAMES = select(connect_cluster.c.name)


@pytest.fixture
async def short(database_url: str) -> AsyncIterator[Database]:
    """A database with short deadlines and one connection, which a test that loses it would wait for in vain."""
    database = Database.connect(database_url, pool_size=1, max_overflow=0, deadlines=SHORT)
    await insert(database, "one")
    yield database
    await database.close()


async def insert(database: Database, name: str) -> None:
    async with database.write() as connection:
        await connection.execute(connect_cluster.insert().values(tenant_id="t", id=name, name=name))


async def rename(database: Database, name: str) -> None:
    async with database.write() as connection:
        await connection.execute(update(connect_cluster).values(name=name))


async def names(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(_NAMES)).scalars())


async def setting(database: Database, name: str) -> str:
    async with database.read() as connection:
        await connection.execute(text("RESET ALL"))
        return str((await connection.execute(text(f"SHOW {name}"))).scalar_one())


async def test_each_connection_has_the_deadlines_for_good(short: Database) -> None:
    assert await setting(short, "statement_timeout") == "2s"
    assert await setting(short, "lock_timeout") == "100ms"
    assert await setting(short, "idle_in_transaction_session_timeout") == "2s"


async def test_commands_that_go_through_everything_have_none(database_url: str) -> None:
    database = Database.connect(database_url, deadlines=None)
    assert await setting(database, "statement_timeout") == "0"
    await database.close()


async def test_a_statement_that_takes_too_long_is_given_up(short: Database) -> None:
    async def sleep() -> None:
        async with short.write() as connection:
            await connection.execute(update(connect_cluster).values(name="two"))
            await connection.execute(text("SELECT pg_sleep(60)"))

    async with asyncio.timeout(IN_GOOD_TIME):
        with pytest.raises(DatabaseBusyError, match="took too long"):
            await sleep()
        assert await names(short) == ["one"]


async def test_a_lock_that_does_not_come_is_given_up(short: Database, database: Database) -> None:
    async with asyncio.timeout(IN_GOOD_TIME):
        async with database.write() as connection:
            await connection.execute(update(connect_cluster).values(name="two"))
            with pytest.raises(DatabaseBusyError, match="waited too long for a lock"):
                await rename(short, "three")
        assert await names(short) == ["two"]
        await rename(short, "three")
        assert await names(short) == ["three"]


async def test_two_that_wait_for_each_other_are_not_both_lost(database: Database) -> None:
    await insert(database, "a")
    await insert(database, "b")
    met = asyncio.Barrier(2)

    async def both(*order: str) -> None:
        async with database.write() as connection:
            for id in order:
                await connection.execute(
                    update(connect_cluster).where(connect_cluster.c.id == id).values(connect_url="".join(order))
                )
                if id == order[0]:
                    await met.wait()

    async with asyncio.timeout(IN_GOOD_TIME):
        results = await asyncio.gather(both("a", "b"), both("b", "a"), return_exceptions=True)
    (lost,) = [result for result in results if result is not None]
    assert isinstance(lost, DatabaseBusyError)
    assert "waited for each other" in str(lost)


async def test_a_transaction_that_rests_too_long_is_ended_and_its_locks_are_free(
    short: Database, database: Database
) -> None:
    async def rest() -> None:
        async with short.write() as connection:
            await connection.execute(update(connect_cluster).values(name="two"))
            await rename(database, "three")  # waits until the server has ended the other

    async with asyncio.timeout(IN_GOOD_TIME):
        with pytest.raises(DatabaseUnavailableError):
            await rest()
        assert await names(short) == ["three"]


class Distance:
    """A database behind a proxy that can stop answering; the limit of this side is its own."""

    def __init__(self, proxy: Proxy, database: Database) -> None:
        self.proxy = proxy
        self.database = database


@pytest.fixture
async def distant(database_url: str) -> AsyncIterator[Distance]:
    async with Proxy() as proxy:
        parts = urlsplit(database_url)
        proxy.target_port = parts.port or 5432
        url = parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{proxy.port}").geturl()
        database = Database.connect(url, pool_size=1, max_overflow=0, deadlines=SILENT, connect_timeout_seconds=2.0)
        yield Distance(proxy, database)
        await database.close()


async def test_a_server_that_falls_silent_in_a_transaction_is_not_waited_for(distant: Distance) -> None:
    await insert(distant.database, "one")

    async def fall_silent() -> None:
        async with distant.database.write() as connection:
            await connection.execute(update(connect_cluster).values(name="two"))
            distant.proxy.mute()
            await connection.execute(_NAMES)

    async with asyncio.timeout(IN_GOOD_TIME):
        with pytest.raises(DatabaseUnavailableError, match="did not answer in time"):
            await fall_silent()
        distant.proxy.pass_on()
        assert await names(distant.database) == ["one"]


async def test_a_server_that_falls_silent_at_a_read_or_at_the_commit_is_not_waited_for(distant: Distance) -> None:
    await insert(distant.database, "one")

    async def commit() -> None:
        async with distant.database.write() as connection:
            await connection.execute(update(connect_cluster).values(name="one"))
            distant.proxy.mute()

    async with asyncio.timeout(IN_GOOD_TIME):
        with pytest.raises(DatabaseUnavailableError, match="did not answer in time"):
            await commit()
        distant.proxy.pass_on()
        assert await names(distant.database) == ["one"]
        distant.proxy.mute()
        with pytest.raises(DatabaseUnavailableError, match="did not answer in time"):
            await names(distant.database)
        distant.proxy.pass_on()
        assert await names(distant.database) == ["one"]


async def test_a_server_that_does_not_let_in_is_not_waited_for(distant: Distance) -> None:
    distant.proxy.mute()
    async with asyncio.timeout(IN_GOOD_TIME):
        with pytest.raises(DatabaseUnavailableError, match="did not answer"):
            await names(distant.database)
        distant.proxy.pass_on()
        assert await names(distant.database) == []


async def test_a_server_that_falls_silent_while_a_connection_is_made_ready_is_not_waited_for(distant: Distance) -> None:
    """Between asyncpg's handshake and the first statement SQLAlchemy asks the server questions of its own."""
    event.listen(distant.database.engine.sync_engine, "connect", lambda *_: distant.proxy.mute(), insert=True)
    async with asyncio.timeout(IN_GOOD_TIME):
        with pytest.raises(DatabaseUnavailableError, match="did not answer in time"):
            await names(distant.database)


async def test_a_connection_that_breaks_while_it_is_made_ready_is_an_error_of_ours(
    short: Database, administrator: Administrator
) -> None:
    def strike(connection: Any, record: object) -> None:  # noqa: ANN401 - of asyncpg, which ships no types
        pid = connection.driver_connection.get_server_pid()
        await_only(administrator.execute("SELECT pg_terminate_backend($1, 5000)", pid))

    await short.engine.dispose()
    event.listen(short.engine.sync_engine, "connect", strike, insert=True)
    with pytest.raises(DatabaseUnavailableError):
        await names(short)
    event.remove(short.engine.sync_engine, "connect", strike)
    assert await names(short) == ["one"]


async def test_the_kernel_is_asked_to_look_after_the_other_side(database_url: str) -> None:
    connection = cast("Any", await connection_opener(database_url, role=APP_ROLE, application_name="test")())
    kept: socket.socket = connection._transport.get_extra_info("socket")
    assert kept.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        assert kept.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNANSWERED_SECONDS * 1000
    await connection.close()


async def test_a_statement_that_an_administrator_cancels_or_ends_is_an_error_of_ours(
    database: Database, administrator: Administrator
) -> None:
    async def be_struck(how: str) -> None:
        async with database.read() as connection:
            pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            task = asyncio.create_task(connection.execute(text("SELECT pg_sleep(60)")))
            async with asyncio.timeout(IN_GOOD_TIME):
                while not await administrator.fetchval(  # noqa: ASYNC110 - PostgreSQL tells nobody
                    "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'", pid
                ):
                    await asyncio.sleep(0.01)
                await administrator.execute(f"SELECT {how}($1)", pid)
                await task

    with pytest.raises(DatabaseBusyError, match="or was cancelled"):
        await be_struck("pg_cancel_backend")
    with pytest.raises(DatabaseUnavailableError):
        await be_struck("pg_terminate_backend")
    assert await names(database) == []
