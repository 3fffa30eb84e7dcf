"""`bulkSnapshotTopics`: its input, its payload and its field."""

from collections.abc import Mapping
from typing import Annotated

import strawberry

from resolvers.requesting.bulk_snapshot import bulk_snapshot_topics
from schema.context import Info
from schema.enums import SnapshotType
from schema.following.bulk_snapshot import BulkSnapshotType
from schema.following.results import SourceSnapshotResultType
from schema.following.skipped_topic import SkippedTopicType
from schema.following.summary import BulkOperationSummaryType
from schema.operations import operation
from schema.requesting.row_filter import RowFilterInput
from schema.user_error import UserError
from snapshots.records import BulkSnapshotRecord
from snapshots.requesting.answers import ResultCounts, count_results, results_of
from snapshots.requesting.request import BulkSnapshotRequest, TopicOptions


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


@strawberry.type(
    description="What was done. Every distinct id of the input is in exactly one result or in exactly one skipped "
    "topic, unless there are user errors: then nothing was done, and the lists are empty."
)
class BulkSnapshotTopicsPayload:
    """One answer for the whole request; a failing source never takes the others with it."""

    bulk_snapshot: BulkSnapshotType | None = strawberry.field(
        default=None, description="The durable record; null only where there are user errors."
    )
    results: list[SourceSnapshotResultType] = strawberry.field(
        default_factory=list, description="One for each source, in order of first appearance in `topicIds`."
    )
    summary: BulkOperationSummaryType = strawberry.field(
        default_factory=ResultCounts, description="The counts of the results."
    )
    skipped_topics: list[SkippedTopicType] = strawberry.field(
        default_factory=list, description="The topics that were sent to no source, in input order."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What is wrong with the request as a whole; empty where it was carried out."
    )
    client_mutation_id: str | None = strawberry.field(description="As it was sent.")


def answered(info: Info, record: BulkSnapshotRecord) -> Mapping[str, object]:
    """Return the fields of the payload for a request that was carried out and recorded as `record`."""
    info.context.loaders.bulk_snapshots.prime(record.id, record, force=True)
    return {
        "bulk_snapshot": record,
        "results": results_of(record),
        "summary": count_results(record.snapshots, len(record.skips)),
        "skipped_topics": record.skips,
    }


async def _bulk_snapshot_topics(
    info: Info,
    input: Annotated[BulkSnapshotTopicsInput, strawberry.argument(description="The topics, and how to snapshot them.")],
) -> Mapping[str, object]:
    context = info.context
    return answered(info, await bulk_snapshot_topics(context.services, context.principal, input.to_domain()))


BULK_SNAPSHOT_TOPICS = operation(
    BulkSnapshotTopicsPayload,
    _bulk_snapshot_topics,
    "Snapshot the selected topics: find the source connectors that write them, and signal each of them "
    "for just those topics, all at once. One source that fails does not stop the others.",
)
