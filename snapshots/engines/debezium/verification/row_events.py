"""What a record of a table's topic says of its row.

Understood are Debezium's JSON envelopes (`op`, `source`, `ts_ms`), with or without the schema beside the payload
(`schemas.enable`). A flattened record (ExtractNewRecordState) does not tell a snapshot's row from a change, and Avro
or Protobuf cannot be read without a registry: both are UnreadableError.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from snapshots.errors import UnreadableError
from snapshots.ports.topic_reader import EventKind, KeyShape, TopicEvent

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


@dataclass(frozen=True, slots=True)
class RowEvent:
    """What a record says of a row."""

    event: TopicEvent
    shape: KeyShape | None
    """How the record's key looks; None where it has none."""
    writer: str | None
    """The topic prefix of the connector that wrote it (`source.name`); None where it does not say."""


def read_event(key: bytes | None, value: bytes | None, collection: str, prefix: str | None = None) -> RowEvent | None:
    """Return the event of a record; None for what says nothing of a row of `collection`.

    That is a tombstone, a message, a row of another table, or of a table of this name that another connector than that
    with the topic prefix `prefix` captures: several can be routed to one topic. Raises UnreadableError.
    """
    envelope = None if value is None else _envelope(value)
    if envelope is None:
        return None
    kind = _KINDS.get(envelope["op"])
    if kind is None:
        return None
    source = envelope.get("source")
    if not isinstance(source, dict):
        raise UnreadableError("the topic's events do not say of which table they are (they have no `source`)")
    writer = source.get("name") if isinstance(source.get("name"), str) else None
    if not _is_of(source, collection) or (prefix is not None and writer is not None and writer != prefix):
        return None
    at_ms = envelope.get("ts_ms")
    hashed, shape = _key(key)
    return RowEvent(TopicEvent(kind, hashed, at_ms if isinstance(at_ms, int) else None), shape, writer)


def hash_key(values: Sequence[Any]) -> bytes:
    """Return 16 bytes for the values of a key's fields, in the order of the fields' names."""
    return hashlib.blake2b(orjson.dumps(list(values)), digest_size=16).digest()


def _envelope(value: bytes) -> Mapping[str, Any] | None:
    document = _parsed(value)
    if _is_wrapped(document):
        document = document["payload"]
        if document is None:
            return None  # a tombstone beside its schema
    if not isinstance(document, dict):
        raise UnreadableError("the topic's values are no JSON objects (Avro or Protobuf take a schema registry)")
    if not isinstance(document.get("op"), str):
        raise UnreadableError(
            "the topic's values are no change events of Debezium with `op` (they may be flattened by "
            "ExtractNewRecordState): a snapshot's row cannot be told from a change"
        )
    return document


def _parsed(data: bytes) -> Any:  # noqa: ANN401 (JSON)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _is_wrapped(document: object) -> bool:
    """Whether it is a payload beside its schema, and no row of columns that are called so."""
    return (
        isinstance(document, dict) and document.keys() == _SCHEMA_FIELDS and isinstance(document["schema"], dict | None)
    )


def _is_of(source: Mapping[str, Any], collection: str) -> bool:
    """Whether the event is of `collection`; several tables can share a topic (ByLogicalTableRouter)."""
    table = source.get("table") or source.get("collection")
    if not table:
        raise UnreadableError("the topic's events do not say of which table they are (`source` has no `table`)")
    parts = [part for part in (source.get("db"), source.get("schema"), table) if part]
    names = {".".join(parts[start:]) for start in range(len(parts))}
    return collection in names


def _key(key: bytes | None) -> tuple[bytes | None, KeyShape | None]:
    if not key:
        return None, None
    document = _parsed(key)
    if document is None and key != b"null":
        return _raw_key(key)
    if _is_wrapped(document):
        document = document["payload"]
    if document is None:
        return None, None
    if not isinstance(document, dict) or not document:
        return _raw_key(key)
    fields = tuple(sorted(document))
    values = [document[field] for field in fields]
    return hash_key(values), KeyShape(fields, tuple(type(value).__name__ for value in values))


def _raw_key(key: bytes) -> tuple[bytes, KeyShape]:
    return hashlib.blake2b(key, digest_size=16).digest(), _RAW
