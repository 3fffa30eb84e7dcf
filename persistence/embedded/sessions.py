"""Plain SQL on the embedded server: asyncpg without pools, for the few statements around a database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol, cast

import asyncpg


class Connection(Protocol):
    """The part of asyncpg's connection used here; asyncpg ships no types."""

    async def execute(self, query: str, *arguments: object) -> str:
        """Run one statement, or a script where there are no arguments; return the command tag."""

    async def fetchval(self, query: str, *arguments: object) -> object:
        """Return the first column of the first row, None where there is no row."""

    async def fetch(self, query: str, *arguments: object) -> Sequence[object]:
        """Return all rows."""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connection]:
    """Open a connection and close it at the end.

    Raises:
        OSError: nobody listens there.
        asyncpg.PostgresError: the server refuses us.
    """
    connection = await asyncpg.connect(url)  # type: ignore[no-untyped-call]
    try:
        yield cast("Connection", connection)
    finally:
        await connection.close()


async def create_database(url: str, name: str) -> None:
    """Make a database unless there is one of this name."""
    async with connected(url) as connection:
        if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            return
        try:
            await connection.execute(f"CREATE DATABASE {quoted(name)}")
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            # Two of us made it at the same moment.
            return


async def create_role(url: str, name: str, password: str, options: str) -> None:
    """Make a role that may log in with this password, or change an existing one into that."""
    literal = password.replace("'", "''")
    async with connected(url) as connection:
        known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name)
        verb = "ALTER" if known else "CREATE"
        await connection.execute(f"{verb} ROLE {quoted(name)} LOGIN PASSWORD '{literal}' {options}")


def quoted(name: str) -> str:
    """Return the name as an SQL identifier, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'
