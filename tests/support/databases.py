"""Fixtures of a real PostgreSQL: a database migrated once and cloned for each test, so that each has its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Protocol, cast

import asyncpg
import pytest

from persistence import migrations
from persistence.database.pool import Database

_TEMPLATE = "topicsnap_template"
_NUMBERS = count(1)


class Server(Protocol):
    """What the fixture `postgres_server` of tests/conftest.py offers."""

    def url(self, database: str) -> str: ...

    async def create_database(self, name: str) -> None: ...


class Administrator(Protocol):
    """A connection of the server's superuser, for what a test does behind the application's back."""

    async def execute(self, query: str, *arguments: object) -> str: ...

    async def fetchval(self, query: str, *arguments: object) -> object: ...

    async def close(self) -> None: ...


@asynccontextmanager
async def administering(url: str) -> AsyncIterator[Administrator]:
    administrator = cast("Administrator", await asyncpg.connect(url))  # type: ignore[no-untyped-call]
    try:
        yield administrator
    finally:
        await administrator.close()


@pytest.fixture(scope="session")
async def template(postgres_server: Server) -> str:
    """The name of a migrated database that nobody is connected to."""
    await postgres_server.create_database(_TEMPLATE)
    await migrations.upgrade(postgres_server.url(_TEMPLATE))
    return _TEMPLATE


@pytest.fixture
async def database_url(postgres_server: Server, template: str) -> AsyncIterator[str]:
    """The superuser's URL of a migrated database of this test's own."""
    name = f"test_{next(_NUMBERS)}"
    async with administering(postgres_server.url("postgres")) as administrator:
        await administrator.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield postgres_server.url(name)
        await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def empty_database_url(postgres_server: Server) -> AsyncIterator[str]:
    """The superuser's URL of a database without any table."""
    name = f"empty_{next(_NUMBERS)}"
    async with administering(postgres_server.url("postgres")) as administrator:
        await administrator.execute(f"CREATE DATABASE {name}")
        yield postgres_server.url(name)
        await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def administrator(database_url: str) -> AsyncIterator[Administrator]:
    """A superuser's connection to this test's database."""
    async with administering(database_url) as connection:
        yield connection


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """This test's database, under the application's role."""
    database = Database.connect(database_url)
    yield database
    await database.close()
