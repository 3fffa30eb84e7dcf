"""From rows of the ledger to its records."""

from typing import Any

from sqlalchemy import Row

from persistence.catalog.rows import RowReader
from persistence.ledger.filter_json import filter_from_json
from snapshots.channels import SignalChannelKind
from snapshots.plan import Skip
from snapshots.records import (
    AnswerKind,
    BulkSnapshotRecord,
    SignalRecord,
    SourceAnswer,
    SourceSnapshotRecord,
    TopicSnapshotRecord,
)
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import (
    SkipReason,
    SnapshotErrorCode,
    SnapshotOrigin,
    SnapshotType,
    SnapshotVerdict,
    TopicSnapshotOutcome,
    VerificationState,
)


def bulk_snapshot(
    row: Row[Any], snapshots: tuple[SourceSnapshotRecord, ...], skips: tuple[Skip, ...]
) -> BulkSnapshotRecord:
    """Return the record of a row of bulk_snapshot with what belongs to it."""
    return BulkSnapshotRecord(
        id=row.id,
        tenant_id=row.tenant_id,
        snapshot_type=SnapshotType(row.snapshot_type),
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        reason=row.reason,
        idempotency_key=row.idempotency_key,
        request_hash=bytes(row.request_hash),
        answered=row.answered_at is not None,
        snapshots=snapshots,
        skips=skips,
        retry_of=row.retry_of,
        verify=row.verify,
    )


def skip(row: Row[Any], reader: RowReader) -> Skip:
    """Return the skip of a row of skipped_topic, joined with the topic where that is known."""
    topic = reader.topic(row) if row.topic__id is not None else None
    return Skip(row.topic_id, topic, SkipReason(row.reason), row.message)


def source_snapshot(
    row: Row[Any],
    reader: RowReader,
    signals: tuple[SignalRecord, ...],
    topics: tuple[TopicSnapshotRecord, ...],
) -> SourceSnapshotRecord:
    """Return the record of a row of source_snapshot, joined with its connector, with what belongs to it."""
    return SourceSnapshotRecord(
        id=row.id,
        bulk_snapshot_id=row.bulk_snapshot_id,
        source=reader.source(row),
        snapshot_type=SnapshotType(row.snapshot_type),
        state=SnapshotState(row.state),
        code=_code(row.code),
        message=row.message,
        answer=_answer(row),
        signals=signals,
        topics=topics,
        requested_at=row.requested_at,
        dispatched_at=row.dispatched_at,
        started_at=row.started_at,
        progressed_at=row.progressed_at,
        # Before its last state it is an end that was told, while late reports are waited for.
        finished_at=row.finished_at if SnapshotState(row.state).is_terminal else None,
        origin=SnapshotOrigin(row.origin),
        followed=row.followed,
    )


def signal(row: Row[Any]) -> SignalRecord:
    """Return the record of a row of signal."""
    return SignalRecord(
        id=row.id,
        source_snapshot_id=row.source_snapshot_id,
        position=row.position,
        channel=SignalChannelKind(row.channel),
        data=row.data,
        state=SignalState(row.state),
        destination=row.destination,
        sent_at=row.sent_at,
        ended_at=row.ended_at,
    )


def topic_snapshot(row: Row[Any], reader: RowReader) -> TopicSnapshotRecord:
    """Return the record of a row of snapshot_topic, joined with its topic."""
    return TopicSnapshotRecord(
        id=row.id,
        source_snapshot_id=row.source_snapshot_id,
        signal_id=row.signal_id,
        topic=reader.topic(row),
        data_collection=row.data_collection,
        filter=filter_from_json(row.filter),
        surrogate_key=row.surrogate_key,
        state=TopicSnapshotState(row.state),
        rows_scanned=row.rows_scanned,
        outcome=row.outcome and TopicSnapshotOutcome(row.outcome),
        engine_status=row.engine_status,
        started_at=row.started_at,
        finished_at=row.finished_at,
        verification=_verification(row),
        expected_rows=row.expected_rows,
        emitted_rows=row.emitted_rows,
        verdict=row.verdict and SnapshotVerdict(row.verdict),
        verdict_reason=row.verdict_reason,
        verified_at=row.verified_at,
    )


def _verification(row: Row[Any]) -> VerificationState:
    if row.verify_requested_at is None:
        return VerificationState.NOT_REQUESTED
    if row.verified_at is not None:
        return VerificationState.DONE
    return VerificationState.PENDING if row.verify_lease_until is None else VerificationState.RUNNING


def _answer(row: Row[Any]) -> SourceAnswer | None:
    if row.answer_kind is None:
        return None
    return SourceAnswer(AnswerKind(row.answer_kind), row.answer_message, _code(row.answer_code), row.answer_retryable)


def _code(value: str | None) -> SnapshotErrorCode | None:
    return None if value is None else SnapshotErrorCode(value)
