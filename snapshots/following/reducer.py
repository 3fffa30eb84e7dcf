"""From an engine's notifications to changes of the ledger. Pure; repeated, late or foreign ones take nothing back.

snapshots.following.correlation decides what a notification belongs to. The caller passes only notifications of the
snapshot's connector, in the order of their offsets.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from snapshots.following.fold import Fold
from snapshots.following.in_progress import ActiveSnapshot, ActiveTopic, SnapshotChanges
from snapshots.following.notifications import Notification


def reduce_all(active: ActiveSnapshot, notifications: Iterable[Notification]) -> tuple[ActiveSnapshot, SnapshotChanges]:
    """Apply `notifications` in order; return the resulting snapshot and all changes."""
    return reduce_until_end(active, tuple(notifications))[:2]


def reduce_until_end(
    active: ActiveSnapshot, notifications: Sequence[Notification], candidates: Iterable[ActiveTopic] = ()
) -> tuple[ActiveSnapshot, SnapshotChanges, Sequence[Notification]]:
    """Apply `notifications` in order until the snapshot has ended; return it, the changes, and what is left.

    An external snapshot adds those of `candidates` that it turns out to read.
    """
    fold = Fold(active, candidates)
    for place, notification in enumerate(notifications):
        if fold.ended_before(notification):
            return *fold.result(), notifications[place:]
        fold.apply(notification)
        if fold.ended:
            return *fold.result(), notifications[place + 1 :]
    return *fold.result(), ()


def conclude(active: ActiveSnapshot) -> tuple[ActiveSnapshot, SnapshotChanges]:
    """Stop waiting for reports that were missing when the engine reported the end; the next signal is then due."""
    fold = Fold(active)
    signal = fold.in_flight()
    if signal is not None and signal.ended_at is not None:
        fold.complete(signal, signal.ended_at)
    return fold.result()


def end_in_flight(active: ActiveSnapshot, at: datetime) -> tuple[ActiveSnapshot, SnapshotChanges]:
    """End the signal in flight at `at`, if something else than a notification shows its end; the next one is due."""
    fold = Fold(active)
    signal = fold.in_flight()
    if signal is not None:
        fold.complete(signal, at)
    return fold.result()


def give_up(active: ActiveSnapshot, at: datetime, message: str) -> tuple[ActiveSnapshot, SnapshotChanges]:
    """Release the source although the result of the snapshot is unknown; earlier reports stay valid."""
    fold = Fold(active)
    fold.give_up(at, message)
    return fold.result()
