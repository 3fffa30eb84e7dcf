"""The words in which revisions describe tables; what one of them produces never changes: revisions are history."""

from collections.abc import Iterable
from typing import Any, Protocol, cast

import sqlalchemy as sa
from alembic import op
from sqlalchemy.util import await_only

APP_ROLE = "topicsnap_app"
READ_AND_WRITE = "SELECT, INSERT, UPDATE, DELETE"


class _ScriptRunner(Protocol):
    async def execute(self, script: str) -> str: ...


def run_script(script: str) -> None:
    """Run several statements at once, within the migration's transaction (a prepared statement can only be one)."""
    if op.get_context().as_sql:
        op.execute(script)
        return
    connection = op.get_bind()
    connection.execute(sa.text("SELECT 1"))  # SQLAlchemy's BEGIN is lazy: the driver's connection may not have it yet
    driver_connection = cast("_ScriptRunner", connection.connection.driver_connection)
    await_only(driver_connection.execute(script))


def grant(privileges: str, tables: Iterable[str]) -> None:
    """Let the application's role do `privileges` with `tables`."""
    op.execute(f"GRANT {privileges} ON {', '.join(tables)} TO {APP_ROLE}")


def identity(table: str) -> tuple[sa.Column[Any], sa.Column[Any], sa.PrimaryKeyConstraint]:
    """The columns `tenant_id` and `id`, and the primary key over them."""
    key = sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{table}")
    return words("tenant_id"), words("id"), key


def words(name: str) -> sa.Column[Any]:
    """A text that is always there."""
    return sa.Column(name, sa.Text, nullable=False)


def words_or_null(name: str) -> sa.Column[Any]:
    """A text that may be missing."""
    return sa.Column(name, sa.Text)


def number(name: str, *, default: int | None = None) -> sa.Column[Any]:
    """A number that is always there."""
    return sa.Column(name, sa.Integer, nullable=False, server_default=_default(default))


def flag(name: str) -> sa.Column[Any]:
    """A boolean that is false until it is said."""
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.text("false"))


def moment(name: str) -> sa.Column[Any]:
    """A time that may not have come."""
    return sa.Column(name, sa.DateTime(timezone=True))


def creation_moment(name: str) -> sa.Column[Any]:
    """The time at which the row was made."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()"))


def reference(
    table: str, column: str, target: str, *, ondelete: str | None = None, deferred: bool = False
) -> sa.ForeignKeyConstraint:
    """A reference to a row of `target` of the same tenant; `deferred` ones are checked at commit."""
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"fk_{table}_{target}",
        ondelete=ondelete,
        deferrable=True if deferred else None,
        initially="DEFERRED" if deferred else None,
    )


def unique(table: str, *columns: str) -> sa.UniqueConstraint:
    """No two rows of a tenant agree in `columns`."""
    return sa.UniqueConstraint("tenant_id", *columns, name=f"uq_{table}_tenant_id_{'_'.join(columns)}")


def create_index(table: str, *columns: str) -> None:
    """Make an index over the tenant and `columns`."""
    op.create_index(f"ix_{table}_tenant_id_{'_'.join(columns)}", table, ["tenant_id", *columns])


def _default(value: int | None) -> sa.TextClause | None:
    return None if value is None else sa.text(str(value))
