"""Bulk snapshots as JSON Lines: one line each, with all that the ledger knows; docs/guides/audit.md is the schema.

The names, the enum values and the shapes are GraphQL's: a line is a `BulkSnapshot`, with what GraphQL does not show
beside it (`EXTRAS`).
"""

from collections.abc import Mapping
from typing import Any

import orjson

from snapshots.audit import AuditedBulkSnapshot, LedgerEvent
from snapshots.filters import RowFilter
from snapshots.model import Topic
from snapshots.plan import Skip
from snapshots.records import AnswerKind, SignalRecord, SourceSnapshotRecord, TopicSnapshotRecord

EXTRAS: Mapping[str, frozenset[str]] = {
    "BulkSnapshot": frozenset({"operation", "idempotencyKey"}),
    "TopicSnapshot": frozenset({"signalId", "dataCollection", "filter", "surrogateKey"}),
    "LedgerEvent": frozenset({"sourceSnapshotId"}),
}
"""What an exported object has beside the fields of its GraphQL type, by the type's name."""

_RESULTS = {
    AnswerKind.DISPATCHED: "SourceSnapshotDispatched",
    AnswerKind.UNCONFIRMED: "SourceSnapshotUnconfirmed",
    AnswerKind.FAILED: "SourceSnapshotFailed",
}


def json_line(audited: AuditedBulkSnapshot) -> bytes:
    """Return the line of one bulk snapshot, with its line break; moments are ISO 8601 in UTC."""
    record = audited.record
    return orjson.dumps(
        {
            "id": record.id,
            "operation": audited.operation,
            "snapshotType": record.snapshot_type,
            "state": record.state,
            "requestedBy": record.requested_by,
            "requestedAt": record.requested_at,
            "reason": record.reason,
            "idempotencyKey": record.idempotency_key,
            "retryOf": {"id": record.retry_of} if record.retry_of else None,
            "snapshots": [_source_snapshot(snapshot) for snapshot in record.snapshots],
            "results": [_result(snapshot) for snapshot in record.snapshots if snapshot.answer],
            "skippedTopics": [_skip(skip) for skip in record.skips],
            "events": [_event(event) for event in audited.events],
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
        "requestedAt": snapshot.requested_at,
        "dispatchedAt": snapshot.dispatched_at,
        "startedAt": snapshot.started_at,
        "finishedAt": snapshot.finished_at,
        "signals": [_signal(signal) for signal in snapshot.signals],
        "topics": [_topic_snapshot(topic) for topic in snapshot.topics],
    }


def _result(snapshot: SourceSnapshotRecord) -> dict[str, object]:
    """What the caller was told of one source; nothing is told while the first call is under way."""
    answer = snapshot.answer
    if answer is None:
        return {}
    told: dict[str, object] = {
        "__typename": _RESULTS[answer.kind],
        "id": snapshot.source.id,
        "success": answer.kind is AnswerKind.DISPATCHED,
        "message": answer.message,
        "snapshot": {"id": snapshot.id},
    }
    return told if told["success"] else told | {"code": answer.code, "retryable": answer.retryable}


def _signal(signal: SignalRecord) -> dict[str, object]:
    return {
        "id": signal.id,
        "channel": signal.channel,
        "state": signal.state,
        "data": signal.data,
        "destination": signal.destination,
        "sentAt": signal.sent_at,
        "endedAt": signal.ended_at,
    }


def _topic_snapshot(topic: TopicSnapshotRecord) -> dict[str, object]:
    return {
        "id": topic.id,
        "topic": _topic(topic.topic),
        "signalId": topic.signal_id,
        "dataCollection": topic.data_collection,
        "filter": filter_value(topic.filter),
        "surrogateKey": topic.surrogate_key,
        "state": topic.state,
        "outcome": topic.outcome,
        "engineStatus": topic.engine_status,
        "rowsScanned": _big(topic.rows_scanned),
        "startedAt": topic.started_at,
        "finishedAt": topic.finished_at,
        "verification": topic.verification,
        "verdict": topic.verdict,
        "verdictReason": topic.verdict_reason,
        "expectedRows": _big(topic.expected_rows),
        "emittedRows": _big(topic.emitted_rows),
        "verifiedAt": topic.verified_at,
    }


def _skip(skip: Skip) -> dict[str, object]:
    topic = _topic(skip.topic) if skip.topic else None
    return {"topicId": skip.topic_id, "topic": topic, "reason": skip.reason, "message": skip.message}


def _event(event: LedgerEvent) -> dict[str, object]:
    return {
        "at": event.at,
        "subjectKind": event.subject_kind,
        "subject": event.subject_id,
        "sourceSnapshotId": event.source_snapshot_id,
        "fromState": event.from_state,
        "toState": event.to_state,
        "cause": event.cause,
        "detail": event.detail,
    }


def _topic(topic: Topic) -> dict[str, object]:
    return {"id": topic.id, "name": topic.name, "cluster": topic.cluster_name}


def _big(number: int | None) -> str | None:
    """A BigInt is a text: JSON numbers lose digits beyond 2^53."""
    return None if number is None else str(number)
