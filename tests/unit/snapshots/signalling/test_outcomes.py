"""What the end of a table's scan means."""

import pytest

from snapshots.signalling.outcomes import outcome_of
from snapshots.vocabulary import TopicSnapshotOutcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("SUCCEEDED", TopicSnapshotOutcome.SUCCEEDED),
        ("EMPTY", TopicSnapshotOutcome.EMPTY),
        ("NO_PRIMARY_KEY", TopicSnapshotOutcome.NO_PRIMARY_KEY),
        ("SKIPPED", TopicSnapshotOutcome.SKIPPED),
        ("SQL_EXCEPTION", TopicSnapshotOutcome.OTHER),
        ("UNKNOWN_SCHEMA", TopicSnapshotOutcome.UNKNOWN_TABLE),
        ("BRAND_NEW", TopicSnapshotOutcome.OTHER),
        (None, TopicSnapshotOutcome.OTHER),
    ],
)
def test_each_status_has_an_outcome(status: str | None, outcome: TopicSnapshotOutcome) -> None:
    assert outcome_of(status, filtered=False) is outcome


def test_an_error_of_the_database_is_the_filter_s_where_there_is_one() -> None:
    assert outcome_of("SQL_EXCEPTION", filtered=True) is TopicSnapshotOutcome.FILTER_REJECTED
    assert outcome_of("SUCCEEDED", filtered=True) is TopicSnapshotOutcome.SUCCEEDED
