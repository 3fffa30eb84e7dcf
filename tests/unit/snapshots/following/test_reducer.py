"""Notifications move a snapshot on: rightly where they are its own, not at all where they are not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.following.correlation import CLOCK_SKEW, STOP_FOLLOWS, telling
from snapshots.following.in_progress import EXTERNAL_SIGNAL, ActiveSignal, ActiveSnapshot, ActiveTopic, SnapshotChanges
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.following.reducer import conclude, give_up, reduce_all, reduce_until_end
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode, SnapshotType, TopicSnapshotOutcome

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def snapshot(
    *signals: Sequence[str],
    snapshot_type: SnapshotType = SnapshotType.INCREMENTAL,
    state: SnapshotState = SnapshotState.DISPATCHED,
    first: SignalState = SignalState.SENT,
) -> ActiveSnapshot:
    """A snapshot whose n-th signal is `sig-n` for the collections given; topics are named after signal and place."""
    return ActiveSnapshot(
        source_snapshot_id="snap",
        snapshot_type=snapshot_type,
        state=state,
        sending_since=NOON,
        signals=tuple(
            ActiveSignal(f"sig-{position}", position, SignalState.PENDING if position else first)
            for position in range(len(signals))
        ),
        topics=tuple(
            ActiveTopic(f"topic-{position}-{place}", f"sig-{position}", collection)
            for position, collections in enumerate(signals)
            for place, collection in enumerate(collections)
        ),
    )


def told(
    kind: NotificationKind,
    collection: str | None = None,
    *,
    id: str = "sig-0",
    seconds: float = 1,
    status: str | None = None,
    rows: int | None = None,
    incremental: bool = True,
    collections: tuple[str, ...] = (),
) -> Notification:
    return Notification(
        cluster_id="c",
        topic="notes",
        partition=0,
        offset=0,
        record_timestamp_ms=0,
        prefix="shop",
        id=id,
        kind=kind,
        incremental=incremental,
        at=NOON + timedelta(seconds=seconds),
        collections=collections,
        scanned_collection=collection if kind is NotificationKind.TABLE_SCAN_COMPLETED else None,
        current_collection=collection if kind is NotificationKind.IN_PROGRESS else None,
        status=status,
        rows_scanned=rows,
    )


def reduce(active: ActiveSnapshot, notification: Notification) -> SnapshotChanges:
    """What one notification changes."""
    return reduce_all(active, (notification,))[1]


STARTED = told(NotificationKind.STARTED)
COMPLETED = told(NotificationKind.COMPLETED, seconds=9)


def scanned(collection: str, status: str = "SUCCEEDED", rows: int | None = 3, seconds: float = 2) -> Notification:
    return told(NotificationKind.TABLE_SCAN_COMPLETED, collection, status=status, rows=rows, seconds=seconds)


def states(active: ActiveSnapshot) -> list[TopicSnapshotState]:
    return [topic.state for topic in active.topics]


def test_a_snapshot_is_followed_from_start_to_end() -> None:
    active = snapshot(["public.a", "public.b"])
    after, changes = reduce_all(
        active,
        [
            STARTED,
            told(NotificationKind.IN_PROGRESS, "public.a", seconds=2),
            scanned("public.a", rows=40, seconds=3),
            scanned("public.b", "EMPTY", rows=0, seconds=4),
            COMPLETED,
        ],
    )
    assert changes.steps == (SnapshotState.RUNNING, SnapshotState.COMPLETED)
    assert (changes.code, changes.message, changes.next_signal_id) == (None, None, None)
    assert changes.started_at == NOON + timedelta(seconds=1)
    assert changes.progressed_at == changes.finished_at == NOON + timedelta(seconds=9)
    assert [(change.before.state, change.after.state) for change in changes.signals] == [
        (SignalState.SENT, SignalState.ENDED)
    ]
    first, second = after.topics
    assert (first.state, first.rows_scanned, first.outcome, first.engine_status) == (
        TopicSnapshotState.COMPLETED,
        40,
        TopicSnapshotOutcome.SUCCEEDED,
        "SUCCEEDED",
    )
    assert (first.started_at, first.finished_at) == (NOON + timedelta(seconds=2), NOON + timedelta(seconds=3))
    assert (second.state, second.outcome) == (TopicSnapshotState.COMPLETED, TopicSnapshotOutcome.EMPTY)


@pytest.mark.parametrize(
    ("state", "signal_state", "steps"),
    [
        (SnapshotState.SENDING, SignalState.SENDING, (SnapshotState.DISPATCHED, SnapshotState.RUNNING)),
        (SnapshotState.UNCONFIRMED, SignalState.UNCONFIRMED, (SnapshotState.RUNNING,)),
        (SnapshotState.DISPATCHED, SignalState.SENT, (SnapshotState.RUNNING,)),
        (SnapshotState.PAUSED, SignalState.SENT, (SnapshotState.RUNNING,)),
    ],
)
def test_being_seen_is_evidence_that_the_signal_arrived(
    state: SnapshotState, signal_state: SignalState, steps: tuple[SnapshotState, ...]
) -> None:
    after, changes = reduce_all(snapshot(["public.a"], state=state, first=signal_state), [STARTED])
    assert changes.steps == steps
    assert [signal.state for signal in after.signals] == [SignalState.SENT]


def test_the_engine_s_own_refusals_fail_the_topics_but_not_the_good_ones() -> None:
    after, changes = reduce_all(
        snapshot(["public.a", "public.b"]),
        [STARTED, scanned("public.a", "UNKNOWN_SCHEMA"), scanned("public.b"), COMPLETED],
    )
    assert states(after) == [TopicSnapshotState.FAILED, TopicSnapshotState.COMPLETED]
    assert after.topics[0].outcome is TopicSnapshotOutcome.UNKNOWN_TABLE
    assert changes.steps[-1] is SnapshotState.PARTIALLY_COMPLETED
    assert changes.code is SnapshotErrorCode.TABLES_FAILED
    assert changes.message == "1 of 2 topics could not be read; see the outcome of each topic."


def test_completed_without_a_report_of_a_table_is_no_success() -> None:
    """It is waited for first: the report may come late, by another partition."""
    active, changes = reduce_all(snapshot(["public.a"]), [STARTED, COMPLETED])
    assert changes.steps == (SnapshotState.RUNNING,)
    assert states(active) == [TopicSnapshotState.PENDING]
    after, changes = conclude(active)
    assert changes.steps == (SnapshotState.FAILED,)
    assert changes.finished_at == COMPLETED.at
    assert after.topics[0].outcome is TopicSnapshotOutcome.NOT_REPORTED


def test_a_report_that_comes_after_the_end_counts_and_ends_it() -> None:
    active, _ = reduce_all(snapshot(["public.a"]), [STARTED, COMPLETED])
    after, changes = reduce_all(active, [scanned("public.a")])
    assert changes.steps == (SnapshotState.COMPLETED,)
    assert (changes.finished_at, states(after)) == (COMPLETED.at, [TopicSnapshotState.COMPLETED])


def test_nothing_is_concluded_before_an_end_was_told() -> None:
    active, _ = reduce_all(snapshot(["public.a"]), [STARTED])
    assert conclude(active)[1].is_empty


def test_a_signal_without_a_report_holds_up_the_next_one() -> None:
    active, changes = reduce_all(snapshot(["public.a"], ["public.b"]), [STARTED, COMPLETED])
    assert changes.next_signal_id is None
    assert conclude(active)[1].next_signal_id == "sig-1"


def test_a_snapshot_that_starts_with_nothing_to_read_has_ended() -> None:
    after, changes = reduce_all(snapshot(["public.x y"]), [replace(STARTED, reads_nothing=True)])
    assert changes.steps[-1] is SnapshotState.FAILED
    assert after.topics[0].outcome is TopicSnapshotOutcome.NOT_REPORTED


def test_the_first_end_of_a_table_stands() -> None:
    after, _ = reduce_all(
        snapshot(["public.a"]), [scanned("public.a", rows=5), scanned("public.a", "SQL_EXCEPTION", 9)]
    )
    assert (after.topics[0].state, after.topics[0].rows_scanned) == (TopicSnapshotState.COMPLETED, 5)


def test_rows_never_go_down() -> None:
    progress = [
        replace(told(NotificationKind.IN_PROGRESS, "public.a"), rows_scanned=count) for count in (7, 3, None, 8, 2)
    ]
    after, _ = reduce_all(snapshot(["public.a"]), progress)
    assert after.topics[0].rows_scanned == 8


def test_every_topic_of_a_shared_table_changes() -> None:
    after, _ = reduce_all(snapshot(["public.a", "public.a"]), [scanned("public.a")])
    assert states(after) == [TopicSnapshotState.COMPLETED] * 2


def test_the_same_table_in_another_signal_is_left_alone() -> None:
    after, _ = reduce_all(snapshot(["public.a"], ["public.a"]), [scanned("public.a")])
    assert states(after) == [TopicSnapshotState.COMPLETED, TopicSnapshotState.PENDING]


def test_names_are_matched_by_case_first() -> None:
    after, _ = reduce_all(snapshot(["public.Orders", "public.orders"]), [scanned("public.orders")])
    assert states(after) == [TopicSnapshotState.PENDING, TopicSnapshotState.COMPLETED]


def test_a_name_in_another_case_is_found_where_only_one_table_has_it() -> None:
    assert states(reduce_all(snapshot(["DB1.HR.EMP"]), [scanned("db1.hr.emp")])[0]) == [TopicSnapshotState.COMPLETED]
    two = snapshot(["public.Orders", "public.ORDERS"])
    assert states(reduce_all(two, [scanned("public.orders")])[0]) == [TopicSnapshotState.PENDING] * 2


def test_a_backslash_of_a_name_is_no_escape() -> None:
    after, _ = reduce_all(snapshot([r"public.we\ird"]), [scanned("public.weird")])
    assert states(after) == [TopicSnapshotState.COMPLETED]


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(told(NotificationKind.STARTED, id="other"), id="another signal"),
        pytest.param(told(NotificationKind.STARTED, id="sig-1"), id="a signal not sent yet"),
        pytest.param(told(NotificationKind.STARTED, incremental=False), id="an initial snapshot"),
        pytest.param(told(NotificationKind.ABORTED, id="other"), id="a stop before our start"),
    ],
)
def test_what_is_foreign_changes_nothing(foreign: Notification) -> None:
    assert reduce(snapshot(["public.a"], ["public.b"]), foreign).is_empty


@pytest.mark.parametrize("state", [state for state in SnapshotState if state.is_terminal or not state.holds_source])
def test_a_snapshot_that_does_not_hold_its_source_is_left_alone(state: SnapshotState) -> None:
    assert reduce(snapshot(["public.a"], state=state), STARTED) == SnapshotChanges()


def test_the_end_of_a_signal_makes_the_next_one_due() -> None:
    active, changes = reduce_all(snapshot(["public.a"], ["public.b"]), [STARTED, scanned("public.a"), COMPLETED])
    assert changes.next_signal_id == "sig-1"
    assert active.state is SnapshotState.RUNNING
    assert reduce(active, COMPLETED).is_empty
    sent = replace(active, signals=(active.signals[0], replace(active.signals[1], state=SignalState.SENT)))
    second = [replace(scanned("public.b"), id="sig-1"), replace(COMPLETED, id="sig-1")]
    assert reduce_all(sent, second)[0].state is SnapshotState.COMPLETED


def test_pause_and_resume_move_back_and_forth() -> None:
    active, changes = reduce_all(snapshot(["public.a"]), [STARTED, told(NotificationKind.PAUSED, seconds=2)])
    assert changes.steps == (SnapshotState.RUNNING, SnapshotState.PAUSED)
    assert reduce(active, told(NotificationKind.PAUSED, seconds=2)).is_empty
    assert reduce(active, told(NotificationKind.RESUMED, seconds=3)).steps == (SnapshotState.RUNNING,)


@pytest.mark.parametrize("names", [(), ("public.b",)], ids=["without names", "with the names of what was left"])
@pytest.mark.parametrize("batches", [1, 2], ids=["in one batch", "each in its own"])
def test_a_stop_cancels_what_is_left(names: tuple[str, ...], batches: int) -> None:
    """As Debezium tells it: the end under the snapshot's id, then the stop under a random one, at the same time."""
    log = [
        STARTED,
        scanned("public.a"),
        told(NotificationKind.COMPLETED, seconds=3),
        told(NotificationKind.ABORTED, id="random", seconds=3, collections=names),
    ]
    active, _ = reduce_all(snapshot(["public.a", "public.b"], ["public.c"]), log[:-1] if batches == 2 else [])
    after, changes = reduce_all(active, log[-1:] if batches == 2 else log)
    assert states(after) == [TopicSnapshotState.COMPLETED, TopicSnapshotState.CANCELLED, TopicSnapshotState.CANCELLED]
    assert changes.steps[-1] is SnapshotState.PARTIALLY_COMPLETED
    assert (changes.code, changes.next_signal_id) == (None, None)
    assert {signal.state for signal in after.signals} == {SignalState.ENDED}


