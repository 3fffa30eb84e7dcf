"""Reads Debezium's notifications (docs: Receiving Debezium notifications): tolerant of anything, because records stay.

A record that made the reader fail would stop the following of every snapshot behind it, so nothing here raises.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from snapshots.following.notifications import Notification, NotificationKind
from snapshots.signalling.names import plain_name

_INCREMENTAL = {"Incremental Snapshot": True, "Initial Snapshot": False}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_MS = 4_102_444_800_000  # the year 2100: what lies beyond is no time in milliseconds
_MAX_ROWS = 2**63 - 1  # the ledger's bigint
_MAX_TEXT = 1000
_MAX_COLLECTIONS = 1_000_000


def parse(
    value: bytes | None, *, cluster_id: str, topic: str, partition: int, offset: int, record_timestamp_ms: int
) -> Notification | None:
    """Return the notification in the record's `value`, or None where it is not one of a snapshot. Never raises.

    Takes a schemaless JSON value or one in Kafka Connect's envelope of `schema` and `payload`, `data_collection` and
    `data_collections`, numbers as numbers or texts.
    """
    document = _document(value)
    incremental = _INCREMENTAL.get(_text(document.get("aggregate_type")) or "")
    details = _object(document.get("additional_data"))
    prefix = _text(details.get("connector_name"))
    if incremental is None or prefix is None:
        return None
    collections = _text(details.get("data_collections"), _MAX_COLLECTIONS)
    collections = collections or _text(details.get("data_collection"), _MAX_COLLECTIONS)
    return Notification(
        cluster_id=cluster_id,
        topic=topic,
        partition=partition,
        offset=offset,
        record_timestamp_ms=record_timestamp_ms,
        prefix=prefix,
        id=_text(document.get("id")) or "",
        kind=_kind(document.get("type")),
        incremental=incremental,
        at=_time(document.get("timestamp"), record_timestamp_ms),
        collections=tuple(plain_name(name) for name in collections.split(",")) if collections else (),
        scanned_collection=_name(details.get("scanned_collection")),
        current_collection=_name(details.get("current_collection_in_progress")),
        status=_text(details.get("status")),
        rows_scanned=_number(details.get("total_rows_scanned"), _MAX_ROWS),
        reads_nothing=details.get("data_collections") == "",
    )


def _document(value: bytes | None) -> dict[str, Any]:
    try:
        document = _object(orjson.loads(value)) if value else {}
    except orjson.JSONDecodeError:
        return {}
    return _object(document["payload"]) if "payload" in document and "schema" in document else document


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _kind(value: object) -> NotificationKind:
    try:
        return NotificationKind(_text(value) or "")
    except ValueError:
        return NotificationKind.OTHER


def _text(value: object, limit: int = _MAX_TEXT) -> str | None:
    """Return `value` as PostgreSQL can store it (orjson lets no unpaired surrogate pass), None for what is no text."""
    if not isinstance(value, str):
        return None
    return value.replace("\x00", "")[:limit] or None


def _name(value: object) -> str | None:
    text = _text(value)
    return plain_name(text) if text else None


def _number(value: object, largest: int) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= len(str(largest)):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= largest:
        return value
    return None


def _time(value: object, otherwise_ms: int) -> datetime:
    milliseconds = _number(value, _LATEST_MS)
    if milliseconds is None:
        milliseconds = _number(otherwise_ms, _LATEST_MS) or 0
    return _EPOCH + timedelta(milliseconds=milliseconds)
