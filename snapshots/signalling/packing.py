"""The one place where `execute-snapshot` signals are built: which topics share one, and what it says.

The rules were seen on Debezium 3.6 (docs/debezium.md): `data` must always be an object; a filter that the database
rejects takes other tables of its signal down with it. `signalling.names` has those for names.
"""

import json
from collections.abc import Iterator

from snapshots.errors import SourceError
from snapshots.model import SourceConnector
from snapshots.plan import SignalDraft, TopicRequest
from snapshots.signalling.filter_sql import render
from snapshots.signalling.names import collection_entry, condition_collection
from snapshots.vocabulary import SnapshotErrorCode, SnapshotType

EXECUTE_SNAPSHOT = "execute-snapshot"


def draft_signals(
    source: SourceConnector, topics: tuple[TopicRequest, ...], snapshot_type: SnapshotType
) -> tuple[SignalDraft, ...]:
    """Pack `topics` into few signals that fit the source's channel, in their order, but those that can fail last.

    A table with a surrogate key has a signal of its own, and so has each table with a filter, but for the tables
    before it: where the database rejects either, the tables after it are spoilt, and no further signal is sent.
    Raises FilterError where a filter cannot be rendered, SourceError where one topic alone does not fit a signal.
    """
    limit = source.channel.data_limit or source.signal_data_limit
    groups: dict[str | None, list[TopicRequest]] = {}
    for topic in topics:
        groups.setdefault(topic.surrogate_key, []).append(topic)
    return tuple(
        draft
        for surrogate_key, group in sorted(groups.items(), key=lambda item: item[0] is not None)
        for draft in _pack(source, _filtered_last(group), snapshot_type, surrogate_key, limit)
    )


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
        if len(longer) <= limit and _goes_along(batch, topic, snapshot_type):
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


def _filtered_last(topics: list[TopicRequest]) -> list[TopicRequest]:
    """Return `topics` with the filtered ones last, and of those the ones with the same table and filter together."""
    places: dict[object, int] = {}
    for topic in topics:
        places.setdefault((topic.data_collection, topic.filter), len(places))
    return sorted(topics, key=lambda topic: places[topic.data_collection, topic.filter] if topic.filter else -1)


def _goes_along(batch: list[TopicRequest], topic: TopicRequest, snapshot_type: SnapshotType) -> bool:
    """Whether `topic` can share a signal with `batch`.

    Several topics can read one table, but not under different filters. Where the database rejects a table's filter,
    an incremental snapshot fails the next table as well, and with more of them left it hangs until the connector's
    task is restarted: so such a table comes last. A surrogate key that is no column does the same, and holds for the
    whole signal: so such a table is alone. A blocking snapshot picks its own order, and is aborted: so a table with a
    filter is alone (seen on Debezium 3.6 with PostgreSQL).
    """
    same = [other for other in batch if other.data_collection == topic.data_collection]
    if same:
        return all(other.filter == topic.filter for other in same)
    if topic.surrogate_key is not None or any(other.filter is not None for other in batch):
        return not batch
    return topic.filter is None or snapshot_type is SnapshotType.INCREMENTAL or not batch


def _data(
    source: SourceConnector, topics: list[TopicRequest], snapshot_type: SnapshotType, surrogate_key: str | None
) -> str:
    entries = [
        collection_entry(topic.data_collection, snapshot_type, ambiguous=topic.topic.ambiguous) for topic in topics
    ]
    data: dict[str, object] = {"data-collections": list(dict.fromkeys(entries)), "type": snapshot_type.value}
    conditions = {
        condition_collection(
            topic.data_collection, snapshot_type, source.dialect, ambiguous=topic.topic.ambiguous
        ): render(topic.filter, source.dialect, topic.data_collection, snapshot_type)
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
