"""What Debezium's words for the end of a table's scan mean (code: `TableScanCompletionStatus`)."""

from snapshots.vocabulary import TopicSnapshotOutcome

_OUTCOMES = {
    "SUCCEEDED": TopicSnapshotOutcome.SUCCEEDED,
    "EMPTY": TopicSnapshotOutcome.EMPTY,
    "NO_PRIMARY_KEY": TopicSnapshotOutcome.NO_PRIMARY_KEY,
    "SKIPPED": TopicSnapshotOutcome.SKIPPED,
    "UNKNOWN_SCHEMA": TopicSnapshotOutcome.UNKNOWN_TABLE,
}
_SQL_EXCEPTION = "SQL_EXCEPTION"


def is_scan_error(status: str | None) -> bool:
    """Whether the scan of a table ended in an SQL error, or in what Debezium takes for one."""
    return status == _SQL_EXCEPTION


def outcome_of(status: str | None, *, filtered: bool) -> TopicSnapshotOutcome:
    """What a word for the end of a table's scan means; `filtered`: whether only some of its rows were asked for.

    SQL_EXCEPTION is what it tells of a filter that the database refused, and of all else that went wrong.
    """
    if filtered and is_scan_error(status):
        return TopicSnapshotOutcome.FILTER_REJECTED
    return _OUTCOMES.get(status or "", TopicSnapshotOutcome.OTHER)
