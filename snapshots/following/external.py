"""Snapshots that we did not start: which notification shows that one is under way. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from snapshots.following.notifications import Notification, NotificationKind

EXTERNAL = "external"
"""Operation and requester of the bulk snapshot that an external snapshot is recorded under."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of a connector that no snapshot holds."""

    signal_ids: Collection[str]
    """Ids of signals of ours, whatever became of them, and of others' whose snapshot was abandoned by an operator."""
    last_end: datetime | None
    """When the last snapshot that was seen at work ended, by the engine's clock."""
    not_before: datetime
    """What is older shows nothing: by rule a snapshot so long silent would be given up."""
    ended_ids: Collection[str] = ()
    """Those of `signal_ids` whose end the engine told."""

    def is_repeated(self, notification: Notification) -> bool:
        """Whether `notification` tells that the engine begins anew with a signal of ours that it had ended.

        After a crash it reads signals again from the offsets that it had written (seen on Debezium 3.6).
        """
        return notification.kind is NotificationKind.STARTED and notification.id in self.ended_ids


def first_of_external(notifications: Sequence[Notification], known: Known) -> int | None:
    """Return the place of the first notification which shows that an external snapshot is under way, if one does.

    For a blocking one that is STARTED alone: its others carry ids of their own too, and could as well be late reports
    of a snapshot of ours. SKIPPED, which each start of a connector tells, is none.
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
