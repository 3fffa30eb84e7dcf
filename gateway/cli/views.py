"""What commands show of a bulk snapshot, whether it came from the ledger or from a gateway; also their JSON output."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from snapshots.records import BulkSnapshotRecord, SourceSnapshotRecord
from snapshots.states import BulkSnapshotState, SnapshotState, TopicSnapshotState

BULK_FIELDS = """
id state snapshotType
snapshots {
  id state code message source { name cluster }
  topics { state rowsScanned outcome topic { name } }
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

    @property
    def ended(self) -> bool:
        """Whether nothing can change any more."""
        return self.state is not BulkSnapshotState.IN_PROGRESS

    @property
    def taken(self) -> bool:
        """Whether every topic that was asked for is being read, or has been."""
        lost = {SnapshotState.FAILED, SnapshotState.UNCONFIRMED, SnapshotState.ABANDONED, SnapshotState.CANCELLED}
        return not self.skips and not any(source.state in lost for source in self.sources)

    @property
    def completed(self) -> bool:
        """Whether every source has read all of its topics, as far as the engine tells."""
        return self.state is BulkSnapshotState.COMPLETED

    @property
    def succeeded(self) -> bool:
        """Whether every topic that was asked for was read: completed, and none skipped."""
        return self.completed and not self.skips


def from_record(record: BulkSnapshotRecord) -> BulkView:
    """Return the view of a record of the ledger."""
    skips = tuple(
        SkipView(skip.topic_id, skip.topic.name if skip.topic else None, skip.reason, skip.message)
        for skip in record.skips
    )
    sources = tuple(_source(snapshot) for snapshot in record.snapshots)
    return BulkView(record.id, record.state, record.snapshot_type, sources, skips)


def _source(snapshot: SourceSnapshotRecord) -> SourceView:
    topics = tuple(
        TopicView(topic.topic.name, topic.state, topic.rows_scanned, topic.outcome) for topic in snapshot.topics
    )
    message = snapshot.message or (snapshot.answer.message if snapshot.answer else None)
    source = snapshot.source
    return SourceView(snapshot.id, source.name, source.cluster.name, snapshot.state, snapshot.code, message, topics)


def from_graphql(bulk: Mapping[str, Any]) -> BulkView:
    """Return the view of what a gateway answered for BULK_FIELDS."""
    sources = tuple(
        SourceView(
            snapshot["id"],
            snapshot["source"]["name"],
            snapshot["source"]["cluster"],
            SnapshotState(snapshot["state"]),
            snapshot["code"],
            snapshot["message"],
            tuple(_topic(topic) for topic in snapshot["topics"]),
        )
        for snapshot in bulk["snapshots"]
    )
    skips = tuple(
        SkipView(skip["topicId"], (skip["topic"] or {}).get("name"), skip["reason"], skip["message"])
        for skip in bulk["skippedTopics"]
    )
    return BulkView(bulk["id"], BulkSnapshotState(bulk["state"]), bulk["snapshotType"], sources, skips)


def _topic(topic: Mapping[str, Any]) -> TopicView:
    rows = topic["rowsScanned"]  # a BigInt, which may come as a text
    return TopicView(
        topic["topic"]["name"],
        TopicSnapshotState(topic["state"]),
        None if rows is None else int(rows),
        topic["outcome"],
    )
