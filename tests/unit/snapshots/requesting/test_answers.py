"""What is told of a source whose answer was never recorded, because the call that should have done it died."""

from datetime import UTC, datetime

import pytest

from snapshots.records import AnswerKind, SnapshotProgress, SourceAnswer, SourceSnapshotRecord, TopicSnapshotRecord
from snapshots.requesting.answers import SourceResult, answer_of, count_results
from snapshots.states import SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode, SnapshotType, TopicSnapshotOutcome
from tests.support.factories import make_source, make_topic

NOW = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)


def record(
    state: SnapshotState,
    *topics: TopicSnapshotRecord,
    answer: SourceAnswer | None = None,
    code: SnapshotErrorCode | None = None,
) -> SourceSnapshotRecord:
    return SourceSnapshotRecord(
        id="snap_1",
        bulk_snapshot_id="bulk_1",
        source=make_source(),
        snapshot_type=SnapshotType.INCREMENTAL,
        state=state,
        code=code,
        message=None,
        answer=answer,
        signals=(),
        topics=topics,
        requested_at=NOW,
        dispatched_at=None,
        started_at=None,
        finished_at=None,
    )


def topic(state: TopicSnapshotState, rows: int | None = None) -> TopicSnapshotRecord:
    return TopicSnapshotRecord(
        id="ts_1",
        source_snapshot_id="snap_1",
        signal_id=None,
        topic=make_topic(),
        data_collection="public.orders",
        filter=None,
        surrogate_key=None,
        state=state,
        rows_scanned=rows,
        outcome=TopicSnapshotOutcome.SUCCEEDED if state is TopicSnapshotState.COMPLETED else None,
        engine_status=None,
        started_at=None,
        finished_at=None,
    )


DERIVED = {
    SnapshotState.PENDING: AnswerKind.UNCONFIRMED,
    SnapshotState.SENDING: AnswerKind.UNCONFIRMED,
    SnapshotState.UNCONFIRMED: AnswerKind.UNCONFIRMED,
    SnapshotState.FAILED: AnswerKind.FAILED,
}


@pytest.mark.parametrize("state", SnapshotState)
def test_an_answer_that_is_missing_follows_from_the_state(state: SnapshotState) -> None:
    answer = answer_of(record(state))
    assert answer.kind is DERIVED.get(state, AnswerKind.DISPATCHED)
    assert (answer.code is None) is (answer.kind is AnswerKind.DISPATCHED)
    assert answer.message
    assert answer.retryable is False


@pytest.mark.parametrize("state", SnapshotState)
def test_a_recorded_answer_stays_whatever_comes_after(state: SnapshotState) -> None:
    given = SourceAnswer(AnswerKind.UNCONFIRMED, "who knows", SnapshotErrorCode.DISPATCH_TIMEOUT)
    assert answer_of(record(state, answer=given)) is given


def test_the_code_of_the_record_is_kept() -> None:
    lost = record(SnapshotState.FAILED, code=SnapshotErrorCode.CONNECTOR_LOST)
    assert answer_of(lost).code is SnapshotErrorCode.CONNECTOR_LOST


def test_a_summary_counts_every_result_once() -> None:
    snapshots = [record(state, topic(TopicSnapshotState.PENDING)) for state in SnapshotState]
    summary = count_results(snapshots, 7)
    assert summary.total == len(SnapshotState) == summary.succeeded + summary.failed + summary.unconfirmed
    assert (summary.failed, summary.unconfirmed, summary.topics, summary.skipped_topics) == (1, 3, summary.total, 7)


def test_progress_counts_topics_and_rows() -> None:
    topics = [
        topic(TopicSnapshotState.COMPLETED, 2**40),
        topic(TopicSnapshotState.RUNNING, 5),
        topic(TopicSnapshotState.FAILED),
    ]
    progress = SnapshotProgress.over(topics)
    assert (progress.topics_total, progress.topics_finished, progress.rows_scanned) == (3, 2, 2**40 + 5)
    assert progress.fraction == pytest.approx(2 / 3)
    assert SnapshotProgress.over([]).fraction is None


def test_a_result_is_the_answer_beside_the_record() -> None:
    given = SourceAnswer(AnswerKind.FAILED, "It is paused.", SnapshotErrorCode.CONNECTOR_NOT_RUNNING, retryable=True)
    snapshot = record(SnapshotState.FAILED, topic(TopicSnapshotState.FAILED), answer=given)
    result = SourceResult(snapshot, given)
    assert (result.id, result.source, result.topics) == ("src_1", snapshot.source, (snapshot.topics[0].topic,))
    assert (result.success, result.message, result.code, result.retryable) == (
        False,
        "It is paused.",
        SnapshotErrorCode.CONNECTOR_NOT_RUNNING,
        True,
    )
