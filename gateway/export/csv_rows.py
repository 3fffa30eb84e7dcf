"""Bulk snapshots as CSV for spreadsheets: one row for each topic snapshot (RFC 4180, UTF-8)."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from gateway.export.json_lines import filter_value
from snapshots.audit import AuditedBulkSnapshot
from snapshots.records import BulkSnapshotRecord, SignalRecord, SourceSnapshotRecord, TopicSnapshotRecord

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What spreadsheets take for the beginning of a formula, or pass over before one (OWASP: CSV Injection)."""


@dataclass(frozen=True, slots=True)
class _Line:
    """What a line is about: one topic snapshot, what it belongs to, and the signal that asked for it."""

    audited: AuditedBulkSnapshot
    snapshot: SourceSnapshotRecord
    topic: TopicSnapshotRecord
    signal: SignalRecord | None

    @property
    def bulk(self) -> BulkSnapshotRecord:
        return self.audited.record


_CELLS: Mapping[str, Callable[[_Line], object]] = {
    "bulk_snapshot_id": lambda line: line.bulk.id,
    "requested_at": lambda line: line.bulk.requested_at,
    "requested_by": lambda line: line.bulk.requested_by,
    "reason": lambda line: line.bulk.reason,
    "operation": lambda line: line.audited.operation,
    "snapshot_type": lambda line: line.bulk.snapshot_type,
    "bulk_state": lambda line: line.bulk.state,
    "retry_of": lambda line: line.bulk.retry_of,
    "source_snapshot_id": lambda line: line.snapshot.id,
    "origin": lambda line: line.snapshot.origin,
    "cluster": lambda line: line.snapshot.source.cluster.name,
    "source_id": lambda line: line.snapshot.source.id,
    "source": lambda line: line.snapshot.source.name,
    "source_state": lambda line: line.snapshot.state,
    "code": lambda line: line.snapshot.code,
    "message": lambda line: line.snapshot.message,
    "signal_id": lambda line: line.signal and line.signal.id,
    "signal_state": lambda line: line.signal and line.signal.state,
    "signal_sent_at": lambda line: line.signal and line.signal.sent_at,
    "signal_destination": lambda line: line.signal and line.signal.destination,
    "topic_id": lambda line: line.topic.topic.id,
    "topic": lambda line: line.topic.topic.name,
    "data_collection": lambda line: line.topic.data_collection,
    "filter": lambda line: _json(filter_value(line.topic.filter)),
    "surrogate_key": lambda line: line.topic.surrogate_key,
    "state": lambda line: line.topic.state,
    "outcome": lambda line: line.topic.outcome,
    "engine_status": lambda line: line.topic.engine_status,
    "rows_scanned": lambda line: line.topic.rows_scanned,
    "started_at": lambda line: line.topic.started_at,
    "finished_at": lambda line: line.topic.finished_at,
    "verification": lambda line: line.topic.verification,
    "verdict": lambda line: line.topic.verdict,
    "verdict_reason": lambda line: line.topic.verdict_reason,
    "expected_rows": lambda line: line.topic.expected_rows,
    "emitted_rows": lambda line: line.topic.emitted_rows,
    "verified_at": lambda line: line.topic.verified_at,
}
"""How each column is read, in the order of the columns."""
COLUMNS = tuple(_CELLS)


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


def _rows(audited: AuditedBulkSnapshot) -> Iterator[list[object]]:
    for snapshot in audited.record.snapshots:
        signals = {signal.id: signal for signal in snapshot.signals}
        for topic in snapshot.topics:
            line = _Line(audited, snapshot, topic, signals.get(topic.signal_id or ""))
            yield [read(line) for read in _CELLS.values()]


def _json(value: Mapping[str, object] | None) -> str | None:
    return orjson.dumps(value).decode() if value else None


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([safe(value) for value in row])
    return text.getvalue().encode()
