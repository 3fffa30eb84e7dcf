"""Names of collections: as a signal writes them, as a notification carries them, and which must not be sent at all.

The rules were seen on Debezium 3.6 (docs/debezium.md): entries of `data-collections` are full-match Java regexes,
case-sensitive for INCREMENTAL, case-insensitive and split at commas for BLOCKING; the collection of an additional
condition is a case-insensitive regex for INCREMENTAL and a literal for BLOCKING.
"""

import re

from snapshots.signalling.filter_sql import name_parts
from snapshots.vocabulary import Dialect, SnapshotType

_METACHARACTERS = re.compile(r"[\\\[\]{}()<>*+\-=!?^$|.]")
_METACHARACTERS_BUT_DOT = re.compile(r"[\\\[\]{}()<>*+\-=!?^$|]")
_UNPARSABLE = re.compile(r"[\s\"'`]")
"""What Debezium's parser of table names takes for the end of a name, or for quotes."""


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
        return ".".join('"' + part.replace('"', '""') + '"' for part in name_parts(name, dialect))
    entry = collection_entry(name, snapshot_type, ambiguous=ambiguous)
    return f"(?-i){entry}" if ambiguous else entry


def plain_name(entry: str) -> str:
    """Return the name of a collection as the catalogue has it, from any form in which a notification may carry it."""
    entry = entry.strip().removeprefix("(?-i)")
    return re.sub(r"\\(x2C|.)", lambda match: "," if match[1] == "x2C" else match[1], entry)


def _escape(name: str) -> str:
    return _METACHARACTERS.sub(lambda match: "\\" + match[0], name).replace(",", "\\x2C")
