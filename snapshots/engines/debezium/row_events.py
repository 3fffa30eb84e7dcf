"""What a record of a table's topic says of its row.

Understood are Debezium's JSON envelopes (`op`, `source`, `ts_ms`), with or without the schema beside the payload
(`schemas.enable`). A flattened record (ExtractNewRecordState) does not tell a snapshot's row from a change, and Avro
or Protobuf cannot be read without a registry: both are UnreadableError.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from snapshots.arrivals import EventKind, TopicEvent
from snapshots.verification_ports import KeyShape, UnreadableError

_KINDS = {
    "r": EventKind.READ,
    "c": EventKind.WRITTEN,
    "u": EventKind.WRITTEN,
    "d": EventKind.DELETED,
    "t": EventKind.TRUNCATED,
}
_SCHEMA_FIELDS = {"schema", "payload"}
_RAW = KeyShape((), ())
"""The shape of a key that is no JSON object."""


def read_event(key: bytes | None, value: bytes | None, collection: str) -> tuple[TopicEvent, KeyShape | None] | None:
    """Return the event of a record, with the shape of its key where it has one.

    None for what says nothing of a row of `collection`: a tombstone, a message, a row of another table.
    Raises UnreadableError.
    """
    if value is None:
        return None
    envelope = _envelope(value)
    kind = _KINDS.get(envelope["op"])
    if kind is None or not _is_of(envelope.get("source"), collection):
        return None
    at_ms = envelope.get("ts_ms")
    hashed, shape = _key(key)
    return TopicEvent(kind, hashed, at_ms if isinstance(at_ms, int) else None), shape


def hash_key(values: Sequence[Any]) -> bytes:
    """Return 16 bytes for the values of a key's fields, in the order of the fields' names."""
    return hashlib.blake2b(orjson.dumps(list(values)), digest_size=16).digest()


def _envelope(value: bytes) -> Mapping[str, Any]:
    document = _unwrapped(value)
    if not isinstance(document, dict):
        raise UnreadableError("the topic's values are no JSON objects (Avro or Protobuf take a schema registry)")
    if not isinstance(document.get("op"), str):
        raise UnreadableError(
            "the topic's values are no change events of Debezium with `op` (they may be flattened by "
            "ExtractNewRecordState): a snapshot's row cannot be told from a change"
        )
    return document


def _unwrapped(data: bytes) -> object:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if isinstance(document, dict) and document.keys() == _SCHEMA_FIELDS:
        return document["payload"]
    return document


def _is_of(source: object, collection: str) -> bool:
    """Whether the event is of `collection`; several tables can share a topic (ByLogicalTableRouter)."""
    if not isinstance(source, dict) or not source.get("table"):
        return True
    parts = [part for part in (source.get("db"), source.get("schema"), source["table"]) if part]
    names = {".".join(parts[start:]) for start in range(len(parts))}
    return collection in names


def _key(key: bytes | None) -> tuple[bytes | None, KeyShape | None]:
    try:
        document = orjson.loads(key) if key else None
    except orjson.JSONDecodeError:
        return _raw_key(key or b"")
    if isinstance(document, dict) and document.keys() == _SCHEMA_FIELDS:
        document = document["payload"]
    if document is None:
        return None, None
    if not isinstance(document, dict) or not document:
        return _raw_key(key or b"")
    fields = tuple(sorted(document))
    values = [document[field] for field in fields]
    return hash_key(values), KeyShape(fields, tuple(type(value).__name__ for value in values))


def _raw_key(key: bytes) -> tuple[bytes, KeyShape]:
    return hashlib.blake2b(key, digest_size=16).digest(), _RAW