def test_a_stop_before_any_table_was_read_is_a_cancellation() -> None:
    changes = reduce_all(snapshot(["public.a"]), [STARTED, told(NotificationKind.ABORTED, seconds=3)])[1]
    assert changes.steps[-1] is SnapshotState.CANCELLED
    assert changes.message == "The snapshot was stopped before 1 of 1 topics were read."


def test_a_stop_that_comes_before_the_end_is_one() -> None:
    """Its id is random, so that it can be in another partition."""
    stop = told(NotificationKind.ABORTED, id="random", seconds=9, collections=("public.b", "public.a"))
    after, changes = reduce_all(snapshot(["public.a", "public.b"], ["public.c"]), [STARTED, stop, COMPLETED])
    assert states(after) == [TopicSnapshotState.CANCELLED] * 3
    assert changes.steps[-1] is SnapshotState.CANCELLED


def test_a_stop_of_some_tables_leaves_the_others_running() -> None:
    stop = told(NotificationKind.ABORTED, seconds=3, collections=("public.b",))
    after, changes = reduce_all(snapshot(["public.a", "public.b"]), [STARTED, stop])
    assert states(after) == [TopicSnapshotState.PENDING, TopicSnapshotState.CANCELLED]
    assert changes.steps == (SnapshotState.RUNNING,)


