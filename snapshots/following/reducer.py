"""From an engine's notifications to changes of the ledger: pure, and unmoved by what is repeated, late or foreign.

snapshots.following.correlation says what a notification is about. The caller hands in only notifications of the
snapshot's connector, in the order of their offsets.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from snapshots.following.fold import Fold
from snapshots.following.in_progress import ActiveSnapshot, ActiveTopic, SnapshotChanges
from snapshots.following.notifications import Notification


def reduce_all(active: ActiveSnapshot, notifications: Iterable[Notification]) -> tuple[ActiveSnapshot, SnapshotChanges]:
    """Apply `notifications` in order; return the snapshot as it is then, and all that changed."""
    return reduce_until_end(active, tuple(notifications))[:2]


def reduce_until_end(
    active: ActiveSnapshot, notifications: Sequence[Notification], candidates: Iterable[ActiveTopic] = ()
) -> tuple[ActiveSnapshot, SnapshotChanges, Sequence[Notification]]:
    """Apply `notifications` in order until the snapshot has ended; return it, what changed, and what is left of them.

    Of `candidates` an external snapshot takes in those that it turns out to read.
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
    """Wait no longer for reports that were missing when the engine told the end; the next signal is due then."""
    fold = Fold(active)
    signal = fold.in_flight()
    if signal is not None and signal.ended_at is not None:
        fold.complete(signal, signal.ended_at)
    return fold.result()


def end_in_flight(active: ActiveSnapshot, at: datetime) -> tuple[ActiveSnapshot, SnapshotChanges]:
    """End the signal in flight at `at`, as something else than a notification shows; the next one is due then."""
    fold = Fold(active)
    signal = fold.in_flight()
    if signal is not None:
        fold.complete(signal, at)
    return fold.result()


def give_up(active: ActiveSnapshot, at: datetime, message: str) -> tuple[ActiveSnapshot, SnapshotChanges]:
    """Release the source without knowing what became of the snapshot; what was reported by then stands."""
    fold = Fold(active)
    fold.give_up(at, message)
    return fold.result()
