"""What a value should have been: in words of ours for everything that Pydantic finds in settings and files."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from gateway.wrong_values import expected


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (bool, "maybe", "true or false"),
        (int, "many", "a whole number"),
        (int, 1.5, "a whole number"),
        (float, "many", "a number"),
        (Annotated[int, Field(ge=1)], 0, "a number from 1 on"),
        (Annotated[float, Field(gt=0)], -1.0, "a number above 0"),
        (Annotated[int, Field(le=65535)], 70_000, "a number up to 65,535"),
        (Annotated[float, Field(lt=0.5)], 1, "a number below 0.5"),
        (Annotated[str, Field(max_length=3)], "long", "at most 3 characters"),
        (Annotated[str, Field(min_length=3)], "x", "at least 3 characters"),
        (Colour, "green", "one of 'red' or 'blue'"),
        (Literal["none"], "jwt", "only 'none'"),
        (list[int], 3, "a list, each item after a hyphen"),
        (str, 3, "a text; put it in quotes"),
        (Path, 3, "a path"),
        (bytes, 3, "another value"),
    ],
    ids=str,
)
def test_every_kind_has_words(kind: type, value: object, words: str) -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(kind).validate_python(value)
    (problem,) = raised.value.errors()
    assert expected(problem) == words


def test_the_bounds_of_a_field_are_named_where_no_number_was_given() -> None:
    with pytest.raises(ValidationError) as raised:
        TypeAdapter(int).validate_python("many")
    (problem,) = raised.value.errors()
    assert expected(problem, Field(ge=1, le=200).metadata) == "a whole number from 1 to 200"
    assert expected(problem, Field(gt=0, lt=9).metadata) == "a whole number above 0 below 9"
    assert expected(problem, Field(le=9).metadata) == "a whole number up to 9"
