"""The notifications that showed a snapshot's changes, while a batch of them is applied."""

from dataclasses import dataclass, field, replace

from snapshots.following.in_progress import Joining, SnapshotChanges
from snapshots.following.notifications import Notification


@dataclass(slots=True)
class Evidence:
    """The notification that is being applied, and which notification showed which change."""

    latest: Notification | None = None
    """None while no notification is applied: changes then come from another conclusion."""
    _steps: list[Notification | None] = field(default_factory=list)
    _parts: dict[str, Notification] = field(default_factory=dict)
    _joined: dict[str, Joining] = field(default_factory=dict)

    def note_steps(self, number: int) -> None:
        """Record what showed the next `number` steps of the source snapshot."""
        self._steps.extend([self.latest] * number)

    def note_part(self, part_id: str) -> None:
        """Record what showed the state of a signal or topic; the last report counts, because its state is written."""
        if self.latest is not None:
            self._parts[part_id] = self.latest

    def note_joining(self, notification: Notification) -> None:
        """Record that somebody else's signal has joined; the first report of each counts."""
        self._joined.setdefault(notification.id, Joining(notification, len(self._steps)))

    def added_to(self, changes: SnapshotChanges) -> SnapshotChanges:
        """Return `changes` with the notifications that showed them."""
        joined = tuple(self._joined.values())
        return replace(changes, step_evidence=tuple(self._steps), evidence=self._parts, joined=joined)
