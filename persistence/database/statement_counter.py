"""Which SQL statements a piece of code runs: how tests hold on to the promise of one query for a list."""

from types import TracebackType
from typing import Self

from sqlalchemy import event

from persistence.database.pool import Database


class StatementCounter:
    """Records every statement on `database` while it is entered, by whichever task it runs."""

    def __init__(self, database: Database) -> None:
        """Watch `database`; nothing is recorded before entering."""
        self._engine = database.engine.sync_engine
        self.statements: list[str] = []

    def __len__(self) -> int:
        return len(self.statements)

    def __enter__(self) -> Self:
        event.listen(self._engine, "before_cursor_execute", self._record)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        event.remove(self._engine, "before_cursor_execute", self._record)

    def _record(self, connection: object, cursor: object, statement: str, *rest: object) -> None:
        del connection, cursor, rest
        self.statements.append(statement)
