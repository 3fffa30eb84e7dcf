"""What commands show of a bulk snapshot, whether it came from the ledger or from a gateway; also their JSON output."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from snapshots.records import BulkSnapshotRecord, SourceSnapshotRecord, TopicSnapshotRecord
from snapshots.states import BulkSnapshotState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotVerdict, VerificationState

BULK_FIELDS = """
id state snapshotType requestedBy requestedAt
snapshots {
  id state code message followed dispatchedAt startedAt finishedAt stalledSince source { name cluster }
  topics {
    state rowsScanned outcome startedAt finishedAt topic { name }
    verification verdict verdictReason expectedRows emittedRows verifiedAt
  }
}
skippedTopics { topicId reason message topic { name } }
"""
"""The GraphQL selection that `from_graphql` reads."""


@dataclass(frozen=True, slots=True)
class TopicView:
    """One topic of a source snapshot."""

    name: str
    state: TopicSnapshotState
    rows_scanned: int | None
    outcome: str | None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    verification: VerificationState = VerificationState.NOT_REQUESTED
    verdict: SnapshotVerdict | None = None
    verdict_reason: str | None = None
    expected_rows: int | None = None
    emitted_rows: int | None = None
    verified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceView:
    """One source snapshot."""

    id: str
    source: str
    cluster: str
    state: SnapshotState
    code: str | None
    message: str | None
    topics: tuple[TopicView, ...]
    followed: bool = True
    dispatched_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    stalled_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SkipView:
    """One topic that was sent to no source."""

    topic_id: str
    name: str | None
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class BulkView:
    """One bulk snapshot."""

    id: str
    state: BulkSnapshotState
    snapshot_type: str
    sources: tuple[SourceView, ...]
    skips: tuple[SkipView, ...]
    requested_by: str | None = None
    requested_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing changes any more by itself: it has ended, and no verdict is due."""
        return self.state is not BulkSnapshotState.IN_PROGRESS and not any(
            topic.verification.is_open for source in self.sources for topic in source.topics
        )

    @property
    def taken(self) -> bool:
        """Whether every topic that was asked for is being read, or has been."""
        lost = {SnapshotState.FAILED, SnapshotState.UNCONFIRMED, SnapshotState.ABANDONED, SnapshotState.CANCELLED}
        return not self.skips and not any(source.state in lost for source in self.sources)

    @property
    def completed(self) -> bool:
        """Whether every source has read all of its topics as far as the engine tells, and no loss is proved."""
        lossy = any(topic.verdict is SnapshotVerdict.INCOMPLETE for source in self.sources for topic in source.topics)
        return self.state is BulkSnapshotState.COMPLETED and not lossy

    @property
    def succeeded(self) -> bool:
        """Whether every topic that was asked for was read: completed, and none skipped."""
        return self.completed and not self.skips


StalledSince = Callable[[SourceSnapshotRecord], datetime | None]
"""Tells since when a snapshot is stalled, if it is."""


def from_record(record: BulkSnapshotRecord, stalled_since: StalledSince) -> BulkView:
    """Return the view of a record of the ledger."""
    skips = tuple(
        SkipView(skip.topic_id, skip.topic.name if skip.topic else None, skip.reason, skip.message)
        for skip in record.skips
    )
    sources = tuple(_source_of_record(snapshot, stalled_since(snapshot)) for snapshot in record.snapshots)
    return BulkView(
        record.id, record.state, record.snapshot_type, sources, skips, record.requested_by, record.requested_at
    )


def _source_of_record(snapshot: SourceSnapshotRecord, stalled_since: datetime | None) -> SourceView:
    return SourceView(
        snapshot.id,
        snapshot.source.name,
        snapshot.source.cluster.name,
        snapshot.state,
        snapshot.code,
        snapshot.message,
        tuple(map(_topic_of_record, snapshot.topics)),
        snapshot.followed,
        snapshot.dispatched_at,
        snapshot.started_at,
        snapshot.finished_at,
        stalled_since,
    )


def _topic_of_record(topic: TopicSnapshotRecord) -> TopicView:
    return TopicView(
        topic.topic.name,
        topic.state,
        topic.rows_scanned,
        topic.outcome,
        topic.started_at,
        topic.finished_at,
        topic.verification,
        topic.verdict,
        topic.verdict_reason,
        topic.expected_rows,
        topic.emitted_rows,
        topic.verified_at,
    )


def with_answers(view: BulkView, messages: Mapping[str, str | None]) -> BulkView:
    """Return `view` with what the caller was told, by source snapshot id, where nothing went wrong since."""
    sources = tuple(replace(one, message=one.message or messages.get(one.id)) for one in view.sources)
    return replace(view, sources=sources)


def from_graphql(bulk: Mapping[str, Any]) -> BulkView:
    """Return the view of what a gateway answered for BULK_FIELDS."""
    skips = tuple(
        SkipView(skip["topicId"], (skip["topic"] or {}).get("name"), skip["reason"], skip["message"])
        for skip in bulk["skippedTopics"]
    )
    return BulkView(
        bulk["id"],
        BulkSnapshotState(bulk["state"]),
        bulk["snapshotType"],
        tuple(map(_source, bulk["snapshots"])),
        skips,
        bulk["requestedBy"],
        _moment(bulk["requestedAt"]),
    )


def _source(snapshot: Mapping[str, Any]) -> SourceView:
    return SourceView(
        snapshot["id"],
        snapshot["source"]["name"],
        snapshot["source"]["cluster"],
        SnapshotState(snapshot["state"]),
        snapshot["code"],
        snapshot["message"],
        tuple(map(_topic, snapshot["topics"])),
        snapshot["followed"],
        _moment(snapshot["dispatchedAt"]),
        _moment(snapshot["startedAt"]),
        _moment(snapshot["finishedAt"]),
        _moment(snapshot["stalledSince"]),
    )


def _topic(topic: Mapping[str, Any]) -> TopicView:
    verdict = topic["verdict"]
    return TopicView(
        topic["topic"]["name"],
        TopicSnapshotState(topic["state"]),
        _number(topic["rowsScanned"]),
        topic["outcome"],
        _moment(topic["startedAt"]),
        _moment(topic["finishedAt"]),
        VerificationState(topic["verification"]),
        None if verdict is None else SnapshotVerdict(verdict),
        topic["verdictReason"],
        _number(topic["expectedRows"]),
        _number(topic["emittedRows"]),
        _moment(topic["verifiedAt"]),
    )


def _number(value: object) -> int | None:
    return None if value is None else int(str(value))  # a BigInt, which may come as a text


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
