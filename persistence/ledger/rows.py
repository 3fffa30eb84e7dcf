"""From rows of the ledger to its records."""

from typing import Any

from sqlalchemy import Row

from persistence import tables
from persistence.catalog.rows import RowReader
from persistence.ledger.filter_json import filter_from_json
from persistence.record_map import RecordMap
from snapshots.plan import Skip
from snapshots.records import (
    AnswerKind,
    BulkSnapshotRecord,
    SignalRecord,
    SourceAnswer,
    SourceSnapshotRecord,
    TopicSnapshotRecord,
)
from snapshots.states import SnapshotState
from snapshots.vocabulary import SkipReason, SnapshotErrorCode, VerificationState

_BULKS = RecordMap(BulkSnapshotRecord, tables.bulk_snapshot, but=("request_hash", "answered", "snapshots", "skips"))
_SOURCES = RecordMap(
    SourceSnapshotRecord, tables.source_snapshot, but=("source", "answer", "signals", "topics", "finished_at")
)
_SIGNALS = RecordMap(SignalRecord, tables.signal)
_TOPICS = RecordMap(TopicSnapshotRecord, tables.snapshot_topic, but=("topic", "filter", "verification"))


def bulk_snapshot(
    row: Row[Any], snapshots: tuple[SourceSnapshotRecord, ...], skips: tuple[Skip, ...]
) -> BulkSnapshotRecord:
    """Return the record of a row of bulk_snapshot with what belongs to it."""
    return _BULKS.read(
        row,
        request_hash=bytes(row.request_hash),
        answered=row.answered_at is not None,
        snapshots=snapshots,
        skips=skips,
    )


def skip(row: Row[Any], reader: RowReader) -> Skip:
    """Return the skip of a row of skipped_topic, joined with the topic where that is known."""
    topic = reader.topic(row) if row.topic__id is not None else None
    return Skip(row.topic_id, topic, SkipReason[row.reason], row.message)


def source_snapshot(
    row: Row[Any],
    reader: RowReader,
    signals: tuple[SignalRecord, ...],
    topics: tuple[TopicSnapshotRecord, ...],
) -> SourceSnapshotRecord:
    """Return the record of a row of source_snapshot, joined with its connector, with what belongs to it."""
    return _SOURCES.read(
        row,
        source=reader.source(row),
        answer=_answer(row),
        signals=signals,
        topics=topics,
        # Before its last state it is an end that was told, while late reports are waited for.
        finished_at=row.finished_at if SnapshotState(row.state).is_terminal else None,
    )


def signal(row: Row[Any]) -> SignalRecord:
    """Return the record of a row of signal."""
    return _SIGNALS.read(row)


def topic_snapshot(row: Row[Any], reader: RowReader) -> TopicSnapshotRecord:
    """Return the record of a row of snapshot_topic, joined with its topic."""
    return _TOPICS.read(
        row, topic=reader.topic(row), filter=filter_from_json(row.filter), verification=_verification(row)
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
