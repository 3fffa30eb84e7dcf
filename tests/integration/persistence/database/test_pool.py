import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import column, literal, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError, ProgrammingError

from persistence.database.errors import AccessRefusedError, DatabaseUnavailableError, PoolExhaustedError
from persistence.database.pool import APP_ROLE, Database
from persistence.database.statement_counter import StatementCounter
from persistence.embedded.processes import until
from persistence.tables import connect_cluster
from tests.databases import Administrator
from tests.integration.persistence.wire import Wire, tapped

_COUNT = select(connect_cluster.c.id)


@pytest.fixture
async def wire(database_url: str) -> AsyncIterator[Wire]:
    async with tapped(database_url) as wire:
        yield wire


async def insert(database: Database, id: str) -> None:
    async with database.write() as connection:
        await connection.execute(connect_cluster.insert().values(tenant_id="t", id=id, name=id))


async def ids(database: Database) -> list[str]:
    async with database.read() as connection:
        return list((await connection.execute(_COUNT)).scalars())


async def test_a_read_is_one_round_trip_once_its_statement_is_known(wire: Wire) -> None:
    database = Database.connect(wire.url)
    await ids(database)
    wire.trips.clear()
    await ids(database)
    assert wire.trips == ["Sync"]
    await database.close()


async def test_two_reads_on_one_connection_are_two_round_trips(wire: Wire) -> None:
    database = Database.connect(wire.url)
    await ids(database)
    wire.trips.clear()
    async with database.read() as connection:
        await connection.execute(_COUNT)
        await connection.execute(_COUNT)
    assert wire.trips == ["Sync", "Sync"]
    await database.close()


async def test_a_write_is_one_transaction(wire: Wire) -> None:
    database = Database.connect(wire.url)
    await insert(database, "a")
    wire.trips.clear()
    await insert(database, "b")
    assert [trip.rstrip("\x00;") for trip in wire.trips] == ["BEGIN", "Sync", "COMMIT"]
    assert await ids(database) == ["a", "b"]
    await database.close()


async def test_a_read_after_a_write_on_the_same_connection_opens_no_transaction(wire: Wire) -> None:
    database = Database.connect(wire.url, pool_size=1, max_overflow=0)
    await ids(database)
    await insert(database, "a")
    wire.trips.clear()
    await ids(database)
    assert wire.trips == ["Sync"]
    await database.close()


async def test_a_write_that_raises_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as connection:
            await connection.execute(connect_cluster.insert().values(tenant_id="t", id="a", name="a"))
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await fail()
    assert await ids(database) == []


async def test_a_write_that_is_cancelled_leaves_nothing(database: Database) -> None:
    written = asyncio.Event()

    async def write() -> None:
        async with database.write() as connection:
            await connection.execute(connect_cluster.insert().values(tenant_id="t", id="a", name="a"))
            written.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await written.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await ids(database) == []


async def test_errors_of_statements_come_through_as_they_are(database: Database) -> None:
    await insert(database, "a")
    with pytest.raises(IntegrityError):
        await insert(database, "a")


async def test_connections_act_as_the_applications_role(database: Database) -> None:
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT current_user"))).scalar_one() == APP_ROLE
        await connection.execute(text("RESET ALL"))
        assert (await connection.execute(text("SELECT current_user"))).scalar_one() == APP_ROLE


async def test_the_application_cannot_change_tables(database: Database) -> None:
    with pytest.raises(ProgrammingError, match="must be owner"):
        async with database.write() as connection:
            await connection.execute(text("DROP TABLE topic"))


async def test_json_goes_there_and_back(database: Database) -> None:
    value = {"name": "Ünïcode", "numbers": [1, 2.5, None, True], "nested": {"a": []}}
    async with database.read() as connection:
        assert (await connection.execute(select(literal(value, JSONB)))).scalar_one() == value


async def test_a_connection_that_broke_while_idle_is_replaced_unnoticed(
    database: Database, administrator: Administrator
) -> None:
    drivers: list[Any] = []
    async with AsyncExitStack() as open_at_once:
        for _ in range(3):
            connection = await open_at_once.enter_async_context(database.read())
            drivers.append((await connection.get_raw_connection()).driver_connection)
    await administrator.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND application_name = 'topicsnap'"
    )
    assert await until(lambda: all(driver.is_closed() for driver in drivers), 5)
    for _ in range(3):
        assert await ids(database) == []


async def test_a_connection_that_breaks_at_work_is_an_error_for_users_and_the_next_one_works(
    database: Database, administrator: Administrator
) -> None:
    async def be_terminated() -> None:
        async with database.read() as connection:
            pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            await administrator.execute("SELECT pg_terminate_backend($1)", pid)
            await connection.execute(text("SELECT 1"))

    with pytest.raises(DatabaseUnavailableError, match="broke"):
        await be_terminated()
    assert await ids(database) == []


async def test_a_pool_that_stays_busy_is_an_error_for_users(database_url: str) -> None:
    database = Database.connect(database_url, pool_size=1, max_overflow=0, pool_timeout_seconds=0.05)
    async with database.read():
        with pytest.raises(PoolExhaustedError, match="pool is too small"):
            await ids(database)
    await database.close()


@pytest.mark.parametrize(
    ("old", "new", "role", "expected"),
    [
        pytest.param("://postgres:", "://nobody:", None, "refused the user or the password", id="user"),
        pytest.param("/test_", "/absent_", None, "no such database", id="database"),
        pytest.param("", "", "absent_role", "may not act as the role absent_role", id="role"),
    ],
)
async def test_being_refused_is_an_error_for_operators(
    database_url: str, old: str, new: str, role: str | None, expected: str
) -> None:
    database = Database.connect(database_url.replace(old, new) if old else database_url, role=role)
    with pytest.raises(AccessRefusedError, match=expected) as caught:
        await ids(database)
    assert database_url.split(":")[2].split("@", maxsplit=1)[0] not in str(caught.value)
    await database.close()


async def test_the_statement_counter_sees_statements_only_while_it_is_entered(database: Database) -> None:
    with StatementCounter(database) as counter:
        await ids(database)
        async with database.write() as connection:
            await connection.execute(select(column("a")).select_from(text("(SELECT 1 AS a) AS x")))
    await ids(database)
    assert len(counter) == 2
    assert "connect_cluster" in counter.statements[0]


async def test_a_look_sees_one_moment_and_writes_nothing(database: Database) -> None:
    await insert(database, "a")
    async with database.look() as connection:
        assert list((await connection.execute(_COUNT)).scalars()) == ["a"]
        await insert(database, "b")
        assert list((await connection.execute(_COUNT)).scalars()) == ["a"]
    assert sorted(await ids(database)) == ["a", "b"]
    with pytest.raises(DatabaseUnavailableError, match="takes no writes"):
        async with database.look() as connection:
            await connection.execute(connect_cluster.insert().values(tenant_id="t", id="c", name="c"))


async def test_a_look_costs_two_round_trips_more_than_its_statements(wire: Wire) -> None:
    database = Database.connect(wire.url, pool_size=1, max_overflow=0)
    await ids(database)
    wire.trips.clear()
    async with database.look() as connection:
        await connection.execute(_COUNT)
        await connection.execute(_COUNT)
    await ids(database)
    assert [trip.rstrip("\x00;").split(" ")[0] for trip in wire.trips] == ["BEGIN", "Sync", "Sync", "ROLLBACK", "Sync"]
    await database.close()
