"""What commands read in a bulk snapshot: the fields of BulkSnapshotFields.graphql, with GraphQL's names and values.

Values of enums are texts: a newer gateway may send some that are not known here.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TypedDict

from snapshots.states import BulkSnapshotState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotVerdict, VerificationState


class TopicData(TypedDict):
    """A topic of the catalogue."""

    id: str
    name: str


class SourceData(TypedDict):
    """A source connector."""

    id: str
    name: str
    cluster: str


class TopicSnapshotData(TypedDict):
    """One topic within a source snapshot."""

    topic: TopicData
    state: str
    rowsScanned: str | None
    outcome: str | None
    verification: str
    verdict: str | None
    verdictReason: str | None


class SourceSnapshotData(TypedDict):
    """One source's part of a bulk snapshot."""

    id: str
    source: SourceData
    state: str
    message: str | None
    stalledSince: str | None
    topics: list[TopicSnapshotData]


class SourceSnapshotReference(TypedDict):
    """The id of a source snapshot."""

    id: str


class ResultData(TypedDict):
    """What the caller was told of one source."""

    message: str | None
    snapshot: SourceSnapshotReference


class SkippedTopicData(TypedDict):
    """A topic that was sent to no source."""

    topicId: str
    topic: TopicData | None
    reason: str
    message: str


class BulkSnapshotData(TypedDict):
    """A bulk snapshot."""

    id: str
    state: str
    snapshotType: str
    snapshots: list[SourceSnapshotData]
    results: list[ResultData]
    skippedTopics: list[SkippedTopicData]


LOST = frozenset({SnapshotState.FAILED, SnapshotState.UNCONFIRMED, SnapshotState.ABANDONED})
"""States of a source snapshot whose reason is worth a word."""
_NOT_TAKEN = LOST | {SnapshotState.CANCELLED}
_OPEN = frozenset(state for state in VerificationState if state.is_open)
_ENDED = frozenset(state for state in TopicSnapshotState if state.is_terminal)


def has_ended(bulk: BulkSnapshotData) -> bool:
    """Whether nothing changes any more by itself: it has ended, and no verdict is due."""
    return bulk["state"] != BulkSnapshotState.IN_PROGRESS and not any(map(is_open, topics_of(bulk)))


def was_taken(bulk: BulkSnapshotData) -> bool:
    """Whether every topic that was asked for is being read, or has been."""
    return not bulk["skippedTopics"] and not any(one["state"] in _NOT_TAKEN for one in bulk["snapshots"])


def was_read(bulk: BulkSnapshotData) -> bool:
    """Whether every source has read all of its topics as far as the engine tells, and no loss is proved."""
    lossy = any(topic["verdict"] == SnapshotVerdict.INCOMPLETE for topic in topics_of(bulk))
    return bulk["state"] == BulkSnapshotState.COMPLETED and not lossy


def was_all_read(bulk: BulkSnapshotData) -> bool:
    """Whether every topic that was asked for was read: none was skipped either."""
    return was_read(bulk) and not bulk["skippedTopics"]


def topics_of(bulk: BulkSnapshotData) -> Iterator[TopicSnapshotData]:
    """Yield the topics of all source snapshots."""
    return (topic for one in bulk["snapshots"] for topic in one["topics"])


def is_open(topic: TopicSnapshotData) -> bool:
    """Whether a verdict is still to come."""
    return topic["verification"] in _OPEN


def topic_has_ended(topic: TopicSnapshotData) -> bool:
    """Whether the scan of the topic's table has ended, whatever its outcome."""
    return topic["state"] in _ENDED


def rows_of(topic: TopicSnapshotData) -> int | None:
    """The rows that the engine says it read, None where it has not said so; a BigInt travels as a text."""
    return None if topic["rowsScanned"] is None else int(topic["rowsScanned"])


def silent_since(snapshot: SourceSnapshotData) -> datetime | None:
    """Since when the snapshot is stalled, in UTC; None where it is not."""
    since = snapshot["stalledSince"]
    return None if since is None else datetime.fromisoformat(since).astimezone(UTC)


def answers_of(bulk: BulkSnapshotData) -> Mapping[str, str | None]:
    """What the caller was told of each source snapshot, by its id."""
    return {result["snapshot"]["id"]: result["message"] for result in bulk["results"]}
