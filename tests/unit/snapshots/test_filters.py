"""Row filters: what is refused."""

import pytest

from snapshots.filters import MAX_CONDITIONS, MAX_TEXT, MAX_VALUES, FilterOperator, RowCondition, RowFilter, check
from tests.support.factories import make_filter

UNARY = {FilterOperator.IS_NULL, FilterOperator.NOT_NULL}
LISTS = {FilterOperator.IN, FilterOperator.NOT_IN}


@pytest.mark.parametrize("operator", FilterOperator)
@pytest.mark.parametrize("count", [0, 1, 2, MAX_VALUES, MAX_VALUES + 1])
def test_number_of_values_that_an_operator_takes(operator: FilterOperator, count: int) -> None:
    if operator in UNARY:
        allowed = count == 0
    elif operator in LISTS:
        allowed = 1 <= count <= MAX_VALUES
    else:
        allowed = count == 1

    assert (check(make_filter(operator=operator, values=("v",) * count)) is None) is allowed


@pytest.mark.parametrize(
    ("count", "valid"), [(0, False), (1, True), (MAX_CONDITIONS, True), (MAX_CONDITIONS + 1, False)]
)
def test_number_of_conditions(count: int, *, valid: bool) -> None:
    assert (check(RowFilter(make_filter().all * count)) is None) is valid


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        pytest.param("x" * MAX_TEXT, True, id="longest"),
        pytest.param("x" * (MAX_TEXT + 1), False, id="too long"),
        pytest.param("a\x00b", False, id="NUL"),
        pytest.param("\ud800", False, id="unpaired surrogate"),
        pytest.param("\U0001f600 \n'\"`]\\", True, id="odd, but a text"),
        pytest.param(" ", True, id="blank"),
    ],
)
def test_columns_and_values_are_texts(text: str, *, valid: bool) -> None:
    assert (check(make_filter(column=text)) is None) is valid
    assert (check(make_filter(values=(text,))) is None) is valid


def test_a_value_may_be_empty_and_a_column_may_not() -> None:
    assert check(make_filter(values=("",))) is None
    assert check(make_filter(column="")) is not None


def test_one_bad_condition_is_enough() -> None:
    bad = RowCondition("a", FilterOperator.IS_NULL, ("v",))

    assert check(RowFilter((*make_filter().all, bad))) == "IS_NULL takes no values."
