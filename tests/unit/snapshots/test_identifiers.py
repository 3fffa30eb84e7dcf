"""Identifiers: what they look like, that they fit where they must, and that they sort by the time they were made."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots import identifiers
from snapshots.identifiers import MAX_ID_LENGTH, IdMaker, time_of

PREFIXES = [
    identifiers.BULK_SNAPSHOT,
    identifiers.SOURCE_SNAPSHOT,
    identifiers.SIGNAL,
    identifiers.TOPIC,
    identifiers.SOURCE_CONNECTOR,
    identifiers.CLUSTER,
    identifiers.TOPIC_SNAPSHOT,
]
SIGNAL_TABLE_ID_LENGTH = 42  # `id VARCHAR(42)` in Debezium's documented signal table

moments = st.datetimes(datetime(1970, 1, 1), datetime(2999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
bits = st.integers(0, 2**80 - 1)


@given(st.sampled_from(PREFIXES), moments, bits)
def test_an_id_is_a_prefix_and_26_characters_and_fits_a_signal_table(prefix: str, now: datetime, random: int) -> None:
    made = IdMaker(lambda: now, lambda _: random)(prefix)

    assert re.fullmatch(rf"{prefix}_[0-9a-hjkmnp-tv-z]{{26}}", made)
    assert len(made) <= min(SIGNAL_TABLE_ID_LENGTH, MAX_ID_LENGTH)


@given(moments, moments, bits, bits)
def test_ids_sort_by_the_millisecond_in_which_they_were_made(
    one: datetime, other: datetime, random: int, other_random: int
) -> None:
    first = IdMaker(lambda: one, lambda _: random)("snap")
    second = IdMaker(lambda: other, lambda _: other_random)("snap")

    if one + timedelta(milliseconds=1) <= other:
        assert first <= second
    if one + timedelta(milliseconds=2) <= other:
        assert first < second


@given(moments, bits, bits)
def test_ids_of_one_millisecond_differ_by_all_their_random_bits(now: datetime, random: int, other: int) -> None:
    numbers = iter([random, other])
    maker = IdMaker(lambda: now, lambda _: next(numbers))

    assert (maker("sig") == maker("sig")) is (random == other)


def test_an_id_of_a_known_moment() -> None:
    maker = IdMaker(lambda: datetime(2026, 1, 1, tzinfo=UTC), lambda count: 2**count - 1)

    assert maker("bulk") == "bulk_01kdvdna00zzzzzzzzzzzzzzzz"


@given(st.sampled_from(PREFIXES), moments, bits)
def test_an_id_tells_when_it_was_made(prefix: str, now: datetime, random: int) -> None:
    told = time_of(IdMaker(lambda: now, lambda _: random)(prefix))

    assert told is not None
    assert abs(told - now) <= timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "imported",
    [
        "",
        "_",
        "orders",
        "src_orders",
        "sig_01kdvdna00zzzzzzzzzzzzzzz",
        "sig_01KDVDNA00ZZZZZZZZZZZZZZZZ",
        f"sig_{'z' * 26}",
    ],
    ids=["empty", "no letters", "a word", "a prefix", "too short", "capitals", "beyond all calendars"],
)
def test_an_id_that_was_imported_tells_no_time(imported: str) -> None:
    assert time_of(imported) is None


@given(st.text())
def test_no_text_is_too_odd_to_be_asked_for_its_time(text: str) -> None:
    assert time_of(text) is None or "_" in text or len(text) == 26


def test_prefixes_tell_kinds_apart() -> None:
    assert len(set(PREFIXES)) == len(PREFIXES)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_ids_made_by_the_real_clock_and_real_randomness_are_distinct(prefix: str) -> None:
    maker = IdMaker()

    assert len({maker(prefix) for _ in range(1000)}) == 1000
