"""Tells which tables an incremental snapshot cannot read because of their keys, and what works instead.

Such a table stops its connector for good, takes those after it down with it, or loses rows (docs/debezium.md, keys).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from snapshots.engines.debezium.source_database.postgresql.table_keys import AskedTable, TableKey, read_table_keys
from snapshots.model import SourceConnector
from snapshots.plan import Finding, TopicRequest
from snapshots.signalling.key_settings import KeySettings
from snapshots.signalling.key_types import KeyColumn, KeyTrouble, is_good_surrogate, is_sent, reading_trouble
from snapshots.vocabulary import SkipReason

_WHAT_HAPPENS: Mapping[KeyTrouble, str] = {
    KeyTrouble.NOT_STORED: (
        "which Debezium cannot store in its offset: an incremental snapshot would stop connector {connector} for good"
    ),
    KeyTrouble.NOT_BOUND: (
        "by which Debezium cannot ask for the next chunk: an incremental snapshot of the table would fail, and spoil "
        "the tables after it"
    ),
    KeyTrouble.NOT_SENT: (
        "which Debezium leaves out of the keys of its records: an incremental snapshot would lose rows"
    ),
}


async def find_unsafe_keys(
    connection: Any,  # noqa: ANN401 (asyncpg ships no types)
    source: SourceConnector,
    topics: Sequence[TopicRequest],
    settings: KeySettings,
) -> Mapping[str, Finding]:
    """Return by topic id why an incremental snapshot of it is not safe.

    Raises asyncpg's errors, and UnreadableKeyError.
    """
    tables = {topic.topic.id: AskedTable(topic.data_collection, topic.surrogate_key) for topic in topics}
    keys = await read_table_keys(connection, list(dict.fromkeys(tables.values())), settings)
    found = {
        table: Finding(SkipReason.UNSAFE_KEY, message)
        for table, key in keys.items()
        if (message := explain(source, key, settings))
    }
    return {topic_id: found[table] for topic_id, table in tables.items() if table in found}


def explain(source: SourceConnector, key: TableKey, settings: KeySettings) -> str | None:
    """Return what an incremental snapshot of a table with this key would do, and what works; None where it is safe."""
    read_by = (key.surrogate,) if key.surrogate is not None else key.columns
    unsent = [column for column in key.columns if not _is_sent(column, settings)]
    for kind in (KeyTrouble.NOT_STORED, KeyTrouble.NOT_BOUND):
        for column in read_by:
            if reading_trouble(column) is kind:
                instead = "" if unsent else _instead(key)
                role = "key column" if key.surrogate is None else "surrogate key"
                return _message(source, role, column, kind, instead)
    return _message(source, "key column", unsent[0], KeyTrouble.NOT_SENT) if unsent else None


def _is_sent(column: KeyColumn, settings: KeySettings) -> bool:
    return is_sent(column, sends_unknown_types=settings.sends_unknown_types)


def _message(source: SourceConnector, role: str, column: KeyColumn, kind: KeyTrouble, instead: str = "") -> str:
    happens = _WHAT_HAPPENS[kind].format(connector=source.name)
    return f"The {role} {column.name} is of type {column.type}, {happens}. Use BLOCKING{instead}."


def _instead(key: TableKey) -> str:
    """Return what else works for a table whose records have all columns of their key."""
    if key.surrogate is not None and not any(map(reading_trouble, key.columns)):
        return ", or leave the surrogate key out"
    # A surrogate key mends the reading, not a key that rows share: with that they are lost all the same.
    good = next(filter(is_good_surrogate, key.candidates), None) if key.is_sound else None
    return f", or the surrogate key {good.name}" if good else ""
