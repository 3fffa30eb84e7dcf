"""Random row filters, and which rows they mean: told in Python, by nothing of what the product does."""

import random
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from snapshots.filters import FilterOperator, RowCondition, RowFilter
from tests.truth.tables import COLUMNS, REGIONS, Row

_Op = FilterOperator
_COMPARED: Mapping[FilterOperator, Callable[[int], bool]] = {
    _Op.EQ: lambda sign: sign == 0,
    _Op.NE: lambda sign: sign != 0,
    _Op.LT: lambda sign: sign < 0,
    _Op.LE: lambda sign: sign <= 0,
    _Op.GT: lambda sign: sign > 0,
    _Op.GE: lambda sign: sign >= 0,
}
_TEXTS = ("region", COLUMNS[-1])


def random_filter(chance: random.Random) -> RowFilter:
    """Return a filter that the database understands."""
    return RowFilter(tuple(_condition(chance) for _ in range(chance.choice((1, 1, 2, 3)))))


def refused_filter(chance: random.Random) -> RowFilter:
    """Return a filter that the database refuses: an unknown column, or no number where one is due."""
    wrong = chance.choice((RowCondition("no_such_column", _Op.EQ, ("1",)), RowCondition("n", _Op.EQ, ("no number",))))
    return RowFilter((wrong,))


def matching(row_filter: RowFilter | None, rows: Iterable[Row]) -> frozenset[int]:
    """Return the numbers of the rows that the filter means."""
    conditions = row_filter.all if row_filter else ()
    return frozenset(int(str(row[0])) for row in rows if all(_holds(condition, row) for condition in conditions))


def _condition(chance: random.Random) -> RowCondition:
    match chance.randrange(6):
        case 0:
            return RowCondition("n", chance.choice(list(_COMPARED)), (str(chance.randint(0, 3000)),))
        case 1:
            numbers = [str(chance.randint(1, 1000)) for _ in range(chance.randint(1, 30))]
            return RowCondition("n", chance.choice((_Op.IN, _Op.NOT_IN)), tuple(numbers))
        case 2:
            texts = chance.sample(REGIONS, chance.randint(1, 4))
            return RowCondition(chance.choice(_TEXTS), chance.choice((_Op.IN, _Op.NOT_IN)), tuple(texts))
        case 3:
            column = chance.choice(("amount", "flag", "note", COLUMNS[-1]))
            return RowCondition(column, chance.choice((_Op.IS_NULL, _Op.NOT_NULL)))
        case 4:
            operator = chance.choice((_Op.LT, _Op.GE, _Op.NE))
            return RowCondition("amount", operator, (str(Decimal(chance.randrange(-4000, 4000)) / 4),))
        case _:
            return RowCondition(chance.choice(_TEXTS), _Op.LIKE, (chance.choice(("EU%", "%e%", "%O'R%")),))


def _holds(condition: RowCondition, row: Row) -> bool:
    value = row[COLUMNS.index(condition.column)]
    match condition.operator:
        case _Op.IS_NULL:
            return value is None
        case _Op.NOT_NULL:
            return value is not None
    if value is None:  # as in SQL, nothing can be said of it
        return False
    match condition.operator:
        case _Op.LIKE:
            return _is_like(str(value), condition.values[0])
        case _Op.IN | _Op.NOT_IN:
            return (str(value) in condition.values) is (condition.operator is _Op.IN)
    number, given = Decimal(str(value)), Decimal(condition.values[0])
    return _COMPARED[condition.operator]((number > given) - (number < given))


def _is_like(text: str, pattern: str) -> bool:
    inner = pattern.strip("%")
    return inner in text if pattern.startswith("%") else text.startswith(inner)
