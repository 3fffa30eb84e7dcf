"""What the caller is told of a source: as recorded, or derived where the call that should have recorded it died."""

from snapshots.records import AnswerKind, SourceAnswer, SourceSnapshotRecord
from snapshots.states import SnapshotState
from snapshots.vocabulary import SnapshotErrorCode

_UNSETTLED = frozenset({SnapshotState.PENDING, SnapshotState.SENDING, SnapshotState.UNCONFIRMED})


def answer_of(snapshot: SourceSnapshotRecord) -> SourceAnswer:
    """Return the answer for `snapshot`; the same one every time once it is recorded."""
    if snapshot.answer is not None:
        return snapshot.answer
    if snapshot.state in _UNSETTLED:
        message = snapshot.message or "The call that sent this ended before its outcome was known; it is being settled."
        code = snapshot.code or SnapshotErrorCode.DISPATCH_TIMEOUT
        return SourceAnswer(AnswerKind.UNCONFIRMED, message, code, retryable=False)
    if snapshot.state is SnapshotState.FAILED:
        message = snapshot.message or "The source did not take the snapshot."
        code = snapshot.code or SnapshotErrorCode.CHANNEL_UNAVAILABLE
        return SourceAnswer(AnswerKind.FAILED, message, code, retryable=False)
    return SourceAnswer(AnswerKind.DISPATCHED, snapshot.message or "The source took the snapshot.")
