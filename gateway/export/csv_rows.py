"""Bulk snapshots as CSV for spreadsheets: one row for each topic snapshot (RFC 4180, UTF-8)."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

import orjson

from gateway.export.json_lines import filter_value
from snapshots.audit import AuditedBulkSnapshot

COLUMNS = (
    "bulk_snapshot_id", "requested_at", "requested_by", "reason", "operation", "snapshot_type", "bulk_state",
    "retry_of", "source_snapshot_id", "origin", "cluster", "source_id", "source", "source_state", "code", "message",
    "signal_id", "signal_state", "signal_sent_at", "signal_destination",
    "topic_id", "topic", "data_collection", "filter", "surrogate_key",
    "state", "outcome", "engine_status", "rows_scanned", "started_at", "finished_at",
    "verification", "verdict", "verdict_reason", "expected_rows", "emitted_rows", "verified_at",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What spreadsheets take for the beginning of a formula, or pass over before one (OWASP: CSV Injection)."""


def header() -> bytes:
    """Return the line that names the columns."""
    return _lines([COLUMNS])


def csv_lines(audited: AuditedBulkSnapshot) -> bytes:
    """Return the lines of one bulk snapshot; none where every topic was skipped."""
    return _lines(_rows(audited))


def safe(value: object) -> str:
    """Return the cell for `value`: one that a spreadsheet would calculate is led by an apostrophe, and stays text."""
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case int():
            return str(value)
        case _:
            text = str(value)
            return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(audited: AuditedBulkSnapshot) -> Iterator[tuple[object, ...]]:
    bulk = audited.record
    asked = (bulk.id, bulk.requested_at, bulk.requested_by, bulk.reason, audited.operation, bulk.snapshot_type)
    for snapshot in bulk.snapshots:
        source = snapshot.source
        signals = {signal.id: signal for signal in snapshot.signals}
        taken = (snapshot.id, snapshot.origin, source.cluster.name, source.id, source.name, snapshot.state)
        for topic in snapshot.topics:
            signal = signals.get(topic.signal_id or "")
            sent = (signal.id, signal.state, signal.sent_at, signal.destination) if signal else (None,) * 4
            row_filter = filter_value(topic.filter)
            yield (
                *asked, bulk.state, bulk.retry_of, *taken, snapshot.code, snapshot.message, *sent,
                topic.topic.id, topic.topic.name, topic.data_collection,
                orjson.dumps(row_filter).decode() if row_filter else None, topic.surrogate_key,
                topic.state, topic.outcome, topic.engine_status, topic.rows_scanned,
                topic.started_at, topic.finished_at,
                topic.verification, topic.verdict, topic.verdict_reason,
                topic.expected_rows, topic.emitted_rows, topic.verified_at,
            )  # fmt: skip


def _lines(rows: Iterator[tuple[object, ...]] | list[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([safe(value) for value in row])
    return text.getvalue().encode()
