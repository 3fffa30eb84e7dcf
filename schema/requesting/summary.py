"""The counts of a bulk snapshot's results."""

from collections.abc import Sequence
from dataclasses import asdict

import strawberry

from snapshots.records import SourceSnapshotRecord
from snapshots.requesting.answers import count_results


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
        return cls(**asdict(count_results(snapshots, skipped_topics)))
