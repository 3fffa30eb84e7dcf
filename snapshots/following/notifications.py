"""An engine's report on its snapshots, as a value that the reducer can apply to the ledger."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never


class NotificationKind(StrEnum):
    """What happened (Debezium: `type` of a notification); OTHER for what newer engines may add."""

    STARTED = "STARTED"
    IN_PROGRESS = "IN_PROGRESS"
    TABLE_SCAN_COMPLETED = "TABLE_SCAN_COMPLETED"
    COMPLETED = "COMPLETED"
    ABORTED = "ABORTED"
    PAUSED = "PAUSED"
    RESUMED = "RESUMED"
    SKIPPED = "SKIPPED"
    OTHER = "OTHER"

    @property
    def meaning(self) -> "KindMeaning":
        """What a notification of this kind shows."""
        match self:
            case NotificationKind.STARTED:
                return KindMeaning(is_at_work=True, shows_snapshot=True)
            case NotificationKind.IN_PROGRESS | NotificationKind.TABLE_SCAN_COMPLETED:
                return KindMeaning(is_at_work=True, shows_snapshot=True, reads_table=True)
            case NotificationKind.PAUSED | NotificationKind.RESUMED:
                return KindMeaning(shows_snapshot=True)
            case NotificationKind.COMPLETED | NotificationKind.ABORTED:
                return KindMeaning()
            case NotificationKind.SKIPPED | NotificationKind.OTHER:
                return KindMeaning(proves_nothing=True)
            case _:
                assert_never(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindMeaning:
    """What a kind of notification shows of the snapshot that it is about."""

    is_at_work: bool = False
    """The engine begins or reads: after the end of a snapshot, this means that it runs the snapshot again."""
    reads_table: bool = False
    """A table is being read."""
    shows_snapshot: bool = False
    """A snapshot is running, whoever started it."""
    proves_nothing: bool = False
    """It may come even if there is no snapshot at all."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification of a snapshot, with its position on Kafka.

    Names of collections are as in the catalogue, without the escapes of a signal. Texts hold nothing that PostgreSQL
    cannot store.
    """

    cluster_id: str
    topic: str
    partition: int
    offset: int
    record_timestamp_ms: int
    prefix: str
    """The connector's `topic.prefix` (Debezium calls it `connector_name` here)."""
    id: str
    """The signal's id for an incremental snapshot; random for a blocking one, different in each notification."""
    kind: NotificationKind
    incremental: bool
    """False for what Debezium calls an initial snapshot: a blocking one, or one at the connector's start."""
    at: datetime
    """When it happened, by the engine's clock; the record's time if the engine gave none."""
    collections: tuple[str, ...] = ()
    """The snapshot's collections that are still to be read; pieces of names if a name holds a comma, see `names`."""
    scanned_collection: str | None = None
    """The collection whose scan has just ended."""
    current_collection: str | None = None
    """The collection that is being read."""
    status: str | None = None
    """How the scan of a collection ended, in the engine's own word."""
    rows_scanned: int | None = None
    reads_nothing: bool = False
    """Whether it says explicitly that there is no collection to read."""

    def names(self, collection: str) -> bool:
        """Whether `collection` is among the collections (which are joined by commas, and names may hold commas)."""
        return f",{collection}," in f",{','.join(self.collections)},"
