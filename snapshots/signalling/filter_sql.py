"""The SQL of row filters, in the dialect of each source.

Debezium wants a WHERE fragment for an incremental snapshot and a whole SELECT for a blocking one (docs: Ad hoc
snapshots with additional-conditions).
"""

from snapshots.errors import FilterError
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.vocabulary import Dialect, SnapshotType

_COMPARISONS = {
    FilterOperator.EQ: "=",
    FilterOperator.NE: "<>",
    FilterOperator.LT: "<",
    FilterOperator.LE: "<=",
    FilterOperator.GT: ">",
    FilterOperator.GE: ">=",
    FilterOperator.LIKE: "LIKE",
}
_LISTS = {FilterOperator.IN: "IN", FilterOperator.NOT_IN: "NOT IN"}
_UNARY = {FilterOperator.IS_NULL: "IS NULL", FilterOperator.NOT_NULL: "IS NOT NULL"}

_IDENTIFIER_QUOTES: dict[Dialect, tuple[str, str]] = {
    Dialect.POSTGRESQL: ('"', '"'),
    Dialect.ORACLE: ('"', '"'),
    Dialect.DB2: ('"', '"'),
    Dialect.MYSQL: ("`", "`"),
    Dialect.MARIADB: ("`", "`"),
    Dialect.SQLSERVER: ("[", "]"),
}
_QUALIFIERS: dict[Dialect, int] = {
    Dialect.POSTGRESQL: 1,
    Dialect.ORACLE: 2,
    Dialect.DB2: 1,
    Dialect.MYSQL: 1,
    Dialect.MARIADB: 1,
    Dialect.SQLSERVER: 2,
}
"""How many names qualify a table's own in the name of a collection (docs/debezium.md)."""


def render(row_filter: RowFilter, dialect: Dialect, collection: str, snapshot_type: SnapshotType) -> str:
    """Return the SQL of `row_filter` as Debezium wants it for `snapshot_type`.

    Raises FilterError for an engine whose filters are not SQL (MongoDB) or not known to us.
    """
    if dialect not in _IDENTIFIER_QUOTES:
        message = f"Row filters are not supported for this kind of source ({dialect})."
        raise FilterError(message)
    where = " AND ".join(_condition(condition, dialect) for condition in row_filter.all)
    if snapshot_type is SnapshotType.INCREMENTAL:
        return where
    return f"SELECT * FROM {_table(collection, dialect)} WHERE {where}"  # noqa: S608 (every part is quoted)


def name_parts(collection: str, dialect: Dialect) -> list[str]:
    """Return the qualifiers of a collection and its own name, which may hold dots."""
    return collection.split(".", _QUALIFIERS.get(dialect, 1))


def _table(collection: str, dialect: Dialect) -> str:
    """Return the quoted name of the table behind `collection`, whose own name may hold dots."""
    parts = name_parts(collection, dialect)
    if dialect is Dialect.ORACLE:
        parts = parts[-2:]  # a signal names the database as well, but Oracle's SQL knows no database.schema.table
    return ".".join(_identifier(part, dialect) for part in parts)


def _condition(condition: RowCondition, dialect: Dialect) -> str:
    column = _identifier(condition.column, dialect)
    if condition.operator in _UNARY:
        return f"{column} {_UNARY[condition.operator]}"
    literals = [_literal(value, dialect) for value in condition.values]
    if condition.operator in _LISTS:
        return f"{column} {_LISTS[condition.operator]} ({', '.join(literals)})"
    return f"{column} {_COMPARISONS[condition.operator]} {literals[0]}"


def _identifier(name: str, dialect: Dialect) -> str:
    opening, closing = _IDENTIFIER_QUOTES[dialect]
    return f"{opening}{name.replace(closing, closing * 2)}{closing}"


def _literal(value: str, dialect: Dialect) -> str:
    quoted = "'" + value.replace("'", "''") + "'"
    if dialect in {Dialect.MYSQL, Dialect.MARIADB}:
        return quoted.replace("\\", "\\\\")  # a backslash escapes there, unless sql_mode says otherwise
    if dialect is Dialect.POSTGRESQL and "\\" in value:
        # E'' means the same whatever standard_conforming_strings is; where that is off, '\' would escape the quote.
        return "E" + quoted.replace("\\", "\\\\")
    if dialect is Dialect.SQLSERVER and not value.isascii():
        return "N" + quoted  # without it, what the database's code page lacks would be compared as a question mark
    return quoted
