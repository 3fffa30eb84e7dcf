"""The one place where `execute-snapshot` signals are built.

The rules were seen on Debezium 3.6 (docs/debezium.md): entries of `data-collections` are full-match Java regexes,
case-sensitive for INCREMENTAL, case-insensitive and split at commas for BLOCKING; the collection of an additional
condition is a case-insensitive regex for INCREMENTAL and a literal for BLOCKING; `data` must always be an object.
"""

import json
import re
from collections.abc import Iterator

from snapshots import filters
from snapshots.errors import SourceError
from snapshots.jobs import SignalDraft, TopicRequest
from snapshots.kinds import SignalChannelKind, SnapshotErrorCode, SnapshotType
from snapshots.model import SourceConnector

EXECUTE_SNAPSHOT = "execute-snapshot"
KAFKA_DATA_LIMIT = 500_000
"""Longest `data` for a Kafka signal in characters: with up to 2 bytes each still below Kafka's default of 1 MiB."""

_METACHARACTERS = re.compile(r"[\\\[\]{}()<>*+\-=!?^$|.]")
_METACHARACTERS_BUT_DOT = re.compile(r"[\\\[\]{}()<>*+\-=!?^$|]")


def draft_signals(
    source: SourceConnector, topics: tuple[TopicRequest, ...], snapshot_type: SnapshotType
) -> tuple[SignalDraft, ...]:
    """Pack `topics` into as few signals as fit the source's channel, keeping their order within each surrogate key.

    A signal carries one surrogate key at most, so topics with different ones go to different signals.
    Raises FilterError where a filter cannot be rendered, SourceError where one topic alone does not fit a signal.
    """
    limit = KAFKA_DATA_LIMIT
    if source.signal_channel is SignalChannelKind.SOURCE_TABLE:
        limit = source.signal_data_limit
    groups: dict[str | None, list[TopicRequest]] = {}
    for topic in topics:
        groups.setdefault(topic.surrogate_key, []).append(topic)
    return tuple(
        draft
        for surrogate_key, group in groups.items()
        for draft in _pack(source, group, snapshot_type, surrogate_key, limit)
    )


def collection_entry(name: str, snapshot_type: SnapshotType, *, ambiguous: bool) -> str:
    """Return `name` as an entry of `data-collections` that matches that collection and no other.

    A plain name is sent as it is, in the form that Debezium documents. It is escaped where it has to be: a look-alike
    is known (`ambiguous`), or it holds characters that a regex or Debezium's splitting at commas would misread.
    """
    if not ambiguous and not _METACHARACTERS_BUT_DOT.search(name) and "," not in name:
        return name
    escaped = _escape(name)
    return f"(?-i){escaped}" if snapshot_type is SnapshotType.BLOCKING else escaped


def condition_collection(name: str, snapshot_type: SnapshotType, *, ambiguous: bool) -> str:
    """Return `name` as the `data-collection` of an additional condition."""
    if snapshot_type is SnapshotType.BLOCKING:
        return name  # a literal there: an escaped one is ignored silently, and every row is read
    entry = collection_entry(name, snapshot_type, ambiguous=ambiguous)
    return f"(?-i){entry}" if ambiguous else entry


def plain_name(entry: str) -> str:
    """Return the name of a collection as the catalogue has it, from any form in which a notification may carry it."""
    entry = entry.strip().removeprefix("(?-i)")
    return re.sub(r"\\(x2C|.)", lambda match: "," if match[1] == "x2C" else match[1], entry)


def _escape(name: str) -> str:
    return _METACHARACTERS.sub(lambda match: "\\" + match[0], name).replace(",", "\\x2C")


def _pack(
    source: SourceConnector,
    topics: list[TopicRequest],
    snapshot_type: SnapshotType,
    surrogate_key: str | None,
    limit: int,
) -> Iterator[SignalDraft]:
    batch: list[TopicRequest] = []
    data = ""
    for topic in topics:
        longer = _data(source, [*batch, topic], snapshot_type, surrogate_key)
        if len(longer) <= limit and not _contradicts(batch, topic):
            batch, data = [*batch, topic], longer
            continue
        if batch:
            yield SignalDraft(data, tuple(batch))
        batch, data = [topic], _data(source, [topic], snapshot_type, surrogate_key)
        if len(data) > limit:
            message = (
                f"The signal for {topic.data_collection} takes {len(data)} characters, but the signal channel of "
                f"{source.name} takes {limit}: shorten the filter, or widen the signal table's data column."
            )
            raise SourceError(SnapshotErrorCode.SIGNAL_REJECTED, message, retryable=False)
    if batch:
        yield SignalDraft(data, tuple(batch))


def _contradicts(batch: list[TopicRequest], topic: TopicRequest) -> bool:
    """Whether `batch` reads the same collection already, under another filter (several topics can share a table)."""
    return any(other.data_collection == topic.data_collection and other.filter != topic.filter for other in batch)


def _data(
    source: SourceConnector, topics: list[TopicRequest], snapshot_type: SnapshotType, surrogate_key: str | None
) -> str:
    entries = [
        collection_entry(topic.data_collection, snapshot_type, ambiguous=topic.topic.ambiguous) for topic in topics
    ]
    data: dict[str, object] = {"data-collections": list(dict.fromkeys(entries)), "type": snapshot_type.value}
    conditions = {
        condition_collection(topic.data_collection, snapshot_type, ambiguous=topic.topic.ambiguous): filters.render(
            topic.filter, source.dialect, topic.data_collection, snapshot_type
        )
        for topic in topics
        if topic.filter is not None
    }
    if conditions:
        data["additional-conditions"] = [
            {"data-collection": collection, "filter": sql} for collection, sql in conditions.items()
        ]
    if surrogate_key is not None:
        data["surrogate-key"] = surrogate_key
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
