"""How scalars travel."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from schema.scalars import BIG_INT, DATE_TIME


@given(st.integers())
def test_a_big_integer_keeps_every_digit(number: int) -> None:
    assert BIG_INT.serialize is not None
    assert BIG_INT.parse_value is not None
    assert BIG_INT.parse_value(BIG_INT.serialize(number)) == number
    assert isinstance(BIG_INT.serialize(number), str)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back_as_it_was(moment: datetime) -> None:
    assert DATE_TIME.serialize is not None
    assert DATE_TIME.parse_value is not None
    text = DATE_TIME.serialize(moment)
    assert text.endswith("Z")
    assert DATE_TIME.parse_value(text) == moment


def test_a_moment_is_shown_in_utc() -> None:
    assert DATE_TIME.serialize is not None
    moment = datetime(2026, 5, 17, 12, tzinfo=timezone(timedelta(hours=2)))
    assert DATE_TIME.serialize(moment) == "2026-05-17T10:00:00Z"


@pytest.mark.parametrize("text", ["", "now", "2026-05-17", "2026-05-17T12:00:00", "0001-01-01T00:00:00+14:00", 5, None])
def test_what_is_no_moment_is_refused(text: object) -> None:
    assert DATE_TIME.parse_value is not None
    with pytest.raises(GraphQLError, match="DateTime"):
        DATE_TIME.parse_value(text)


@pytest.mark.parametrize("text", ["", "x", "1.5", None])
def test_what_is_no_integer_is_refused(text: object) -> None:
    assert BIG_INT.parse_value is not None
    with pytest.raises(GraphQLError, match="BigInt"):
        BIG_INT.parse_value(text)
