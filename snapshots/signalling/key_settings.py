"""What a connector's configuration says of the keys that it reads tables by."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KeySettings:
    """The properties that decide which key the engine takes, and what it makes of its columns.

    The defaults are the engine's own, and stand where Kafka Connect could not be asked.
    """

    columns: str = ""
    """`message.key.columns`, as configured: keys that replace those of the tables."""
    sends_unknown_types: bool = False
    """Whether columns of types that the engine does not know are in its records (`include.unknown.datatypes`)."""
    filters_columns: bool = False
    """Whether columns may be left out (`column.exclude.list`, `column.include.list`)."""
