"""What showed a snapshot's changes while a batch of notifications is applied to it: in each case the notification."""

from dataclasses import dataclass, field, replace

from snapshots.following.in_progress import Joining, SnapshotChanges
from snapshots.following.notifications import Notification


@dataclass(slots=True)
class Evidence:
    """The notification that is being applied, and which of them showed what."""

    latest: Notification | None = None
    """None while nothing is applied: what changes then was concluded from something else."""
    _steps: list[Notification | None] = field(default_factory=list)
    _parts: dict[str, Notification] = field(default_factory=dict)
    _joined: dict[str, Joining] = field(default_factory=dict)

    def note_steps(self, number: int) -> None:
        """Note what showed the next `number` steps of the source snapshot."""
        self._steps.extend([self.latest] * number)

    def note_part(self, part_id: str) -> None:
        """Note what showed the state of a signal or topic; the last word stands, as it is the state that is written."""
        if self.latest is not None:
            self._parts[part_id] = self.latest

    def note_joining(self, notification: Notification) -> None:
        """Note that somebody else's signal has joined; the first word of each counts."""
        self._joined.setdefault(notification.id, Joining(notification, len(self._steps)))

    def added_to(self, changes: SnapshotChanges) -> SnapshotChanges:
        """Return `changes` with what showed them."""
        joined = tuple(self._joined.values())
        return replace(changes, step_evidence=tuple(self._steps), evidence=self._parts, joined=joined)