def test_a_stop_of_other_tables_that_is_told_again_after_the_end_stops_nothing() -> None:
    log = [STARTED, told(NotificationKind.ABORTED, seconds=3, collections=("public.foreign",)), COMPLETED]
    once, _ = reduce_all(snapshot(["public.a"]), log)
    assert reduce_all(once, log)[0] == once


def test_a_stop_long_after_the_end_is_another_s() -> None:
    active, _ = reduce_all(snapshot(["public.a"]), [STARTED, COMPLETED])
    late = told(NotificationKind.ABORTED, id="random", seconds=9 + STOP_FOLLOWS.total_seconds() + 0.001)
    assert reduce(active, late).is_empty


# Signals that somebody else sent while ours was at work, or before (as seen on Debezium 3.6).


def test_a_signal_that_takes_over_the_id_still_reports_our_tables_and_our_end() -> None:
    """`two` joined after us: the engine reports our table, then its own, all under its id, and one end."""
    two = [
        replace(scanned("public.a", seconds=3), id="two", collections=("public.a", "public.z")),
        replace(scanned("public.z", seconds=4), id="two", collections=("public.z",)),
        told(NotificationKind.COMPLETED, id="two", seconds=5),
    ]
    after, changes = reduce_all(snapshot(["public.a"]), [STARTED, *two])
    assert changes.steps == (SnapshotState.RUNNING, SnapshotState.COMPLETED)
    assert after.topics[0].finished_at == NOON + timedelta(seconds=3)
    assert changes.finished_at == NOON + timedelta(seconds=5)


