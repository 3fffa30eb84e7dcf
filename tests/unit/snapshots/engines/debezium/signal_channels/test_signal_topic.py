"""When a signal that was not read is proved to be absent."""

from datetime import UTC, datetime, timedelta

import pytest

from snapshots.engines.debezium.signal_channels.signal_topic import ReadingAccount
from snapshots.identifiers import IdMaker

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SIGNAL = IdMaker(lambda: NOON)("sig")


def at(**before: float) -> int:
    return int((NOON - timedelta(**before)).timestamp() * 1000)


def has_gap(*records: tuple[int, int], signal_id: str = SIGNAL) -> bool:
    reading = ReadingAccount(signal_id)
    for offset, timestamp_ms in records:
        reading.add(offset, timestamp_ms)
    return reading.has_gap


def test_a_whole_topic_has_no_gap() -> None:
    assert not has_gap((0, at()), (1, at()), (2, at()))
    assert not has_gap((0, -1), signal_id="imported")


def test_what_was_deleted_before_an_older_record_is_older_still() -> None:
    assert not has_gap((5, at(hours=1)), (6, at()))


@pytest.mark.parametrize(
    "first",
    [
        pytest.param((5, at(seconds=0)), id="as old as the signal"),
        pytest.param((5, at(seconds=30)), id="older by less than clocks may differ"),
        pytest.param((5, -1), id="without a time"),
        pytest.param((5, at(hours=-1)), id="newer"),
    ],
)
def test_what_was_deleted_before_any_other_record_may_be_the_signal(first: tuple[int, int]) -> None:
    assert has_gap(first, (6, at()))


def test_a_signal_without_a_time_may_have_been_deleted() -> None:
    assert has_gap((5, at(hours=1)), signal_id="imported")


def test_a_missing_record_may_be_the_signal() -> None:
    assert has_gap((0, at()), (2, at()), (3, at()))
