"""The history of a bulk snapshot, as the ledger records it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from snapshots.records import BulkSnapshotRecord


class LedgerSubject(StrEnum):
    """What an event of the ledger is about."""

    SOURCE_SNAPSHOT = "SOURCE_SNAPSHOT"
    SIGNAL = "SIGNAL"
    TOPICS = "TOPICS"
    VERIFICATION = "VERIFICATION"
    """Topics of one source snapshot that ended in the same way at the same time."""
    PRUNING = "PRUNING"
    """The removal of old bulk snapshots: the only thing that is ever taken out of the ledger."""


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """One change of state, or several that happened at once. It is written with the change and never changes."""

    id: int
    """Grows from event to event of one bulk snapshot."""
    at: datetime
    bulk_snapshot_id: str
    source_snapshot_id: str | None
    subject_kind: LedgerSubject
    subject_id: str
    """The id of the signal, else of the source snapshot."""
    from_state: str | None
    to_state: str
    cause: str
    """Who or what caused it, for example `requested by ada`, `dispatch`, `settle`, `notification`."""
    detail: dict[str, Any] | None
    """JSON: `code` and `message` of a failure, `attempt` of a send, `topics` that ended, the notification that was
    the `evidence`, and the signal that the snapshot was `joinedBy`."""


@dataclass(frozen=True, slots=True)
class AuditedBulkSnapshot:
    """A bulk snapshot with everything in the ledger about it; events in the order in which they happened."""

    record: BulkSnapshotRecord
    operation: str
    events: tuple[LedgerEvent, ...]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed from the ledger, or would be: rows of each kind.

    `oldest` and `newest` say when the first and the last of the bulk snapshots were requested.
    """

    bulk_snapshots: int = 0
    source_snapshots: int = 0
    topics: int = 0
    signals: int = 0
    skipped_topics: int = 0
    events: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None
    dead_letters: int = 0
    """Notifications that were set aside, by when they were tried for the last time."""
    failed_scans: int = 0
    """Failed scans that were cleared, by when that was."""