def test_a_table_that_the_other_reads_again_keeps_our_outcome() -> None:
    two = [
        replace(scanned("public.a", seconds=3), id="two", collections=("public.a", "public.a")),
        replace(scanned("public.a", "SQL_EXCEPTION", seconds=4), id="two", collections=("public.a",)),
    ]
    after, _ = reduce_all(snapshot(["public.a"]), [STARTED, *two])
    assert after.topics[0].outcome is TopicSnapshotOutcome.SUCCEEDED


def test_where_we_joined_last_only_the_last_reading_of_a_table_is_ours() -> None:
    """No STARTED of ours is told, and the whole goes on under our id; what was there before is read first."""
    joined = [
        told(NotificationKind.STARTED, id="before", seconds=0, collections=("public.a",)),
        replace(scanned("public.a", "SQL_EXCEPTION", seconds=2), collections=("public.a", "public.a")),
        replace(scanned("public.a", seconds=3), collections=("public.a",)),
        COMPLETED,
    ]
    after, changes = reduce_all(snapshot(["public.a"]), joined)
    assert after.topics[0].outcome is TopicSnapshotOutcome.SUCCEEDED
    assert changes.steps[-1] is SnapshotState.COMPLETED


@pytest.mark.parametrize("kind", [NotificationKind.TABLE_SCAN_COMPLETED, NotificationKind.COMPLETED])
def test_what_another_told_before_we_were_seen_is_not_ours(kind: NotificationKind) -> None:
    foreign = told(kind, "public.a", id="before", status="SUCCEEDED")
    assert reduce(snapshot(["public.a"]), foreign).is_empty
    begun, _ = reduce_all(snapshot(["public.a"]), [told(NotificationKind.STARTED, seconds=5)])
    assert reduce(begun, foreign).is_empty


def test_what_the_engine_tells_of_an_older_signal_of_ours_after_its_restart_says_nothing_of_this_one() -> None:
    """It reads signals again from older offsets: the one before, which ended long ago, then ours."""
    active = snapshot(["public.a"])
    again = [
        STARTED,
        told(NotificationKind.STARTED, seconds=9, id="sig-older"),
        replace(scanned("public.a", "SQL_EXCEPTION", seconds=10), id="sig-older"),
        told(NotificationKind.COMPLETED, seconds=11, id="sig-older"),
    ]
    left = telling(active, again, {"sig-older": "snap-older", "sig-0": "snap"})
    assert left == again[:1]
    after, _ = reduce_all(active, [*left, told(NotificationKind.STARTED, seconds=12), scanned("public.a", seconds=13)])
    assert after.topics[0].outcome is TopicSnapshotOutcome.SUCCEEDED


def test_all_that_is_told_tells_of_an_external_snapshot_and_a_random_id_of_any() -> None:
    stop = told(NotificationKind.ABORTED, id="random")
    senders = {"sig-older": "snap-older"}
    assert telling(snapshot(["public.a"]), [stop], senders) == [stop]
    older = told(NotificationKind.STARTED, id="sig-older")
    assert telling(replace(snapshot(["public.a"]), external=True), [older], senders) == [older]


