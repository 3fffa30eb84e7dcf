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


@view(PlannedSignal, description="A signal that would be sent, but for its id, which is made when it is.")
class PlannedSignalType:
    """A signal of a plan."""

    channel: SignalChannelKind | None = strawberry.field(description="What would carry it.")
    data: str = strawberry.field(description="Its `data`: the exact JSON text.")
    topics: list[TopicType] = strawberry.field(description="The topics that it covers.")


@view(Refusal, description="Why a source would not take its part.")
class PlannedRefusalType:
    """What a result of the kind SourceSnapshotFailed would say."""

    code: SnapshotErrorCode = strawberry.field(description="What is wrong, for programs.")
    message: str = strawberry.field(description="What is wrong, for people.")
    retryable: bool = strawberry.field(
        description="Whether the same request may succeed later without a change of configuration."
    )


@view(PlannedSourceSnapshot, description="What one source would be asked for.")
class PlannedSourceSnapshotType:
    """A job of a plan."""

    source: SourceConnectorType = strawberry.field(description="The connector.")
    topics: list[TopicType] = strawberry.field(description="Its topics, in input order.")
    signals: list[PlannedSignalType] = strawberry.field(
        description="The signals, sent one after the other; none where the source refuses."
    )
    refusal: PlannedRefusalType | None = strawberry.field(
        description="Why the source would not take it; null where nothing is known to be in the way."
    )
    conflict: SourceSnapshotType | None = strawberry.field(
        description="The snapshot that holds the source now: the request would fail with SNAPSHOT_ALREADY_RUNNING."
    )
    warning: str | None = strawberry.field(description="Something to know that would not stop it.")

    warnings: list[HealthFindingType] = computed(
        _warnings,
        "What a check of the source finds that can go wrong, the worst first. Looked up when asked, as the connector's "
        "`health` is, which can take seconds.",
    )


@strawberry.type(description="What `bulkSnapshotTopics` would do with the same input now. Nothing is sent or recorded.")
class BulkSnapshotPlan:
    """A dry run."""

    jobs: list[PlannedSourceSnapshotType] = strawberry.field(
        default_factory=list, description="One for each source, in order of first appearance in `topicIds`."
    )
    skipped_topics: list[SkippedTopicType] = strawberry.field(
        default_factory=list, description="The topics that would be sent to no source, in input order."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What is wrong with the request as a whole; the lists are empty then."
    )


async def _plan_bulk_snapshot(
    info: Info,
    input: Annotated[BulkSnapshotTopicsInput, strawberry.argument(description="The topics, and how to snapshot them.")],
) -> Mapping[str, object]:
    planned = await plan_bulk_snapshot(info.context.services, info.context.principal, input.to_domain())
    return {"jobs": planned.jobs, "skipped_topics": planned.skips}


PLAN_BULK_SNAPSHOT = operation(
    BulkSnapshotPlan,
    _plan_bulk_snapshot,
    "What `bulkSnapshotTopics` would do with the same input now; nothing is done.",
)
