"""Snapshots that we did not start: which notification shows that one is running. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from snapshots.following.notifications import Notification, NotificationKind

EXTERNAL = "external"
"""Operation and requester of the bulk snapshot under which an external snapshot is recorded."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of a connector whose source is free."""

    signal_ids: Collection[str]
    """Ids of all our signals, and of others' signals whose snapshot an operator abandoned."""
    last_end: datetime | None
    """When the last snapshot that was seen at work ended, by the engine's clock."""
    not_before: datetime
    """Older notifications do not count: a snapshot that has been silent for so long would be given up."""
    ended_ids: Collection[str] = ()
    """Those of `signal_ids` whose end the engine reported."""

    def is_repeated(self, notification: Notification) -> bool:
        """Whether `notification` shows that the engine begins again with a signal of ours that has ended.

        After a crash it reads signals again from the offsets that it had written (seen on Debezium 3.6).
        """
        return notification.kind is NotificationKind.STARTED and notification.id in self.ended_ids


def first_of_external(notifications: Sequence[Notification], known: Known) -> int | None:
    """Return the position of the first notification that shows that an external snapshot is running, if any.

    For a blocking snapshot, only STARTED counts: its other notifications also have ids of their own, and could be late
    reports of a snapshot of ours. SKIPPED, which each start of a connector reports, does not count.
    """
    return next((place for place, one in enumerate(notifications) if _shows_external(one, known)), None)


def _shows_external(notification: Notification, known: Known) -> bool:
    if not notification.kind.meaning.shows_snapshot or notification.reads_nothing:
        return False
    if not notification.incremental and notification.kind is not NotificationKind.STARTED:
        return False
    is_ours = notification.incremental and notification.id in known.signal_ids and not known.is_repeated(notification)
    if is_ours or not notification.id:
        return False
    if known.last_end is not None and notification.at <= known.last_end:
        return False
    return notification.at >= known.not_before
