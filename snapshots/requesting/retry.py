"""A request to retry the failed topics of a bulk snapshot, and which topics these are. Pure."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from snapshots.errors import FieldPath, InvalidRequestError, RequestError
from snapshots.identifiers import is_valid_id
from snapshots.records import BulkSnapshotRecord, SourceSnapshotRecord, TopicSnapshotRecord
from snapshots.requesting.request import MAX_TOPICS, BulkSnapshotRequest, TopicOptions, text_findings
from snapshots.states import SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode, UserErrorCode, VerificationState

RETRYABLE_CODES = frozenset(
    {
        SnapshotErrorCode.CONNECTOR_NOT_RUNNING,
        SnapshotErrorCode.CONNECTOR_UNREACHABLE,
        SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING,
        SnapshotErrorCode.CHANNEL_UNAVAILABLE,
        SnapshotErrorCode.DISPATCH_TIMEOUT,
        SnapshotErrorCode.TABLES_FAILED,
        SnapshotErrorCode.CONNECTOR_LOST,
        SnapshotErrorCode.RESTART_REQUIRED,
    }
)
"""Failures that may pass; all others need a change of the configuration or of the request first."""


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """A client's request: retry the failed topics of this bulk snapshot."""

    bulk_snapshot_id: str
    source_snapshot_ids: tuple[str, ...] | None = None
    """Only these of its source snapshots; None for all."""
    idempotency_key: str | None = None
    reason: str | None = None

    @property
    def hash(self) -> bytes:
        """SHA-256 of what the request means."""
        ids = None if self.source_snapshot_ids is None else sorted(set(self.source_snapshot_ids))
        return hashlib.sha256(json.dumps(["retry", self.bulk_snapshot_id, ids]).encode()).digest()


def check(request: RetryRequest) -> None:
    """Refuse what can never be carried out, whatever the ledger holds. Raises InvalidRequestError with all findings."""
    findings = text_findings(request.idempotency_key, request.reason)
    if not is_valid_id(request.bulk_snapshot_id):
        findings.insert(0, _not_found("bulk snapshot", request.bulk_snapshot_id, ("bulk_snapshot_id",)))
    if request.source_snapshot_ids is not None and len(request.source_snapshot_ids) > MAX_TOPICS:
        message = f"A request can name at most {MAX_TOPICS} source snapshots; got {len(request.source_snapshot_ids)}."
        findings.append(RequestError(UserErrorCode.INVALID_VALUE, message, ("snapshot_ids",)))
    if findings:
        raise InvalidRequestError(tuple(findings))


def bulk_snapshot_not_found(request: RetryRequest) -> RequestError:
    """Return the error for a bulk snapshot that does not exist."""
    return _not_found("bulk snapshot", request.bulk_snapshot_id, ("bulk_snapshot_id",))


def topics_to_retry(snapshot: SourceSnapshotRecord) -> tuple[TopicSnapshotRecord, ...]:
    """Return the topics of `snapshot` that failed and may succeed if they are requested again.

    If it failed or was abandoned, these are all topics that were not read; if it completed in part, those that failed.
    Topics that were stopped on purpose are left out.
    """
    if snapshot.state is SnapshotState.PARTIALLY_COMPLETED:
        return tuple(topic for topic in snapshot.topics if topic.state is TopicSnapshotState.FAILED)
    passing = snapshot.code in RETRYABLE_CODES or (snapshot.answer is not None and snapshot.answer.retryable)
    if snapshot.state is SnapshotState.ABANDONED or (snapshot.state is SnapshotState.FAILED and passing):
        return tuple(topic for topic in snapshot.topics if topic.state is not TopicSnapshotState.COMPLETED)
    return ()


def make_retry(
    request: RetryRequest, record: BulkSnapshotRecord, retries: Iterable[BulkSnapshotRecord]
) -> BulkSnapshotRequest:
    """Return the bulk snapshot for `request`: the topics of `record` that failed, with the same options as before.

    It is verified if that was requested for the first one, then or later. Topics that one of its `retries` is reading
    or has read are left out. Raises RequestError: NOT_FOUND for a source snapshot that is not of `record`,
    NOTHING_TO_RETRY.
    """
    known = {snapshot.id for snapshot in record.snapshots}
    wanted = known if request.source_snapshot_ids is None else set(request.source_snapshot_ids)
    unknown = [
        _not_found(f"source snapshot of {record.id}", id_, ("snapshot_ids", position))
        for position, id_ in enumerate(request.source_snapshot_ids or ())
        if id_ not in known
    ]
    if unknown:
        raise InvalidRequestError(tuple(unknown))
    taken = _taken(retries)
    topics = [
        topic
        for snapshot in record.snapshots
        if snapshot.id in wanted
        for topic in topics_to_retry(snapshot)
        if topic.topic.id not in taken
    ]
    if not topics:
        message = (
            "There is nothing to retry: no failed topic can succeed now, or all of them are already being retried."
        )
        raise RequestError(UserErrorCode.NOTHING_TO_RETRY, message, ())
    return BulkSnapshotRequest(
        tuple(topic.topic.id for topic in topics),
        record.snapshot_type,
        _options(topics),
        request.idempotency_key,
        request.reason,
        record.verify or any(topic.verification is not VerificationState.NOT_REQUESTED for topic in topics),
    )


def _taken(retries: Iterable[BulkSnapshotRecord]) -> set[str]:
    return {
        topic.topic.id
        for retry in retries
        for snapshot in retry.snapshots
        for topic in snapshot.topics
        if not snapshot.state.is_terminal or topic.state is TopicSnapshotState.COMPLETED
    }


def _options(topics: Sequence[TopicSnapshotRecord]) -> tuple[TopicOptions, ...]:
    return tuple(
        TopicOptions(topic.topic.id, topic.filter, topic.surrogate_key)
        for topic in topics
        if topic.filter is not None or topic.surrogate_key is not None
    )


def _not_found(what: str, id_: str, field: FieldPath) -> RequestError:
    return RequestError(UserErrorCode.NOT_FOUND, f"No {what} has the id {id_}.", field)
