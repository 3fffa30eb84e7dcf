"""The columns and references that tables share, and the metadata that holds them all."""

from sqlalchemy import Column, DateTime, ForeignKeyConstraint, MetaData, Text, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_NOW = text("now()")


def tenant_column() -> Column[str]:
    """The tenant, which leads every primary key."""
    return Column("tenant_id", Text, primary_key=True)


def id_column() -> Column[str]:
    """The id within the tenant."""
    return Column("id", Text, primary_key=True)


def reference(
    column: str, table: str, *, ondelete: str | None = None, initially: str | None = None
) -> ForeignKeyConstraint:
    """A reference to a row of `table` of the same tenant; `initially` DEFERRED has it checked at commit."""
    targets = [f"{table}.tenant_id", f"{table}.id"]
    return ForeignKeyConstraint(
        ["tenant_id", column], targets, ondelete=ondelete, deferrable=initially is not None or None, initially=initially
    )


def moment(name: str, *, now: bool = False) -> Column[object]:
    """A time; with `now` it is that of the insert, and always there."""
    return Column(name, DateTime(timezone=True), nullable=not now, server_default=_NOW if now else None)
