"""The one place where `execute-snapshot` signals are built.

The rules were seen on Debezium 3.6 (docs/debezium.md): entries of `data-collections` are full-match Java regexes,
case-sensitive for INCREMENTAL, case-insensitive and split at commas for BLOCKING; the collection of an additional
condition is a case-insensitive regex for INCREMENTAL and a literal for BLOCKING; `data` must always be an object; a
filter that the database rejects takes other tables of its signal down with it.
"""

import json
import re
from collections.abc import Iterator

from snapshots import filters
from snapshots.errors import SourceError
from snapshots.model import SourceConnector
from snapshots.plan import SignalDraft, TopicRequest
from snapshots.vocabulary import Dialect, SignalChannelKind, SnapshotErrorCode, SnapshotType

EXECUTE_SNAPSHOT = "execute-snapshot"
KAFKA_DATA_LIMIT = 500_000
"""Longest `data` for a Kafka signal in characters: with up to 2 bytes each still below Kafka's default of 1 MiB."""

_METACHARACTERS = re.compile(r"[\\\[\]{}()<>*+\-=!?^$|.]")
_UNPARSABLE = re.compile(r"[\s\"'`]")
"""What Debezium's parser of table names takes for the end of a name, or for quotes."""
_METACHARACTERS_BUT_DOT = re.compile(r"[\\\[\]{}()<>*+\-=!?^$|]")


def draft_signals(
    source: SourceConnector, topics: tuple[TopicRequest, ...], snapshot_type: SnapshotType
) -> tuple[SignalDraft, ...]:
    """Pack `topics` into few signals that fit the source's channel, in their order, but those that can fail last.

    A table with a surrogate key has a signal of its own, and so has each table with a filter, but for the tables
    before it: where the database rejects either, the tables after it are spoilt, and no further signal is sent.
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
        for surrogate_key, group in sorted(groups.items(), key=lambda item: item[0] is not None)
        for draft in _pack(source, _filtered_last(group), snapshot_type, surrogate_key, limit)
    )


def stops_connector(name: str, snapshot_type: SnapshotType, dialect: Dialect) -> bool:
    """Whether a snapshot of the collection `name` can kill the connector's task, so that it must not be asked for.

    While an incremental snapshot has tables to read, Debezium keeps their names in its offset, without quotes. Where it
    cannot parse one when it reads the offset again, its task fails, and may do so at each restart (seen on 3.6 with
    PostgreSQL; the offset is the same code for all relational databases).
    """
    return (
        snapshot_type is SnapshotType.INCREMENTAL
        and dialect is not Dialect.MONGODB
        and _UNPARSABLE.search(name) is not None
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


def condition_collection(name: str, snapshot_type: SnapshotType, dialect: Dialect, *, ambiguous: bool) -> str:
    """Return `name` as the `data-collection` of an additional condition.

    One that does not match what Debezium takes the name for is ignored silently, and every row is read.
    """
    if snapshot_type is SnapshotType.BLOCKING:
        if not _UNPARSABLE.search(name):
            return name  # a literal there
        # It is parsed at first, and one that cannot be parsed ends the snapshot without a word (seen).
        return ".".join('"' + part.replace('"', '""') + '"' for part in filters.name_parts(name, dialect))
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
    places: dict[tuple[str, filters.RowFilter | None], int] = {}
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
        ): filters.render(topic.filter, source.dialect, topic.data_collection, snapshot_type)
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
