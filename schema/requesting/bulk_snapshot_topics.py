"""The payload of `bulkSnapshotTopics`."""

from typing import Self

import strawberry

from schema.following.bulk_snapshot import BulkSnapshot
from schema.requesting.results import SourceSnapshotResult, result_of
from schema.requesting.skipped_topic import SkippedTopic
from schema.requesting.summary import BulkOperationSummary
from schema.user_error import UserError, user_errors
from snapshots.errors import RequestError
from snapshots.records import BulkSnapshotRecord


@strawberry.type(
    description="What was done. Every distinct id of the input is in exactly one result or in exactly one skipped "
    "topic, unless there are user errors: then nothing was done, and the lists are empty."
)
class BulkSnapshotTopicsPayload:
    """One answer for the whole request; a failing source never takes the others with it."""

    bulk_snapshot: BulkSnapshot | None = strawberry.field(
        description="The durable record; null only where there are user errors."
    )
    results: list[SourceSnapshotResult] = strawberry.field(
        description="One for each source, in order of first appearance in `topicIds`."
    )
    summary: BulkOperationSummary = strawberry.field(description="The counts of the results.")
    skipped_topics: list[SkippedTopic] = strawberry.field(
        description="The topics that were sent to no source, in input order."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What is wrong with the request as a whole; empty where it was carried out."
    )
    client_mutation_id: str | None = strawberry.field(description="As it was sent.")

    @classmethod
    def from_domain(cls, record: BulkSnapshotRecord, client_mutation_id: str | None) -> Self:
        """Return the answer to a request that was carried out."""
        return cls(
            bulk_snapshot=BulkSnapshot.from_domain(record),
            results=[result_of(snapshot) for snapshot in record.snapshots],
            summary=BulkOperationSummary.of(record.snapshots, len(record.skips)),
            skipped_topics=[SkippedTopic.from_domain(skip) for skip in record.skips],
            user_errors=[],
            client_mutation_id=client_mutation_id,
        )

    @classmethod
    def refused(cls, error: RequestError, client_mutation_id: str | None) -> Self:
        """Return the answer to a request that was refused."""
        return cls(
            bulk_snapshot=None,
            results=[],
            summary=BulkOperationSummary.of((), 0),
            skipped_topics=[],
            user_errors=user_errors(error),
            client_mutation_id=client_mutation_id,
        )
