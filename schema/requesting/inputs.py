"""What clients send to snapshot topics, and how it becomes a domain request."""

import strawberry

from schema.enums import FilterOperator, SnapshotType
from snapshots.filters import RowCondition, RowFilter
from snapshots.requesting.request import BulkSnapshotRequest, TopicOptions


@strawberry.input(description="One comparison of a column with values.")
class RowConditionInput:
    """A condition of a row filter."""

    column: str = strawberry.field(description="The name of the column, as the database has it.")
    operator: FilterOperator = strawberry.field(description="How it is compared.")
    values: list[str] | None = strawberry.field(
        default=None,
        description="What it is compared with, as texts, which the database casts to the column's type.",
    )

    def to_domain(self) -> RowCondition:
        """Return the condition that this asks for."""
        return RowCondition(self.column, self.operator, tuple(self.values or ()))


@strawberry.input(
    description="Which rows are wanted. Rendered and quoted for the source's database by the gateway; raw SQL is never "
    "taken."
)
class RowFilterInput:
    """Conditions on the rows of a table."""

    all: list[RowConditionInput] = strawberry.field(description="1 to 50 conditions that must all hold.")

    def to_domain(self) -> RowFilter:
        """Return the filter that this asks for."""
        return RowFilter(tuple(condition.to_domain() for condition in self.all))


@strawberry.input(description="What is asked of one topic beyond being snapshotted.")
class TopicSnapshotOptionsInput:
    """Options for one of the topics of the request."""

    topic_id: strawberry.ID = strawberry.field(description="One of `topicIds`; each may have options once.")
    filter: RowFilterInput | None = strawberry.field(default=None, description="Only these rows; all where absent.")
    surrogate_key: str | None = strawberry.field(
        default=None,
        description="The column by which an INCREMENTAL snapshot is cut into chunks, instead of the primary key.",
    )

    def to_domain(self) -> TopicOptions:
        """Return the options that this asks for."""
        return TopicOptions(self.topic_id, self.filter.to_domain() if self.filter else None, self.surrogate_key)


@strawberry.input(description="Topics to snapshot, and how.")
class BulkSnapshotTopicsInput:
    """The input of `bulkSnapshotTopics` and of `planBulkSnapshot`."""

    topic_ids: list[strawberry.ID] = strawberry.field(
        description="The topics, 1 to 500; duplicates count, and are then taken once."
    )
    snapshot_type: SnapshotType = strawberry.field(
        default=SnapshotType.INCREMENTAL, description="How the tables are read."
    )
    options: list[TopicSnapshotOptionsInput] | None = strawberry.field(
        default=None, description="Filters and surrogate keys of single topics."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="1 to 255 characters. A second call of the same caller with this key sends nothing and answers "
        "what the first one did; with another input it is refused. Kept for 7 days.",
    )
    reason: str | None = strawberry.field(
        default=None, description="Why, kept in the ledger; at most 2,000 characters."
    )
    verify: bool = strawberry.field(
        default=False,
        description="Verify, once each snapshot has ended, that every row of the source has arrived on its topic; see "
        "`verdict` of the topic snapshots. What is noted before the dispatch is what a loss can be proved by later.",
    )
    client_mutation_id: str | None = strawberry.field(default=None, description="Returned as it is.")

    def to_domain(self) -> BulkSnapshotRequest:
        """Return the request that this is, unchecked."""
        return BulkSnapshotRequest(
            tuple(self.topic_ids),
            self.snapshot_type,
            tuple(option.to_domain() for option in self.options or ()),
            self.idempotency_key,
            self.reason,
            self.verify,
        )
