"""`planBulkSnapshot`: what a bulk snapshot would do, told beforehand; its input is that of `bulkSnapshotTopics`."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import strawberry

from resolvers.requesting.plan_bulk_snapshot import PlannedSignal, PlannedSourceSnapshot, plan_bulk_snapshot
from schema.catalog.source_connector import SourceConnectorType
from schema.catalog.topic import TopicType
from schema.context import Info
from schema.enums import SignalChannelKind, SnapshotErrorCode
from schema.fields import computed, view
from schema.following.skipped_topic import SkippedTopicType
from schema.following.source_snapshot import SourceSnapshotType
from schema.health.findings import HealthFindingType
from schema.operations import operation
from schema.requesting.bulk_snapshot_topics import BulkSnapshotTopicsInput
from schema.user_error import UserError
from snapshots.health.findings import HealthFinding
from snapshots.health.rules import assess, troubles
from snapshots.plan import Refusal


async def _warnings(job: strawberry.Parent[PlannedSourceSnapshot], info: Info) -> Sequence[HealthFinding]:
    """Look at it together with the other sources of the plan."""
    observed = await info.context.loaders.signalling.load(job.source.id)
    return troubles(assess(observed)) if observed else ()


@view(PlannedSignal, description="A signal that would be sent. It has no id yet: ids are made when signals are sent.")
class PlannedSignalType:
    """A signal of a plan."""

    channel: SignalChannelKind | None = strawberry.field(
        description="The channel that would carry the signal. Null if the source has none."
    )
    data: str = strawberry.field(description="The exact JSON text of the signal's `data`.")
    topics: list[TopicType] = strawberry.field(description="The topics that the signal asks for.")


@view(Refusal, description="Why a source connector would not take its snapshot.")
class PlannedRefusalType:
    """What a result of the kind SourceSnapshotFailed would say."""

    code: SnapshotErrorCode = strawberry.field(description="Why the source would refuse, for programs.")
    message: str = strawberry.field(description="Why the source would refuse, as a sentence for people.")
    retryable: bool = strawberry.field(
        description="Whether the same request may succeed later without a change of configuration."
    )


@view(PlannedSourceSnapshot, description="What one source connector would be asked for.")
class PlannedSourceSnapshotType:
    """A job of a plan."""

    source: SourceConnectorType = strawberry.field(description="The source connector that would be asked.")
    topics: list[TopicType] = strawberry.field(
        description="The topics that the source would be asked for, in input order."
    )
    signals: list[PlannedSignalType] = strawberry.field(
        description="The signals, in the order in which they would be sent. Empty if the source would refuse."
    )
    refusal: PlannedRefusalType | None = strawberry.field(
        description="Why the source would refuse. Null if nothing is known to be in the way."
    )
    conflict: SourceSnapshotType | None = strawberry.field(
        description="The snapshot that is running on the source now, because of which the request would fail with "
        "SNAPSHOT_ALREADY_RUNNING. Null if the source is free."
    )
    warning: str | None = strawberry.field(
        description="A remark that would not stop the snapshot, as a sentence for people. Null if there is none."
    )

    warnings: list[HealthFindingType] = computed(
        _warnings,
        "Problems that a health check of the source finds, worst first. The check runs when you select "
        "this field and can take seconds.",
    )


@strawberry.type(description="What `bulkSnapshotTopics` would do now with the same input. Nothing is sent or recorded.")
class BulkSnapshotPlan:
    """A dry run."""

    jobs: list[PlannedSourceSnapshotType] = strawberry.field(
        default_factory=list,
        description="What each source connector would be asked for, in order of first appearance in `topicIds`.",
    )
    skipped_topics: list[SkippedTopicType] = strawberry.field(
        default_factory=list, description="The topics that would not be sent to any source connector, in input order."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="What is wrong with the request as a whole. If there is anything, the other lists are empty.",
    )


async def _plan_bulk_snapshot(
    info: Info,
    input: Annotated[
        BulkSnapshotTopicsInput, strawberry.argument(description="The topics to snapshot, and how to snapshot them.")
    ],
) -> Mapping[str, object]:
    planned = await plan_bulk_snapshot(info.context.services, info.context.principal, input.to_domain())
    return {"jobs": planned.jobs, "skipped_topics": planned.skips}


PLAN_BULK_SNAPSHOT = operation(
    BulkSnapshotPlan,
    _plan_bulk_snapshot,
    "What `bulkSnapshotTopics` would do now with the same input. Nothing is sent or recorded.",
)
