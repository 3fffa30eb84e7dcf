"""Values of options: how they are read, and what is said of wrong ones."""

from datetime import UTC, datetime

import pytest
import typer

from gateway.cli.parsers import moment, one_of, whole_number
from snapshots.vocabulary import SnapshotType


def test_a_moment_is_in_utc_unless_it_says_otherwise() -> None:
    assert moment("2026-05-17") == datetime(2026, 5, 17, tzinfo=UTC)
    assert moment("2026-05-17T09:30:00+02:00") == datetime(2026, 5, 17, 7, 30, tzinfo=UTC)
    with pytest.raises(typer.BadParameter, match="yesterday is no moment; write 2026-05-17"):
        moment("yesterday")


def test_a_number_is_within_its_bounds() -> None:
    port = whole_number(0, 65535)
    assert (port("0"), port("65535")) == (0, 65535)
    for wrong in ("abc", "1.5", "-1", "65536", ""):
        with pytest.raises(typer.BadParameter, match=f"{wrong} is no whole number from 0 to 65,535."):
            port(wrong)


def test_a_choice_is_read_in_any_case() -> None:
    assert one_of(SnapshotType)("blocking") is SnapshotType.BLOCKING
    assert one_of(SnapshotType)(SnapshotType.INCREMENTAL) is SnapshotType.INCREMENTAL
    with pytest.raises(typer.BadParameter, match=r"sideways is none of INCREMENTAL, BLOCKING\."):
        one_of(SnapshotType)("sideways")
