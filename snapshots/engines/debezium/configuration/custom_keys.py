"""The keys that `message.key.columns` gives to tables: `regex:column,…` between semicolons. Pure."""

import re
from collections.abc import Iterator, Sequence

from snapshots.engines.debezium.configuration.java_patterns import NOT_PYTHON, java_pattern


class UnreadableKeyError(ValueError):
    """`message.key.columns` cannot be read here: its message is a clause that says so."""

    def __init__(self) -> None:
        super().__init__("`message.key.columns` of its configuration cannot be read")


def has_custom_key(setting: str, data_collection: str) -> bool:
    """Whether the setting gives the collection a key, whatever its columns are; what cannot be read here gives none."""
    return any(names != [""] and _is_of(tables, data_collection) for tables, names in _entries(setting))


def custom_key(setting: str, data_collection: str, columns: Sequence[str]) -> list[str]:
    """Return which `columns` of the collection the setting makes its key; none where it names none.

    Each entry's pattern and each of its columns are one pattern, in any case, of `schema.table.column`.
    Raises UnreadableKeyError for what only Java, or a configuration provider, understands.
    """
    if NOT_PYTHON.search(setting):
        raise UnreadableKeyError
    found: list[str] = []
    for tables, names in _entries(setting):
        for name in names:
            try:
                pattern = java_pattern(f"{tables}.{name}")
            except re.error:
                raise UnreadableKeyError from None
            found += [column for column in columns if pattern.fullmatch(f"{data_collection}.{column}")]
    return list(dict.fromkeys(found))


def _entries(setting: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the pattern of each entry's tables, and the columns."""
    for entry in filter(None, map(str.strip, setting.split(";"))):
        tables, _, names = entry.partition(":")
        yield tables, names.split(",")


def _is_of(tables: str, data_collection: str) -> bool:
    try:
        return java_pattern(tables).fullmatch(data_collection) is not None
    except re.error:
        return False