def test_a_signal_that_is_told_of_after_an_end_that_was_taken_for_its_own_goes_on() -> None:
    """A signal by hand is run again before ours is, by an engine that was killed: its start tells no end of ours."""
    by_hand = told(NotificationKind.STARTED, seconds=9, id="by-hand", collections=("public.b",))
    active, _ = reduce_all(snapshot(["public.a"]), [STARTED, by_hand, told(NotificationKind.COMPLETED, id="by-hand")])
    assert active.signals[0].ended_at is not None
    joined = told(NotificationKind.IN_PROGRESS, "public.b", seconds=9.5, collections=("public.b", "public.a"))
    after, _ = reduce_all(active, [joined])
    assert after.signals[0].ended_at is None
    assert conclude(after)[0].state is SnapshotState.RUNNING
    ended, _ = reduce_all(after, [scanned("public.a", seconds=10), told(NotificationKind.COMPLETED, seconds=11)])
    assert ended.state is SnapshotState.COMPLETED


def test_a_start_of_another_proves_that_ours_has_ended() -> None:
    """Our end was lost, or is late; what the other reads is none of ours."""
    log = [
        STARTED,
        scanned("public.a", seconds=2),
        told(NotificationKind.STARTED, id="other", seconds=3),
        replace(scanned("public.b", seconds=4), id="other"),
    ]
    active, changes = reduce_all(snapshot(["public.a", "public.b"]), log)
    assert states(active) == [TopicSnapshotState.COMPLETED, TopicSnapshotState.PENDING]
    after, changes = conclude(active)
    assert changes.steps[-1] is SnapshotState.PARTIALLY_COMPLETED
    assert after.topics[1].outcome is TopicSnapshotOutcome.NOT_REPORTED


def test_old_news_do_not_pause_what_runs() -> None:
    log = [STARTED, told(NotificationKind.RESUMED, seconds=5), told(NotificationKind.PAUSED, seconds=4)]
    assert reduce_all(snapshot(["public.a"]), log)[0].state is SnapshotState.RUNNING


# Blocking snapshots: a random id in every notification.

BLOCKING = SnapshotType.BLOCKING


def blocking(notification: Notification, id: str = "random") -> Notification:
    return replace(notification, incremental=False, id=id)


def test_a_blocking_snapshot_is_followed_by_table_and_time() -> None:
    notifications = [
        blocking(STARTED, "r-1"),
        blocking(told(NotificationKind.IN_PROGRESS, "public.a"), "r-2"),
        blocking(scanned("public.a"), "r-3"),
        blocking(COMPLETED, "r-4"),
    ]
    after, changes = reduce_all(snapshot(["public.a"], snapshot_type=BLOCKING), notifications)
    assert changes.steps == (SnapshotState.RUNNING, SnapshotState.COMPLETED)
    assert states(after) == [TopicSnapshotState.COMPLETED]


def test_a_blocking_snapshot_of_an_unknown_table_fails() -> None:
    active = snapshot(["public.a"], snapshot_type=BLOCKING)
    after, changes = conclude(reduce_all(active, [blocking(STARTED), blocking(COMPLETED)])[0])
    assert changes.steps[-1] is SnapshotState.FAILED
    assert after.topics[0].outcome is TopicSnapshotOutcome.NOT_REPORTED


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(blocking(scanned("public.other")), id="another table"),
        pytest.param(blocking(told(NotificationKind.SKIPPED)), id="the start of the connector"),
        pytest.param(blocking(told(NotificationKind.OTHER)), id="an unknown kind"),
        pytest.param(
            blocking(told(NotificationKind.COMPLETED, seconds=-CLOCK_SKEW.total_seconds() - 0.001)),
            id="before the send",
        ),
        pytest.param(STARTED, id="an incremental one"),
    ],
)
def test_what_is_foreign_to_a_blocking_snapshot_changes_nothing(foreign: Notification) -> None:
    assert reduce(snapshot(["public.a"], snapshot_type=BLOCKING), foreign).is_empty


def test_a_small_difference_of_clocks_is_tolerated() -> None:
    early = blocking(told(NotificationKind.STARTED, seconds=-CLOCK_SKEW.total_seconds()))
    assert not reduce(snapshot(["public.a"], snapshot_type=BLOCKING), early).is_empty


def test_a_blocking_signal_that_was_not_sent_takes_no_notification() -> None:
    active = snapshot(["public.a"], snapshot_type=BLOCKING, first=SignalState.PENDING, state=SnapshotState.RUNNING)
    assert reduce(active, blocking(STARTED)).is_empty


