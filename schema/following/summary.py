"""The counts of a bulk snapshot's results."""

import strawberry

from schema.fields import view
from snapshots.requesting.answers import ResultCounts


@view(
    ResultCounts,
    description="Counts of the results of a bulk snapshot, as answered: `total = succeeded + failed + unconfirmed`.",
)
class BulkOperationSummaryType:
    """The seed's summary, with the sources whose fate is not known yet counted on their own."""

    total: int = strawberry.field(
        description="The number of source connectors that were asked, which is the number of results."
    )
    succeeded: int = strawberry.field(description="The number of source connectors that took their snapshot.")
    failed: int = strawberry.field(
        description="The number of source connectors that certainly did not take their snapshot."
    )
    unconfirmed: int = strawberry.field(
        description="The number of source connectors that may or may not have taken their snapshot. Topicsnap "
        "settles these later."
    )
    topics: int = strawberry.field(description="The number of topics in all results.")
    skipped_topics: int = strawberry.field(
        description="The number of topics that were not sent to any source connector."
    )
