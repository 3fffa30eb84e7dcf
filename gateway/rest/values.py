"""Between the bodies of the REST twin and the values of the core."""

from gateway.rest.models import (
    BulkOperationRes,
    BulkOperationResult,
    BulkOperationSummary,
    BulkTopicSnapshotReq,
    RowFilterReq,
    SkippedTopicRes,
)
from snapshots.filters import RowCondition, RowFilter
from snapshots.records import AnswerKind, BulkSnapshotRecord, SourceSnapshotRecord
from snapshots.requesting.answers import answer_of
from snapshots.requesting.request import BulkSnapshotRequest, TopicOptions
from snapshots.vocabulary import SnapshotType


def to_request(body: BulkTopicSnapshotReq, idempotency_key: str | None) -> BulkSnapshotRequest:
    """Return the request that `body` is, with the key of the header where the body has none."""
    return BulkSnapshotRequest(
        tuple(body.topic_ids),
        SnapshotType(body.snapshot_type.upper()),
        tuple(
            TopicOptions(option.topic_id, _filter(option.filter) if option.filter else None, option.surrogate_key)
            for option in body.options
        ),
        body.idempotency_key if idempotency_key is None else idempotency_key,
        body.reason,
        body.verify,
    )


def to_response(record: BulkSnapshotRecord) -> BulkOperationRes:
    """Return what was answered for `record`, in the seed's shape: what is unconfirmed counts as failed."""
    results = [_result(snapshot) for snapshot in record.snapshots]
    succeeded = sum(result.success for result in results)
    return BulkOperationRes(
        results=results,
        summary=BulkOperationSummary(total=len(results), succeeded=succeeded, failed=len(results) - succeeded),
        skipped_topics=[
            SkippedTopicRes(topic_id=skip.topic_id, reason=skip.reason.value, message=skip.message)
            for skip in record.skips
        ],
        bulk_snapshot_id=record.id,
    )


def _filter(given: RowFilterReq) -> RowFilter:
    return RowFilter(tuple(RowCondition(one.column, one.operator, tuple(one.values)) for one in given.all))


def _result(snapshot: SourceSnapshotRecord) -> BulkOperationResult:
    answer = answer_of(snapshot)
    return BulkOperationResult(
        id=snapshot.source.id,
        success=answer.kind is AnswerKind.DISPATCHED,
        message=answer.message,
        data={
            "topics": [{"id": topic.topic.id, "name": topic.topic.name} for topic in snapshot.topics],
            "snapshot_id": snapshot.id,
            "outcome": answer.kind.value.lower(),
            "code": answer.code.value if answer.code else None,
            "retryable": answer.retryable,
        },
    )
