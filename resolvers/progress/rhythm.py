"""How often a hub looks at what is watched."""

from dataclasses import dataclass

INTERVAL_SECONDS = 0.25
LOOK_SECONDS = 15.0
DEAF_LOOK_SECONDS = 2.0
RETRY_SECONDS = 1.0
LINGER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Times between looks, in seconds."""

    interval: float = INTERVAL_SECONDS
    """The least time between two looks at one bulk snapshot, and so between two of its states."""
    look: float = LOOK_SECONDS
    """The time between two looks that nothing asked for, while announcements arrive."""
    deaf_look: float = DEAF_LOOK_SECONDS
    """The same while they do not."""
    retry: float = RETRY_SECONDS
    """The time after which a look that failed is taken again."""
    linger: float = LINGER_SECONDS
    """How long announcements are still listened to after the last watcher has left."""


RHYTHM = Rhythm()
