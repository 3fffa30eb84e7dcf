"""The port that sees snapshots of connectors that send no notifications."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from snapshots.model import SourceConnector


@dataclass(frozen=True, slots=True)
class OffsetsReport:
    """What a connector's offsets tell of its incremental snapshot."""

    correlation_id: str | None = None
    """The id of the signal that joined the snapshot last; None where none is under way."""
    collections: tuple[str, ...] = ()
    """The data collections that are still to be read, the one being read first."""
    reached_at: datetime | None = None
    """When the change happened at which the offsets stand, by the database's clock; None where they do not say."""


class SnapshotProbe(Protocol):
    """Looks for the incremental snapshot of a connector that sends no notifications."""

    async def look(self, source: SourceConnector) -> OffsetsReport | None:
        """Return what the offsets of `source` tell, None where they cannot be read."""
        ...
