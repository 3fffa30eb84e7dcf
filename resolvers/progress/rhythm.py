"""How often a hub reads what is watched."""

from dataclasses import dataclass

INTERVAL_SECONDS = 0.25
LOOK_SECONDS = 15.0
DEAF_LOOK_SECONDS = 2.0
RETRY_SECONDS = 1.0
LINGER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Times between readings, in seconds."""

    interval: float = INTERVAL_SECONDS
    """The shortest time between two readings of one bulk snapshot, and so between two of its states."""
    look: float = LOOK_SECONDS
    """The time between two readings that nothing requested, while announcements arrive."""
    deaf_look: float = DEAF_LOOK_SECONDS
    """The same while they do not."""
    retry: float = RETRY_SECONDS
    """How long to wait after a failed reading before the next try."""
    linger: float = LINGER_SECONDS
    """How long to keep listening for announcements after the last watcher has left."""


RHYTHM = Rhythm()