def test_the_end_of_one_blocking_signal_told_again_does_not_end_the_next() -> None:
    active, _ = conclude(
        reduce_all(snapshot(["public.a"], ["public.b"], snapshot_type=BLOCKING), [blocking(COMPLETED)])[0]
    )
    sent = replace(active, signals=(active.signals[0], replace(active.signals[1], state=SignalState.SENT)))
    assert reduce(sent, blocking(COMPLETED)).is_empty


def test_a_blocking_signal_that_gave_up_at_a_table_ends_alone() -> None:
    active = snapshot(["public.a", "public.b"], ["public.c"], snapshot_type=BLOCKING)
    active, _ = reduce_all(
        active, [blocking(scanned("public.a", "SQL_EXCEPTION")), blocking(told(NotificationKind.ABORTED, seconds=3))]
    )
    after, changes = conclude(active)
    assert [topic.outcome for topic in after.topics] == [
        TopicSnapshotOutcome.OTHER,
        TopicSnapshotOutcome.NOT_REPORTED,
        None,
    ]
    assert changes.next_signal_id == "sig-1"


def test_a_blocking_signal_that_its_connector_gave_up_has_failed_and_the_next_goes_on() -> None:
    """Nobody can stop one: `stop-snapshot` is for incremental ones."""
    active = snapshot(["public.a"], ["public.b"], snapshot_type=BLOCKING)
    active, _ = reduce_all(active, [blocking(STARTED), blocking(told(NotificationKind.ABORTED, seconds=3))])
    after, changes = conclude(active)
    assert states(after) == [TopicSnapshotState.FAILED, TopicSnapshotState.PENDING]
    assert after.topics[0].outcome is TopicSnapshotOutcome.NOT_REPORTED
    assert (changes.steps, changes.next_signal_id) == ((), "sig-1")


RESTARTED = blocking(told(NotificationKind.SKIPPED, seconds=3))
"""What every start of a connector tells that has nothing to read at first."""


def test_a_connector_that_starts_anew_has_given_its_blocking_snapshot_up() -> None:
    active = snapshot(["public.a", "public.b"], snapshot_type=BLOCKING)
    active, _ = reduce_all(active, [blocking(STARTED), blocking(scanned("public.a")), RESTARTED])
    assert active.state is SnapshotState.RUNNING, "its signal may be read once more"
    after, changes = conclude(active)
    assert changes.steps == (SnapshotState.PARTIALLY_COMPLETED,)
    assert {topic.data_collection: topic.outcome for topic in after.topics} == {
        "public.a": TopicSnapshotOutcome.SUCCEEDED,
        "public.b": TopicSnapshotOutcome.NOT_REPORTED,
    }


def test_a_connector_that_reads_a_blocking_signal_once_more_after_its_start_does_it_all() -> None:
    active = snapshot(["public.a"], snapshot_type=BLOCKING)
    log = [
        blocking(STARTED),
        RESTARTED,
        blocking(told(NotificationKind.STARTED, seconds=4)),
        blocking(scanned("public.a", seconds=5)),
        blocking(told(NotificationKind.COMPLETED, seconds=6)),
    ]
    assert reduce_all(active, log)[0].state is SnapshotState.COMPLETED


def test_the_start_of_a_connector_before_it_was_at_work_ends_no_blocking_snapshot() -> None:
    active = snapshot(["public.a"], snapshot_type=BLOCKING)
    assert reduce_all(active, [RESTARTED, blocking(told(NotificationKind.STARTED, seconds=4))])[0].signals[0].in_flight
    begun = reduce_all(active, [blocking(told(NotificationKind.STARTED, seconds=4)), RESTARTED])[0]
    assert begun.signals[0].ended_at is None, "it is older than what was seen"


def test_the_start_of_a_connector_ends_no_incremental_snapshot() -> None:
    active = reduce_all(snapshot(["public.a"]), [STARTED])[0]
    assert reduce(active, RESTARTED).is_empty


def test_the_end_of_another_blocking_snapshot_is_not_ours_where_ours_begins_after_it() -> None:
    """Blocking snapshots queue. Of one that was sent by hand just before ours the end comes first."""
    active = snapshot(["public.a"], snapshot_type=BLOCKING)
    log = [
        blocking(told(NotificationKind.COMPLETED, seconds=1)),
        blocking(told(NotificationKind.STARTED, seconds=2)),
        blocking(scanned("public.a", seconds=3)),
        blocking(told(NotificationKind.COMPLETED, seconds=4)),
    ]
    changes = reduce_all(active, log)[1]
    assert changes.steps == (SnapshotState.RUNNING, SnapshotState.COMPLETED)
    assert changes.finished_at == NOON + timedelta(seconds=4)


