"""Records of a table's topic, as Debezium writes them and as others do."""

import json
from typing import Any

import pytest

from snapshots.engines.debezium.verification.row_events import hash_key, read_event
from snapshots.errors import UnreadableError
from snapshots.ports.topic_reader import EventKind, KeyShape

COLLECTION = "public.orders"


def envelope(op: str = "r", **more: object) -> dict[str, Any]:
    source = {"db": "shop", "schema": "public", "table": "orders"}
    return {"before": None, "after": {"id": 1}, "source": source, "op": op, "ts_ms": 1795450223306, **more}


def dump(document: object) -> bytes:
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("op", "kind"),
    [("r", EventKind.READ), ("c", EventKind.WRITTEN), ("u", EventKind.WRITTEN), ("d", EventKind.DELETED)],
)
@pytest.mark.parametrize("with_schema", [False, True])
def test_an_envelope_is_read_with_and_without_its_schema(op: str, kind: EventKind, *, with_schema: bool) -> None:
    def wrapped(document: object) -> bytes:
        return dump({"schema": {"type": "struct"}, "payload": document} if with_schema else document)

    found = read_event(wrapped({"id": 1, "hub": "x"}), wrapped(envelope(op)), COLLECTION)

    assert found
    assert (found.event.kind, found.event.at_ms) == (kind, 1795450223306)
    assert found.event.key == hash_key(["x", 1])
    assert found.shape == KeyShape(("hub", "id"), ("str", "int"))


@pytest.mark.parametrize("key", [None, b"", b"null", dump({"schema": None, "payload": None})])
def test_a_record_without_a_key_is_one(key: bytes | None) -> None:
    found = read_event(key, dump(envelope()), COLLECTION)

    assert found
    assert (found.event.key, found.shape) == (None, None)


def test_a_key_that_is_no_json_object_is_still_told_from_others() -> None:
    first, second = (read_event(key, dump(envelope()), COLLECTION) for key in (b"Struct{id=1}", b"Struct{id=2}"))

    assert first
    assert second
    assert first.event.key != second.event.key
    assert first.shape == KeyShape((), ())


@pytest.mark.parametrize(
    "value",
    [
        None,
        dump({"schema": {"type": "struct"}, "payload": None}),
        dump(envelope("m")),
        dump(envelope(source={"db": "shop", "schema": "public", "table": "Orders"})),
        dump(envelope(source={"db": "shop", "schema": "private", "table": "orders"})),
    ],
)
def test_what_says_nothing_of_the_table_is_passed_over(value: bytes | None) -> None:
    assert read_event(b'{"id":1}', value, COLLECTION) is None


@pytest.mark.parametrize("collection", ["orders", "public.orders", "shop.public.orders"])
def test_a_table_is_known_by_all_its_names(collection: str) -> None:
    assert read_event(b'{"id":1}', dump(envelope()), collection)


def test_a_table_of_the_same_name_behind_another_connector_is_another() -> None:
    source = {"db": "shop", "schema": "public", "table": "orders", "name": "north"}

    assert read_event(b'{"id":1}', dump(envelope(source=source)), COLLECTION, "south") is None
    for prefix in ("north", None):
        found = read_event(b'{"id":1}', dump(envelope(source=source)), COLLECTION, prefix)
        assert found
        assert found.writer == "north"


def test_a_key_of_columns_that_are_called_like_the_parts_of_a_schema_is_no_schema() -> None:
    found = read_event(dump({"schema": "s", "payload": "p"}), dump(envelope()), COLLECTION)

    assert found
    assert found.shape == KeyShape(("payload", "schema"), ("str", "str"))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (dump({"id": 1, "note": "flattened"}), "flattened"),
        (dump([1]), "no JSON objects"),
        (b"\x00\x00\x00\x00\x07\x02", "Avro"),
        (b"", "no JSON objects"),
        (b'{"op": "r"', "no JSON objects"),
        (dump({"op": 7, "source": {"table": "orders"}}), "no change events"),
        (dump({"op": "r", "after": {"id": 1}}), "of which table"),
        (dump(envelope(source={"db": "shop"})), "of which table"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_reason(value: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        read_event(b'{"id":1}', value, COLLECTION)
