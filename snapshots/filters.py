"""Row filters: typed conditions that Topicsnap renders and quotes itself, so that it never takes raw SQL from a client.

Debezium expects a WHERE fragment for an incremental snapshot and a whole SELECT for a blocking one (docs: Ad hoc
snapshots with additional-conditions).
"""

from dataclasses import dataclass
from enum import StrEnum

from snapshots.texts import is_storable

MAX_CONDITIONS = 50
MAX_VALUES = 200
MAX_TEXT = 1000
"""Longest column name or value, in characters."""


class FilterOperator(StrEnum):
    """How a condition compares a column with its values."""

    EQ = "EQ"
    NE = "NE"
    LT = "LT"
    LE = "LE"
    GT = "GT"
    GE = "GE"
    IN = "IN"
    NOT_IN = "NOT_IN"
    IS_NULL = "IS_NULL"
    NOT_NULL = "NOT_NULL"
    LIKE = "LIKE"


_LISTS = {FilterOperator.IN, FilterOperator.NOT_IN}
_UNARY = {FilterOperator.IS_NULL, FilterOperator.NOT_NULL}


@dataclass(frozen=True, slots=True)
class RowCondition:
    """One comparison; `values` are texts, which the database casts to the column's type."""

    column: str
    operator: FilterOperator
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Conditions that must all hold."""

    all: tuple[RowCondition, ...]


def check(row_filter: RowFilter) -> str | None:
    """Return a sentence about what is wrong with `row_filter` for any engine, or None."""
    if not 1 <= len(row_filter.all) <= MAX_CONDITIONS:
        return f"A filter must have 1 to {MAX_CONDITIONS} conditions."
    for condition in row_filter.all:
        texts = (condition.column, *condition.values)
        if not condition.column or any(len(text) > MAX_TEXT or not is_storable(text) for text in texts):
            return (
                f"Columns and values must be texts of at most {MAX_TEXT} characters, without NUL; a column must not "
                "be empty."
            )
        count = len(condition.values)
        if condition.operator in _UNARY and count:
            return f"{condition.operator} takes no values."
        if condition.operator in _LISTS and not 1 <= count <= MAX_VALUES:
            return f"{condition.operator} takes 1 to {MAX_VALUES} values."
        if condition.operator not in _UNARY | _LISTS and count != 1:
            return f"{condition.operator} takes exactly one value."
    return None
