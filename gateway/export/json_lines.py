"""Bulk snapshots as JSON Lines: one line each, with all that the ledger knows; docs/guides/audit.md is the schema."""

from typing import Any

import orjson

from snapshots.audit import AuditedBulkSnapshot
from snapshots.filters import RowFilter
from snapshots.records import SignalRecord, SourceSnapshotRecord, TopicSnapshotRecord


def json_line(audited: AuditedBulkSnapshot) -> bytes:
    """Return the line of one bulk snapshot, with its line break; moments are ISO 8601 in UTC."""
    record = audited.record
    return orjson.dumps(
        {
            "id": record.id,
            "operation": audited.operation,
            "snapshot_type": record.snapshot_type,
            "state": record.state,
            "requested_by": record.requested_by,
            "requested_at": record.requested_at,
            "reason": record.reason,
            "idempotency_key": record.idempotency_key,
            "retry_of": record.retry_of,
            "source_snapshots": [_source_snapshot(snapshot) for snapshot in record.snapshots],
            "skipped_topics": [
                {
                    "topic_id": skip.topic_id,
                    "name": skip.topic.name if skip.topic else None,
                    "reason": skip.reason,
                    "message": skip.message,
                }
                for skip in record.skips
            ],
            "events": [
                {
                    "at": event.at,
                    "subject_kind": event.subject_kind,
                    "subject_id": event.subject_id,
                    "source_snapshot_id": event.source_snapshot_id,
                    "from_state": event.from_state,
                    "to_state": event.to_state,
                    "cause": event.cause,
                    "detail": event.detail,
                }
                for event in audited.events
            ],
        },
        option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z,
    )


def filter_value(row_filter: RowFilter | None) -> dict[str, Any] | None:
    """Return a row filter as JSON values, None for none."""
    if row_filter is None:
        return None
    return {
        "all": [
            {"column": condition.column, "operator": condition.operator.value, "values": list(condition.values)}
            for condition in row_filter.all
        ]
    }


def _source_snapshot(snapshot: SourceSnapshotRecord) -> dict[str, object]:
    source = snapshot.source
    return {
        "id": snapshot.id,
        "source": {"id": source.id, "name": source.name, "cluster": source.cluster.name},
        "origin": snapshot.origin,
        "followed": snapshot.followed,
        "state": snapshot.state,
        "code": snapshot.code,
        "message": snapshot.message,
        "answer": snapshot.answer,
        "requested_at": snapshot.requested_at,
        "dispatched_at": snapshot.dispatched_at,
        "started_at": snapshot.started_at,
        "finished_at": snapshot.finished_at,
        "signals": [_signal(signal) for signal in snapshot.signals],
        "topics": [_topic(topic) for topic in snapshot.topics],
    }


def _signal(signal: SignalRecord) -> dict[str, object]:
    return {
        "id": signal.id,
        "channel": signal.channel,
        "state": signal.state,
        "data": signal.data,
        "destination": signal.destination,
        "sent_at": signal.sent_at,
        "ended_at": signal.ended_at,
    }


def _topic(topic: TopicSnapshotRecord) -> dict[str, object]:
    return {
        "id": topic.id,
        "topic": {"id": topic.topic.id, "name": topic.topic.name, "cluster": topic.topic.cluster_name},
        "signal_id": topic.signal_id,
        "data_collection": topic.data_collection,
        "filter": filter_value(topic.filter),
        "surrogate_key": topic.surrogate_key,
        "state": topic.state,
        "outcome": topic.outcome,
        "engine_status": topic.engine_status,
        "rows_scanned": topic.rows_scanned,
        "started_at": topic.started_at,
        "finished_at": topic.finished_at,
        "verification": topic.verification,
        "verdict": topic.verdict,
        "verdict_reason": topic.verdict_reason,
        "expected_rows": topic.expected_rows,
        "emitted_rows": topic.emitted_rows,
        "verified_at": topic.verified_at,
    }
