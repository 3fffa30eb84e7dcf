"""Debezium's notifications, as recorded from a real one, and everything else that may lie on the topic."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.engines.debezium.following.notifications import parse
from snapshots.following.notifications import Notification, NotificationKind

RECORD_TIME_MS = 1_700_000_000_000


def read(value: object) -> Notification | None:
    raw = value if isinstance(value, bytes) or value is None else json.dumps(value).encode()
    return parse(raw, cluster_id="c1", topic="notes", partition=0, offset=7, record_timestamp_ms=RECORD_TIME_MS)


def message(**changes: object) -> dict[str, Any]:
    value: dict[str, Any] = {
        "id": "k-1",
        "type": "TABLE_SCAN_COMPLETED",
        "aggregate_type": "Incremental Snapshot",
        "additional_data": {
            "scanned_collection": "public.customers",
            "connector_name": "shop",
            "total_rows_scanned": "5",
            "data_collections": "public.customers,public.orders",
            "status": "SUCCEEDED",
        },
        "timestamp": 1_795_431_332_469,
    }
    return {**value, **changes}


def with_details(**details: object) -> dict[str, Any]:
    return message(additional_data={**message()["additional_data"], **details})


def test_a_recorded_notification_is_read_whole() -> None:
    assert read(message()) == Notification(
        cluster_id="c1",
        topic="notes",
        partition=0,
        offset=7,
        record_timestamp_ms=RECORD_TIME_MS,
        prefix="shop",
        id="k-1",
        kind=NotificationKind.TABLE_SCAN_COMPLETED,
        incremental=True,
        at=datetime(2026, 11, 23, 10, 55, 32, 469_000, tzinfo=UTC),
        collections=("public.customers", "public.orders"),
        scanned_collection="public.customers",
        current_collection=None,
        status="SUCCEEDED",
        rows_scanned=5,
    )


def test_progress_names_the_collection_being_read() -> None:
    found = read(
        message(
            type="IN_PROGRESS",
            additional_data={
                "current_collection_in_progress": "public.customers",
                "connector_name": "shop",
                "maximum_key": "5",
                "last_processed_key": "3",
                "data_collections": "public.customers",
            },
        )
    )
    assert found is not None
    assert (found.kind, found.current_collection, found.rows_scanned) == (
        NotificationKind.IN_PROGRESS,
        "public.customers",
        None,
    )


def test_a_blocking_snapshot_reports_as_an_initial_one() -> None:
    found = read(message(aggregate_type="Initial Snapshot"))
    assert found is not None
    assert not found.incremental


def test_both_spellings_of_the_list_are_taken() -> None:
    found = read(message(additional_data={"connector_name": "shop", "data_collection": "public.a"}))
    assert found is not None
    assert found.collections == ("public.a",)


def test_escaped_names_become_plain() -> None:
    found = read(with_details(scanned_collection=r"public\.late", data_collections=r"public\.late,(?-i)public\.x\x2Cy"))
    assert found is not None
    assert found.scanned_collection == "public.late"
    assert found.names("public.late")
    assert found.names("public.x,y")


@pytest.mark.parametrize(
    ("details", "nothing"),
    [({"data_collections": ""}, True), ({"data_collections": "public.a"}, False), ({}, False)],
    ids=["empty", "named", "absent"],
)
def test_an_empty_list_says_that_nothing_is_read(details: dict[str, str], *, nothing: bool) -> None:
    found = read(message(type="STARTED", additional_data={"connector_name": "shop", **details}))
    assert found is not None
    assert found.reads_nothing is nothing


@pytest.mark.parametrize("timestamp", [1_795_431_332_469, "1795431332469"], ids=["number", "text"])
def test_the_time_may_be_a_number_or_a_text(timestamp: object) -> None:
    found = read(message(timestamp=timestamp))
    assert found is not None
    assert found.at == datetime(2026, 11, 23, 10, 55, 32, 469_000, tzinfo=UTC)


@pytest.mark.parametrize("timestamp", [None, "soon", -1, 10**30, True, 1.5, [], "9" * 5000])
def test_without_a_usable_time_the_record_s_time_stands(timestamp: object) -> None:
    found = read(message(timestamp=timestamp))
    assert found is not None
    assert found.at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [("17", 17), (5, 5), ("", None), ("-1", None), ("\N{ARABIC-INDIC DIGIT FIVE}", None), (10**40, None), (True, None)],
)
def test_rows_are_taken_where_the_ledger_can_hold_them(rows: object, expected: int | None) -> None:
    found = read(with_details(total_rows_scanned=rows))
    assert found is not None
    assert found.rows_scanned == expected


def test_connect_s_envelope_is_opened() -> None:
    assert read({"schema": {"type": "struct"}, "payload": message()}) == read(message())


def test_a_kind_of_a_newer_engine_is_other() -> None:
    found = read(message(type="TABLE_CHUNK_IN_PROGRESS"))
    assert found is not None
    assert found.kind is NotificationKind.OTHER


def test_text_that_postgresql_cannot_store_is_mended() -> None:
    found = read(with_details(status="BAD\x00STATUS" + "x" * 5000))
    assert found is not None
    assert found.status is not None
    assert found.status.startswith("BADSTATUS")
    assert len(found.status) == 1000


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="tombstone"),
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="malformed"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="deeply nested"),
        pytest.param(b'{"id":"\\ud800"}', id="unpaired surrogate"),
        pytest.param([], id="array"),
        pytest.param({}, id="no fields"),
        pytest.param(message(aggregate_type="Capturing"), id="of something else"),
        pytest.param(message(aggregate_type={"x": 1}), id="type of wrong shape"),
        pytest.param(message(additional_data=None), id="without details"),
        pytest.param(message(additional_data={"connector_name": 5}), id="connector of wrong shape"),
    ],
)
def test_what_is_no_notification_of_a_snapshot_is_none(value: object) -> None:
    assert read(value) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


FIELDS = ["connector_name", "data_collections", "data_collection", "scanned_collection", "status", "total_rows_scanned"]


@given(st.binary())
def test_no_bytes_make_it_raise(value: bytes) -> None:
    read(value)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "id": json_values,
            "type": json_values,
            "timestamp": json_values,
            "aggregate_type": st.sampled_from(["Incremental Snapshot", "Initial Snapshot"]) | json_values,
            "additional_data": st.dictionaries(st.sampled_from(FIELDS), json_values) | json_values,
        },
    ),
    st.integers(),
)
def test_no_shape_makes_it_raise(value: object, record_timestamp_ms: int) -> None:
    raw = json.dumps(value).encode()
    parse(raw, cluster_id="c", topic="t", partition=0, offset=0, record_timestamp_ms=record_timestamp_ms)
