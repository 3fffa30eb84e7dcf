"""The counts of a bulk snapshot's results."""

import strawberry

from schema.fields import view
from snapshots.requesting.answers import ResultCounts


@view(
    ResultCounts,
    description="Counts over results: `total = succeeded + failed + unconfirmed`, the number of sources.",
)
class BulkOperationSummaryType:
    """The seed's summary, with the sources whose fate is not known yet counted on their own."""

    total: int = strawberry.field(description="Sources asked, and so the number of results.")
    succeeded: int = strawberry.field(description="Sources that took their snapshot.")
    failed: int = strawberry.field(description="Sources that did not, for certain.")
    unconfirmed: int = strawberry.field(description="Sources that may or may not have taken it; settled later.")
    topics: int = strawberry.field(description="Topics in the results.")
    skipped_topics: int = strawberry.field(description="Topics that were sent to no source.")
