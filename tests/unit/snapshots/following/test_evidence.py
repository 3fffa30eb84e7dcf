"""Every change of a batch comes with the notification that showed it, and a signal that joins is noted."""

from dataclasses import replace

from snapshots.following.in_progress import Joining
from snapshots.following.notifications import NotificationKind
from snapshots.following.reducer import conclude, give_up, reduce_all, reduce_until_end
from snapshots.states import SnapshotState
from tests.unit.snapshots.following.test_reducer import COMPLETED, NOON, STARTED, scanned, snapshot, told

A, B = scanned("public.a", seconds=3), scanned("public.b", seconds=4)
BY_HAND = replace(A, id="by-hand", collections=("public.a", "public.z"))


def test_each_change_of_a_batch_has_the_notification_that_showed_it() -> None:
    _, changes = reduce_all(snapshot(["public.a", "public.b"]), [STARTED, A, B, COMPLETED])
    assert changes.steps == (SnapshotState.RUNNING, SnapshotState.COMPLETED)
    assert changes.step_evidence == (STARTED, COMPLETED)
    assert changes.evidence == {"topic-0-0": A, "topic-0-1": B, "sig-0": COMPLETED}


def test_what_was_told_again_or_of_nothing_new_shows_nothing() -> None:
    running, _ = reduce_all(snapshot(["public.a", "public.b"]), [STARTED, A])
    _, changes = reduce_all(running, [STARTED, A])
    assert (changes.step_evidence, changes.evidence) == ((), {})


def test_the_start_of_another_shows_that_ours_has_ended() -> None:
    other = told(NotificationKind.STARTED, id="other", seconds=20)
    ended, changes, _ = reduce_until_end(snapshot(["public.a"]), [STARTED, A, other])
    assert ended.state is SnapshotState.COMPLETED
    assert changes.step_evidence == (STARTED, other)


def test_what_no_notification_showed_has_none() -> None:
    waiting, _ = reduce_all(snapshot(["public.a"]), [STARTED, COMPLETED])
    for _, changes in (conclude(waiting), give_up(waiting, NOON, "gone")):
        assert changes.steps
        assert (set(changes.step_evidence), changes.evidence) == ({None}, {})


def test_a_signal_of_somebody_else_that_joins_is_noted_by_the_first_word_of_it() -> None:
    again = told(NotificationKind.IN_PROGRESS, "public.z", id="by-hand", seconds=5)
    _, changes = reduce_all(snapshot(["public.a"]), [STARTED, BY_HAND, again])
    assert changes.joined == (Joining(BY_HAND, step=1),)


def test_what_joins_no_snapshot_of_ours_is_not_noted() -> None:
    """Our own signals, a stop's random id, blocking ones, and whatever an external snapshot is told by."""
    stop = told(NotificationKind.ABORTED, id="random", seconds=5, collections=("public.a",))
    for log in ([STARTED, A, COMPLETED], [STARTED, stop], [BY_HAND], [STARTED, replace(BY_HAND, incremental=False)]):
        assert reduce_all(snapshot(["public.a"]), log)[1].joined == ()
    external = replace(snapshot(["public.a"], state=SnapshotState.RUNNING), external=True)
    assert reduce_all(external, [BY_HAND])[1].joined == ()