def test_the_reports_of_a_blocking_snapshot_may_come_in_any_order() -> None:
    """Each has an id of its own, and so a partition of its own."""
    active = snapshot(["public.a"], snapshot_type=BLOCKING)
    log = [blocking(COMPLETED), blocking(scanned("public.a")), blocking(STARTED)]
    assert reduce_all(active, log)[0].state is SnapshotState.COMPLETED


# Snapshots of somebody else.


def outside(snapshot_type: SnapshotType = SnapshotType.INCREMENTAL) -> ActiveSnapshot:
    """A snapshot of somebody else, of which nothing but its start is known."""
    return ActiveSnapshot(
        source_snapshot_id="snap",
        snapshot_type=snapshot_type,
        state=SnapshotState.RUNNING,
        sending_since=None,
        signals=(ActiveSignal(EXTERNAL_SIGNAL, 0, SignalState.SENT),),
        topics=(),
        started_at=NOON,
        external=True,
    )


CANDIDATES = [ActiveTopic(f"topic-{name[-1]}", None, name) for name in ("public.a", "public.b", "public.x,y")]


def test_an_external_snapshot_takes_in_the_topics_that_it_is_told_to_read() -> None:
    log = [
        replace(STARTED, id="theirs", collections=("public.a", "public.x", "y", "public.unknown")),
        replace(scanned("public.a"), id="theirs"),
        replace(scanned("public.x,y", "SQL_EXCEPTION"), id="theirs"),
        replace(COMPLETED, id="theirs"),
    ]
    after, changes, rest = reduce_until_end(outside(), [*log, STARTED], CANDIDATES)
    assert {topic.data_collection: topic.outcome for topic in changes.found} == {
        "public.a": TopicSnapshotOutcome.SUCCEEDED,
        "public.x,y": TopicSnapshotOutcome.OTHER,
    }
    assert after.state is SnapshotState.PARTIALLY_COMPLETED
    assert rest == [STARTED]


def test_an_external_snapshot_of_unknown_tables_ends_as_the_engine_says() -> None:
    end = reduce_all(outside(), [COMPLETED])[0]
    assert end.state is SnapshotState.COMPLETED
    stopped = reduce_all(outside(), [told(NotificationKind.ABORTED, id="random")])[0]
    assert stopped.state is SnapshotState.CANCELLED


@pytest.mark.parametrize("snapshot_type", list(SnapshotType))
def test_a_start_ends_the_external_snapshot_before_it(snapshot_type: SnapshotType) -> None:
    log = [
        replace(one, incremental=snapshot_type is SnapshotType.INCREMENTAL)
        for one in (STARTED, replace(told(NotificationKind.STARTED, seconds=4), id="next"))
    ]
    after, changes, rest = reduce_until_end(outside(snapshot_type), log)
    assert after.state.is_terminal
    assert changes.finished_at == STARTED.at
    assert rest == log[1:]


def test_a_connector_that_starts_says_nothing_of_an_external_snapshot() -> None:
    skipped = blocking(told(NotificationKind.SKIPPED))
    assert reduce(outside(BLOCKING), skipped).is_empty


def test_an_external_blocking_snapshot_is_over_where_its_connector_starts_anew() -> None:
    begun = reduce_all(outside(BLOCKING), [blocking(STARTED), RESTARTED])[0]
    assert conclude(begun)[0].state.is_terminal


# Giving up.


def test_to_give_up_claims_nothing() -> None:
    active, _ = reduce_all(snapshot(["public.a", "public.b"], ["public.c"]), [STARTED, scanned("public.a")])
    after, changes = give_up(active, NOON + timedelta(hours=2), "Nobody knows.")
    assert changes.steps == (SnapshotState.ABANDONED,)
    assert (changes.code, changes.message) == (SnapshotErrorCode.END_NOT_REPORTED, "Nobody knows.")
    assert [topic.outcome for topic in after.topics] == [
        TopicSnapshotOutcome.SUCCEEDED,
        TopicSnapshotOutcome.NOT_REPORTED,
        TopicSnapshotOutcome.NOT_REPORTED,
    ]
    assert [signal.state for signal in after.signals] == [SignalState.SENT, SignalState.REFUSED]


# Whatever comes.

COLLECTIONS = ["public.a", "public.b", "public.c", "public.x,y"]


@st.composite
def logs(draw: st.DrawFn) -> list[Notification]:
    """Notifications in the order of their offsets, each later than the one before."""
    return [
        told(
            draw(st.sampled_from(NotificationKind)),
            draw(st.sampled_from([*COLLECTIONS, "public.foreign"])),
            id=draw(st.sampled_from(["sig-0", "sig-1", "sig-2", "random"])),
            seconds=second,
            status=draw(st.sampled_from(["SUCCEEDED", "EMPTY", "SKIPPED", "NEW", None])),
            rows=draw(st.none() | st.integers(0, 100)),
            incremental=draw(st.booleans()),
            collections=draw(st.sampled_from([(), ("public.a",), ("public.foreign",)])),
        )
        for second in range(draw(st.integers(0, 12)))
    ]


