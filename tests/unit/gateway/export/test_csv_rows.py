"""Rows for spreadsheets: each as wide as the header, and what would be calculated stays text."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.export.csv_rows import csv_lines, header, safe
from snapshots.audit import AuditedBulkSnapshot
from snapshots.records import BulkSnapshotRecord, TopicSnapshotRecord
from snapshots.states import SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotType
from tests.support.factories import make_filter, make_topic
from tests.support.ward import NOW, record, signal


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


def topic(id: str, signal_id: str | None) -> TopicSnapshotRecord:
    return TopicSnapshotRecord(
        id, "snap_1", signal_id, make_topic(), "public.t", make_filter(), "key", TopicSnapshotState.COMPLETED,
        5, None, "SUCCEEDED", NOW, None, expected_rows=7, verified_at=NOW,
    )  # fmt: skip


def test_a_row_has_a_cell_for_each_column_in_its_order() -> None:
    snapshot = record(SnapshotState.COMPLETED, signal(), topics=(topic("ts_1", "sig_1"), topic("ts_2", None)))
    bulk = BulkSnapshotRecord(
        "bulk_1", "default", SnapshotType.INCREMENTAL, "ada", NOW, None, None, b"",
        answered=True, snapshots=(snapshot,), skips=(),
    )  # fmt: skip
    text = (header() + csv_lines(AuditedBulkSnapshot(bulk, "bulkSnapshotTopics", ()))).decode()
    columns, sent, unsent = csv.reader(io.StringIO(text, newline=""))
    assert len(columns) == len(set(columns)) == len(sent) == len(unsent) == 37
    assert (columns[0], columns[-1]) == ("bulk_snapshot_id", "verified_at")
    row = dict(zip(columns, sent, strict=True))
    assert (row["bulk_snapshot_id"], row["operation"], row["signal_id"]) == ("bulk_1", "bulkSnapshotTopics", "sig_1")
    assert (row["surrogate_key"], row["engine_status"], row["expected_rows"]) == ("key", "SUCCEEDED", "7")
    assert row["filter"].startswith("{")
    assert [at for at, cells in enumerate(zip(sent, unsent, strict=True)) if cells[0] != cells[1]] == [
        columns.index(name) for name in ("signal_id", "signal_state", "signal_sent_at", "signal_destination")
    ]
