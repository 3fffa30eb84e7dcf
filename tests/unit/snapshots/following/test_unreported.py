"""A connector that sends no notifications: what its offsets prove, and that nothing more is claimed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from snapshots.following.in_progress import ActiveSignal, ActiveSnapshot, ActiveTopic, SnapshotChanges
from snapshots.following.unreported import OFFSETS_AGE, judge
from snapshots.ports.snapshot_probe import OffsetsReport
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode, SnapshotType, TopicSnapshotOutcome

SENT = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SOON = timedelta(seconds=1)
ACTIVE = ActiveSnapshot(
    source_snapshot_id="snap",
    snapshot_type=SnapshotType.INCREMENTAL,
    state=SnapshotState.DISPATCHED,
    sending_since=SENT,
    signals=(ActiveSignal("sig-0", 0, SignalState.SENT),),
    topics=(ActiveTopic("topic-a", "sig-0", "public.a"),),
    followed=False,
)
TWO_SIGNALS = replace(
    ACTIVE,
    signals=(*ACTIVE.signals, ActiveSignal("sig-1", 1, SignalState.PENDING)),
    topics=(*ACTIVE.topics, ActiveTopic("topic-b", "sig-1", "public.b")),
)
OURS = OffsetsReport("sig-0", ("public.a",), SENT + SOON)
NONE = OffsetsReport(None, (), SENT + SOON)


def judged(
    sight: OffsetsReport | None, after: timedelta, active: ActiveSnapshot = ACTIVE
) -> tuple[ActiveSnapshot, SnapshotChanges]:
    return judge(active, sight, now=SENT + after, silence=HOUR)


def test_what_is_seen_in_the_offsets_runs() -> None:
    after, changes = judged(OURS, 2 * SOON)
    assert changes.steps == (SnapshotState.RUNNING,)
    assert after.progressed_at == SENT + SOON


def test_what_was_seen_and_is_gone_has_ended_and_no_success_is_claimed() -> None:
    running, _ = judged(OURS, 2 * SOON)
    after, changes = judged(replace(NONE, reached_at=None), 3 * SOON, running)
    assert changes.steps == (SnapshotState.ABANDONED,)
    assert changes.code is SnapshotErrorCode.END_NOT_REPORTED
    [topic] = after.topics
    assert (topic.state, topic.outcome) == (TopicSnapshotState.CANCELLED, TopicSnapshotOutcome.NOT_REPORTED)
    assert after.signals[0].state is SignalState.ENDED


def test_the_end_of_one_signal_makes_the_next_due() -> None:
    running, _ = judged(OURS, 2 * SOON, TWO_SIGNALS)
    after, changes = judged(NONE, 3 * SOON, running)
    assert (after.state, changes.next_signal_id) == (SnapshotState.RUNNING, "sig-1")


@pytest.mark.parametrize("collections", [("public.z", "public.a"), ("public.a",)])
def test_what_goes_on_under_another_id_with_our_table_is_ours(collections: tuple[str, ...]) -> None:
    joined = OffsetsReport("joined-later", collections, SENT + 2 * SOON)
    running, _ = judged(OURS, 2 * SOON)
    after, _ = judged(joined, 3 * SOON, running)
    assert (after.state, after.progressed_at) == (SnapshotState.RUNNING, SENT + 2 * SOON)
    # Never seen under our own id it may be another's altogether: that proves neither a start nor an end.
    assert judged(joined, OFFSETS_AGE)[1].is_empty


def test_the_offsets_end_nothing_of_which_it_is_not_known_whether_it_arrived() -> None:
    """That is for the settle sweep to find out; only to be seen at work proves it."""
    unconfirmed = replace(
        ACTIVE, state=SnapshotState.UNCONFIRMED, signals=(ActiveSignal("sig-0", 0, SignalState.UNCONFIRMED),)
    )
    assert judged(NONE, OFFSETS_AGE, unconfirmed)[1].is_empty
    assert judged(OURS, 2 * SOON, unconfirmed)[0].state is SnapshotState.RUNNING
    assert judged(NONE, HOUR + SOON, unconfirmed)[0].state is SnapshotState.ABANDONED
    sending = replace(ACTIVE, state=SnapshotState.SENDING, signals=(ActiveSignal("sig-0", 0, SignalState.SENDING),))
    assert judged(None, HOUR + SOON, sending)[1].is_empty


def test_what_was_never_seen_has_ended_once_the_offsets_must_have_shown_it() -> None:
    assert judged(NONE, OFFSETS_AGE - SOON)[1].is_empty
    assert judged(replace(NONE, reached_at=SENT - SOON), OFFSETS_AGE)[1].is_empty
    assert judged(replace(NONE, reached_at=None), OFFSETS_AGE)[1].is_empty
    assert judged(NONE, OFFSETS_AGE)[1].steps == (SnapshotState.ABANDONED,)
    foreign = OffsetsReport("foreign", ("public.z",), SENT + SOON)
    assert judged(foreign, OFFSETS_AGE)[1].steps == (SnapshotState.ABANDONED,)


@pytest.mark.parametrize("snapshot_type", list(SnapshotType))
def test_what_cannot_be_seen_is_given_up_in_time(snapshot_type: SnapshotType) -> None:
    active = replace(TWO_SIGNALS, snapshot_type=snapshot_type)
    assert judged(None, HOUR, active)[1].is_empty
    after, changes = judged(None, HOUR + SOON, active)
    assert changes.steps == (SnapshotState.ABANDONED,)
    assert (changes.message or "").startswith("The source was released after 60 minutes without a sign of life")
    # Nobody knows whether the engine is done with the first; the second is not sent any more.
    assert [signal.state for signal in after.signals] == [SignalState.SENT, SignalState.REFUSED]


def test_the_offsets_of_a_blocking_snapshot_prove_nothing() -> None:
    assert judged(NONE, OFFSETS_AGE, replace(ACTIVE, snapshot_type=SnapshotType.BLOCKING))[1].is_empty


@pytest.mark.parametrize("reached_at", [SENT + SOON, None])
def test_offsets_that_stand_still_are_no_sign_of_life(reached_at: datetime | None) -> None:
    """They stay as they are when a connector is stopped."""
    active, _ = judged(replace(OURS, reached_at=reached_at), 2 * SOON)
    assert active.state is SnapshotState.RUNNING
    assert judged(replace(OURS, reached_at=reached_at), HOUR + 2 * SOON, active)[0].state is SnapshotState.ABANDONED


def test_offsets_that_go_on_hold_the_source() -> None:
    active, _ = judged(OURS, 2 * SOON)
    later = replace(OURS, reached_at=SENT + 2 * HOUR)
    assert judged(later, 2 * HOUR + SOON, active)[0].state is SnapshotState.RUNNING


def test_a_clock_that_is_ahead_does_not_hold_the_source_for_ever() -> None:
    active, _ = judged(replace(OURS, reached_at=SENT + 1000 * HOUR), 2 * SOON)
    assert active.progressed_at == SENT + 2 * SOON


def test_between_two_signals_nothing_is_judged() -> None:
    waiting = replace(TWO_SIGNALS, signals=(ActiveSignal("sig-0", 0, SignalState.ENDED, SENT), TWO_SIGNALS.signals[1]))
    assert judged(NONE, 2 * HOUR, replace(waiting, sending_since=None))[1].is_empty