@st.composite
def snapshots(draw: st.DrawFn) -> ActiveSnapshot:
    state, first = draw(
        st.sampled_from(
            [
                (SnapshotState.SENDING, SignalState.SENDING),
                (SnapshotState.UNCONFIRMED, SignalState.UNCONFIRMED),
                (SnapshotState.DISPATCHED, SignalState.SENT),
                (SnapshotState.RUNNING, SignalState.SENT),
                (SnapshotState.PAUSED, SignalState.SENT),
            ]
        )
    )
    signals = draw(st.lists(st.lists(st.sampled_from(COLLECTIONS), min_size=1, max_size=4), min_size=1, max_size=3))
    return snapshot(*signals, snapshot_type=draw(st.sampled_from(SnapshotType)), state=state, first=first)


@given(snapshots(), logs())
def test_a_notification_read_twice_changes_nothing(active: ActiveSnapshot, log: list[Notification]) -> None:
    once, _ = reduce_all(active, log)
    twice, changes = reduce_all(once, log[-1:])
    assert twice == once
    assert (changes.signals, changes.topics, changes.steps, changes.next_signal_id) == ((), (), (), None)


@given(snapshots(), logs())
def test_a_log_read_twice_takes_nothing_back(active: ActiveSnapshot, log: list[Notification]) -> None:
    # It may end what was left open: a log can report the end of a signal before a table of it.
    once, _ = reduce_all(active, log)
    twice, _ = reduce_all(once, log)
    assert [topic for topic in once.topics if topic.state.is_terminal] == [
        after for before, after in zip(once.topics, twice.topics, strict=True) if before.state.is_terminal
    ]
    assert not once.state.is_terminal or twice == once
    again, _ = reduce_all(twice, log)
    assert again == twice or not twice.state.is_terminal


@given(snapshots(), logs(), st.integers(0, 12))
def test_batches_may_be_cut_anywhere(active: ActiveSnapshot, log: list[Notification], cut: int) -> None:
    whole, changes = reduce_all(active, log)
    middle, first = reduce_all(active, log[:cut])
    end, second = reduce_all(middle, log[cut:])
    assert end == whole
    assert first.steps + second.steps == changes.steps


@given(snapshots(), logs().flatmap(st.permutations))
def test_no_order_breaks_a_transition(active: ActiveSnapshot, log: Sequence[Notification]) -> None:
    after, changes = reduce_all(active, log)
    for before, step in pairwise((active.state, *changes.steps)):
        assert before.can_become(step)
    assert after.state is (changes.steps[-1] if changes.steps else active.state)
    for change in changes.topics:
        assert not change.before.state.is_terminal
        assert (change.after.finished_at is not None) == change.after.state.is_terminal
    if after.state.is_terminal:
        assert after.finished_at is not None
        assert all(topic.state.is_terminal for topic in after.topics)
        assert all(signal.state is SignalState.ENDED for signal in after.signals)
        assert changes.next_signal_id is None
        assert (changes.code is SnapshotErrorCode.TABLES_FAILED) == (TopicSnapshotState.FAILED in states(after))


@given(snapshots(), logs())
def test_the_end_of_the_last_signal_ends_everything(active: ActiveSnapshot, log: list[Notification]) -> None:
    last = replace(
        active,
        signals=tuple(replace(signal, state=SignalState.ENDED) for signal in active.signals[:-1]) + active.signals[-1:],
    )
    last = replace(last, signals=(*last.signals[:-1], replace(last.signals[-1], state=SignalState.SENT)))
    end = replace(
        told(NotificationKind.COMPLETED, seconds=100, id=last.signals[-1].id),
        incremental=active.snapshot_type is SnapshotType.INCREMENTAL,
    )
    after, _ = conclude(reduce_all(last, [*log, end])[0])
    assert after.state.is_terminal
    assert all(topic.state.is_terminal for topic in after.topics)


def test_the_beginning_of_another_s_name_with_a_comma_is_no_second_reading() -> None:
    """Debezium lists names between commas: `a`, and `a,right`, of which the first piece is `a` again."""
    active = snapshot(["public.a", "public.a,right"])
    listed = ("public.a", "public.a", "right")
    log = [
        replace(one, collections=listed)
        for one in (STARTED, scanned("public.a"), scanned("public.a,right", seconds=3), COMPLETED)
    ]

    after, _ = reduce_all(active, log)

    assert after.state is SnapshotState.COMPLETED
    assert [topic.outcome for topic in after.topics] == [TopicSnapshotOutcome.SUCCEEDED] * 2
