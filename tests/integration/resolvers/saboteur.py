"""Ends the connection to PostgreSQL at one chosen statement or commit, as a failing server or network would."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.util import await_only

from persistence.database.pool import Database
from tests.support.databases import Administrator


class Saboteur:
    """Counts the steps of whoever uses a database, and ends the connection at one of them.

    A step is the moment before a statement, before a commit, or after a commit whose answer never comes.
    """

    def __init__(self, database: Database, administrator: Administrator) -> None:
        """Strike at `database`, by the hands of `administrator`."""
        self._engine = database.engine.sync_engine
        self._administrator = administrator
        self._strike_at = 0
        self.steps = 0
        self.struck: str | None = None
        """What the connection was ended at."""

    @contextmanager
    def at_work(self, strike_at: int = 0) -> Iterator[None]:
        """Count from 1, and strike at the step `strike_at`, once; at none if it is 0."""
        self._strike_at, self.steps, self.struck = strike_at, 0, None
        event.listen(self._engine, "before_cursor_execute", self._before_statement)
        event.listen(self._engine, "commit", self._before_commit)
        try:
            yield
        finally:
            event.remove(self._engine, "before_cursor_execute", self._before_statement)
            event.remove(self._engine, "commit", self._before_commit)

    def _before_statement(self, connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        del cursor, rest
        if self._is_now():
            self._strike(connection, " ".join(statement.split())[:60])

    def _before_commit(self, connection: Connection) -> None:
        if self._is_now():
            self._strike(connection, "before COMMIT")
        if self._is_now():
            await_only(self._driver(connection).execute("COMMIT"))
            self._strike(connection, "after COMMIT")

    def _is_now(self) -> bool:
        self.steps += 1
        return self.steps == self._strike_at

    def _strike(self, connection: Connection, at: str) -> None:
        self.struck = at
        pid = self._driver(connection).get_server_pid()
        await_only(self._administrator.execute("SELECT pg_terminate_backend($1, 5000)", pid))

    def _driver(self, connection: Connection) -> Any:  # noqa: ANN401 - asyncpg ships no types
        return connection.connection.driver_connection
