"""What a connector's offsets tell of the incremental snapshot that it has under way, as a value."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class IncrementalSight:
    """What a connector's offsets tell of its incremental snapshot."""

    correlation_id: str | None = None
    """The id of the signal that joined the snapshot last; None where none is under way."""
    collections: tuple[str, ...] = ()
    """The data collections that are still to be read, the one being read first."""
    reached_at: datetime | None = None
    """When the change happened at which the offsets stand, by the database's clock; None where they do not say."""
