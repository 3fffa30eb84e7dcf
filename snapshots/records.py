"""The ledger's records of a bulk snapshot, read back as frozen values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from snapshots.channels import SignalChannelKind
from snapshots.filters import RowFilter
from snapshots.model import SourceConnector, Topic
from snapshots.plan import Skip
from snapshots.states import BulkSnapshotState, SignalState, SnapshotState, TopicSnapshotState, bulk_state
from snapshots.vocabulary import (
    SnapshotErrorCode,
    SnapshotOrigin,
    SnapshotType,
    SnapshotVerdict,
    TopicSnapshotOutcome,
    VerificationState,
)


class AnswerKind(StrEnum):
    """The answer to the caller about one source: recorded, so that a repeated call gets the same answer."""

    DISPATCHED = "DISPATCHED"
    UNCONFIRMED = "UNCONFIRMED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class SourceAnswer:
    """The typed result of one source, as answered."""

    kind: AnswerKind
    message: str
    code: SnapshotErrorCode | None = None
    """Set for FAILED and UNCONFIRMED."""
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class SignalRecord:
    """One signal of a source snapshot: exactly what was sent, through which channel, and where it went."""

    id: str
    source_snapshot_id: str
    position: int
    channel: SignalChannelKind
    data: str
    state: SignalState
    destination: str | None
    """Where the channel wrote it, for example `public.debezium_signal` or `billing-signal/0@17`."""
    sent_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class TopicSnapshotRecord:
    """One topic within a source snapshot."""

    id: str
    source_snapshot_id: str
    signal_id: str | None
    topic: Topic
    data_collection: str
    filter: RowFilter | None
    surrogate_key: str | None
    state: TopicSnapshotState
    rows_scanned: int | None
    outcome: TopicSnapshotOutcome | None
    engine_status: str | None
    """The engine's own word for how the scan ended, as received."""
    started_at: datetime | None
    finished_at: datetime | None
    verification: VerificationState = VerificationState.NOT_REQUESTED
    expected_rows: int | None = None
    """Rows of the source under the filter, at the time of the verification; None if unknown."""
    emitted_rows: int | None = None
    """Distinct rows that the snapshot emitted, as counted on the topic; None if unknown."""
    verdict: SnapshotVerdict | None = None
    verdict_reason: str | None = None
    verified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SnapshotProgress:
    """How far a snapshot has come, counted over its topics."""

    topics_total: int
    topics_finished: int
    """Topics that ended, whatever their outcome."""
    rows_scanned: int
    """Rows that the engine says it read. No proof: a restart of the connector starts its count anew."""

    @property
    def fraction(self) -> float | None:
        """Finished topics of all, from 0 to 1; None where there are none."""
        return self.topics_finished / self.topics_total if self.topics_total else None

    @classmethod
    def over(cls, topics: Iterable[TopicSnapshotRecord]) -> Self:
        """Count over `topics`."""
        total = finished = rows = 0
        for topic in topics:
            total += 1
            finished += topic.state.is_terminal
            rows += topic.rows_scanned or 0
        return cls(total, finished, rows)


@dataclass(frozen=True, slots=True)
class SourceSnapshotRecord:
    """One source's part of a bulk snapshot."""

    id: str
    bulk_snapshot_id: str
    source: SourceConnector
    snapshot_type: SnapshotType
    state: SnapshotState
    code: SnapshotErrorCode | None
    message: str | None
    answer: SourceAnswer | None
    """None while the first call is running, and forever if it died."""
    signals: tuple[SignalRecord, ...]
    topics: tuple[TopicSnapshotRecord, ...]
    requested_at: datetime
    dispatched_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    progressed_at: datetime | None = None
    """When the engine was last seen at work, by its own clock."""
    origin: SnapshotOrigin = SnapshotOrigin.REQUESTED
    followed: bool = True
    """Whether the connector reports on its snapshots, so that the result of this one can be known."""

    @property
    def progress(self) -> SnapshotProgress:
        """How far it has come, in topics and rows."""
        return SnapshotProgress.over(self.topics)


@dataclass(frozen=True, slots=True)
class BulkSnapshotRecord:
    """A bulk snapshot with all its parts; `snapshots` in order of first appearance, `skips` in input order."""

    id: str
    tenant_id: str
    snapshot_type: SnapshotType
    requested_by: str
    requested_at: datetime
    reason: str | None
    idempotency_key: str | None
    request_hash: bytes
    answered: bool
    """Whether the first call has recorded its answer."""
    snapshots: tuple[SourceSnapshotRecord, ...]
    skips: tuple[Skip, ...]
    retry_of: str | None = None
    """The bulk snapshot that this one retries."""
    verify: bool = False
    """Whether its verification was requested together with it."""

    @property
    def state(self) -> BulkSnapshotState:
        """The state, derived from those of the source snapshots."""
        return bulk_state(snapshot.state for snapshot in self.snapshots)

    @property
    def progress(self) -> SnapshotProgress:
        """How far it has come, in topics and rows; skipped topics are not counted."""
        return SnapshotProgress.over(topic for snapshot in self.snapshots for topic in snapshot.topics)

    @property
    def is_final(self) -> bool:
        """Whether nothing changes any more by itself: every source snapshot has ended, and no verdict is due."""
        if self.state is BulkSnapshotState.IN_PROGRESS:
            return False
        return not any(topic.verification.is_open for one in self.snapshots for topic in one.topics)


@dataclass(frozen=True, slots=True)
class BulkSnapshotFilter:
    """Bulk snapshots that satisfy all of these conditions. None means no condition; an empty tuple matches nothing."""

    snapshot_types: tuple[SnapshotType, ...] | None = None
    states: tuple[BulkSnapshotState, ...] | None = None
    source_ids: tuple[str, ...] | None = None
    """With a source snapshot on any of these connectors."""
    topic_ids: tuple[str, ...] | None = None
    """With any of these topics in a source snapshot; skipped topics do not count."""
    requested_by: tuple[str, ...] | None = None
    requested_after: datetime | None = None
    """At this moment or later."""
    requested_before: datetime | None = None
    """Before this moment."""
