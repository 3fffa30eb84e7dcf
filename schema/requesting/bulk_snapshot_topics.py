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


@strawberry.input(description="Options for one topic of the request.")
class TopicSnapshotOptionsInput:
    """Options for one of the topics of the request."""

    topic_id: strawberry.ID = strawberry.field(
        description="The id of the topic. It must be one of `topicIds`, and can have options only once."
    )
    filter: RowFilterInput | None = strawberry.field(
        default=None, description="Which rows to read. Leave it out to read all rows."
    )
    surrogate_key: str | None = strawberry.field(
        default=None,
        description="The column by which an INCREMENTAL snapshot splits the table into chunks, instead of the "
        "primary key.",
    )

    def to_domain(self) -> TopicOptions:
        """Return the options that this asks for."""
        return TopicOptions(self.topic_id, self.filter.to_domain() if self.filter else None, self.surrogate_key)


@strawberry.input(description="The topics to snapshot, and how to snapshot them.")
class BulkSnapshotTopicsInput:
    """The input of `bulkSnapshotTopics` and of `planBulkSnapshot`."""

    topic_ids: list[strawberry.ID] = strawberry.field(
        description="The ids of 1 to 500 topics. Duplicates count towards the limit and are handled once."
    )
    snapshot_type: SnapshotType = strawberry.field(
        default=SnapshotType.INCREMENTAL, description="How to read the tables, for all topics of the request."
    )
    options: list[TopicSnapshotOptionsInput] | None = strawberry.field(
        default=None, description="Row filters and surrogate keys for single topics of the request."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="A text of 1 to 255 characters that names this call. A second call of the same caller with the "
        "same key sends nothing and returns the answer of the first; with another input it is refused. Kept "
        "for 7 days by default.",
    )
    reason: str | None = strawberry.field(
        default=None, description="Why you ask for the snapshots, up to 2,000 characters. Kept in the ledger."
    )
    verify: bool = strawberry.field(
        default=False,
        description="Whether to check, once each snapshot has ended, that every row of the source has arrived on its "
        "topic; see `verdict` of the topic snapshots. A loss can be proved only if you ask for this here: "
        "Topicsnap notes where topics and tables stand before it sends the signals.",
    )
    client_mutation_id: str | None = strawberry.field(
        default=None, description="Any text of yours. The payload returns it unchanged."
    )

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
    description="The answer of `bulkSnapshotTopics` and `retryBulkSnapshot`. Every distinct topic is in exactly "
    "one result or is skipped. If there are user errors, nothing was done and the lists are empty."
)
class BulkSnapshotTopicsPayload:
    """One answer for the whole request; a failing source never takes the others with it."""

    bulk_snapshot: BulkSnapshotType | None = strawberry.field(
        default=None, description="The durable record of the bulk snapshot. Null only if there are user errors."
    )
    results: list[SourceSnapshotResultType] = strawberry.field(
        default_factory=list,
        description="One result for each source connector, in order of first appearance of its topics in the request.",
    )
    summary: BulkOperationSummaryType = strawberry.field(
        default_factory=ResultCounts, description="Counts of the results and of the skipped topics."
    )
    skipped_topics: list[SkippedTopicType] = strawberry.field(
        default_factory=list, description="The topics that were not sent to any source connector, in input order."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What is wrong with the request as a whole. Empty if it was carried out."
    )
    client_mutation_id: str | None = strawberry.field(description="The `clientMutationId` of the input, unchanged.")


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
    input: Annotated[
        BulkSnapshotTopicsInput, strawberry.argument(description="The topics to snapshot, and how to snapshot them.")
    ],
) -> Mapping[str, object]:
    context = info.context
    return answered(info, await bulk_snapshot_topics(context.services, context.principal, input.to_domain()))


BULK_SNAPSHOT_TOPICS = operation(
    BulkSnapshotTopicsPayload,
    _bulk_snapshot_topics,
    "Snapshot the selected topics. Topicsnap finds the source connectors that write them and sends "
    "each connector a signal for exactly these topics, to all connectors at once. A source that fails "
    "does not stop the others.",
)
