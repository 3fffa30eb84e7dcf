"""The counts of a bulk snapshot's results."""

from collections.abc import Sequence

import strawberry

from schema.requesting.answers import answer_of
from snapshots.records import AnswerKind, SourceSnapshotRecord


@strawberry.type(
    description="Counts over results: `total = succeeded + failed + unconfirmed`, the number of sources.",
)
class BulkOperationSummary:
    """The seed's summary, with the sources whose fate is not known yet counted on their own."""

    total: int = strawberry.field(description="Sources asked, and so the number of results.")
    succeeded: int = strawberry.field(description="Sources that took their snapshot.")
    failed: int = strawberry.field(description="Sources that did not, for certain.")
    unconfirmed: int = strawberry.field(description="Sources that may or may not have taken it; settled later.")
    topics: int = strawberry.field(description="Topics in the results.")
    skipped_topics: int = strawberry.field(description="Topics that were sent to no source.")

    @classmethod
    def of(cls, snapshots: Sequence[SourceSnapshotRecord], skipped_topics: int) -> "BulkOperationSummary":
        """Count what was answered for `snapshots`."""
        kinds = [answer_of(snapshot).kind for snapshot in snapshots]
        return cls(
            total=len(kinds),
            succeeded=kinds.count(AnswerKind.DISPATCHED),
            failed=kinds.count(AnswerKind.FAILED),
            unconfirmed=kinds.count(AnswerKind.UNCONFIRMED),
            topics=sum(len(snapshot.topics) for snapshot in snapshots),
            skipped_topics=skipped_topics,
        )
