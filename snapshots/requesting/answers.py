"""The answer about each source: as recorded, or derived if the call that should have recorded it died."""

from collections.abc import Sequence
from dataclasses import dataclass

from snapshots.model import SourceConnector, Topic
from snapshots.records import AnswerKind, BulkSnapshotRecord, SourceAnswer, SourceSnapshotRecord
from snapshots.states import SnapshotState
from snapshots.vocabulary import SnapshotErrorCode

_UNSETTLED = frozenset({SnapshotState.PENDING, SnapshotState.SENDING, SnapshotState.UNCONFIRMED})


@dataclass(frozen=True, slots=True)
class SourceResult:
    """The result of the request to one source: the answer beside the durable record as it stands now."""

    snapshot: SourceSnapshotRecord
    answer: SourceAnswer

    @property
    def id(self) -> str:
        """The source connector's id."""
        return self.snapshot.source.id

    @property
    def success(self) -> bool:
        """Whether the source took the snapshot."""
        return self.answer.kind is AnswerKind.DISPATCHED

    @property
    def message(self) -> str:
        """The result of the request, for people."""
        return self.answer.message

    @property
    def code(self) -> SnapshotErrorCode | None:
        """The result of the request, for programs; None for a success."""
        return None if self.success else self.answer.code or SnapshotErrorCode.CHANNEL_UNAVAILABLE

    @property
    def retryable(self) -> bool:
        """Whether the same request may succeed later without a change of configuration."""
        return self.answer.retryable

    @property
    def source(self) -> SourceConnector:
        """The connector that was asked."""
        return self.snapshot.source

    @property
    def topics(self) -> tuple[Topic, ...]:
        """The topics that it was asked for, in input order."""
        return tuple(topic.topic for topic in self.snapshot.topics)


@dataclass(frozen=True, slots=True)
class ResultCounts:
    """Counts over results: `total` is `succeeded + failed + unconfirmed`, the number of sources."""

    total: int = 0
    succeeded: int = 0
    failed: int = 0
    unconfirmed: int = 0
    topics: int = 0
    skipped_topics: int = 0


def answer_of(snapshot: SourceSnapshotRecord) -> SourceAnswer:
    """Return the answer for `snapshot`; it never changes once it is recorded."""
    if snapshot.answer is not None:
        return snapshot.answer
    if snapshot.state in _UNSETTLED:
        message = snapshot.message or (
            "The call that sent this signal ended before the outcome was known. Topicsnap is checking whether the "
            "signal arrived."
        )
        code = snapshot.code or SnapshotErrorCode.DISPATCH_TIMEOUT
        return SourceAnswer(AnswerKind.UNCONFIRMED, message, code, retryable=False)
    if snapshot.state is SnapshotState.FAILED:
        message = snapshot.message or "The source did not accept the snapshot."
        code = snapshot.code or SnapshotErrorCode.CHANNEL_UNAVAILABLE
        return SourceAnswer(AnswerKind.FAILED, message, code, retryable=False)
    return SourceAnswer(AnswerKind.DISPATCHED, snapshot.message or "The source accepted the snapshot.")


def results_of(record: BulkSnapshotRecord) -> tuple[SourceResult, ...]:
    """Return the result of each source of `record`, in order of their first appearance in the request."""
    return tuple(SourceResult(snapshot, answer_of(snapshot)) for snapshot in record.snapshots)


def count_results(snapshots: Sequence[SourceSnapshotRecord], skipped_topics: int) -> ResultCounts:
    """Count the answers for `snapshots`, beside `skipped_topics` that were sent to no source."""
    kinds = [answer_of(snapshot).kind for snapshot in snapshots]
    return ResultCounts(
        total=len(kinds),
        succeeded=kinds.count(AnswerKind.DISPATCHED),
        failed=kinds.count(AnswerKind.FAILED),
        unconfirmed=kinds.count(AnswerKind.UNCONFIRMED),
        topics=sum(len(snapshot.topics) for snapshot in snapshots),
        skipped_topics=skipped_topics,
    )
