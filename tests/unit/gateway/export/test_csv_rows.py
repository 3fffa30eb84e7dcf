"""Cells for spreadsheets: what would be calculated stays text."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.export.csv_rows import safe


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("a=1", "a=1"),
        ("", ""),
        (None, ""),
        (-5, "-5"),
        (datetime(2026, 5, 17, 9, 30, tzinfo=UTC), "2026-05-17T09:30:00Z"),
    ],
)
def test_what_a_spreadsheet_would_calculate_is_led_by_an_apostrophe(value: object, cell: str) -> None:
    assert safe(value) == cell


@given(st.text())
def test_no_text_begins_as_a_formula_does(value: str) -> None:
    assert not safe(value).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert safe(value).removeprefix("'") == value.removeprefix("'")
