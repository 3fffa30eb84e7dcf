"""Words are published whole or not at all."""

from enum import StrEnum

import pytest

from schema.enums import publish


def test_an_enum_with_a_value_that_nobody_described_is_not_published() -> None:
    class Colour(StrEnum):
        RED = "RED"
        BLUE = "BLUE"

    with pytest.raises(TypeError, match="Colour"):
        publish(Colour, "A colour.", {"RED": "Like blood."})
