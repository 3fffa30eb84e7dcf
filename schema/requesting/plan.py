"""What a bulk snapshot would do, told beforehand."""

from collections.abc import Sequence
from typing import Self

import strawberry

from resolvers.requesting.plan_bulk_snapshot import PlannedBulkSnapshot
from schema.catalog.source_connector import SourceConnector
from schema.catalog.topic import Topic
from schema.context import Info
from schema.enums import SignalChannelKind, SnapshotErrorCode
from schema.fields import computed
from schema.following.source_snapshot import SourceSnapshot
from schema.health.findings import HealthFinding, health_findings
from schema.requesting.skipped_topic import SkippedTopic
from schema.user_error import UserError, user_errors
from snapshots.errors import RequestError
from snapshots.health.rules import assess, troubles
from snapshots.plan import SignalDraft, SourceJob, TopicRequest
from snapshots.records import SourceSnapshotRecord


def _topics(requests: Sequence[TopicRequest]) -> list[Topic]:
    return [Topic.from_domain(request.topic) for request in requests]


@strawberry.type(description="A signal that would be sent, but for its id, which is made when it is.")
class PlannedSignal:
    """A signal of a plan."""

    channel: SignalChannelKind | None = strawberry.field(description="What would carry it.")
    data: str = strawberry.field(description="Its `data`: the exact JSON text.")
    topics: list[Topic] = strawberry.field(description="The topics that it covers.")

    @classmethod
    def from_domain(cls, draft: SignalDraft, channel: SignalChannelKind | None) -> Self:
        """Return what clients see of `draft`."""
        return cls(channel=channel, data=draft.data, topics=_topics(draft.topics))


@strawberry.type(description="Why a source would not take its part.")
class PlannedRefusal:
    """What a result of the kind SourceSnapshotFailed would say."""

    code: SnapshotErrorCode = strawberry.field(description="What is wrong, for programs.")
    message: str = strawberry.field(description="What is wrong, for people.")
    retryable: bool = strawberry.field(
        description="Whether the same request may succeed later without a change of configuration."
    )


@strawberry.type(description="What one source would be asked for.")
class PlannedSourceSnapshot:
    """A job of a plan."""

    source: SourceConnector = strawberry.field(description="The connector.")
    topics: list[Topic] = strawberry.field(description="Its topics, in input order.")
    signals: list[PlannedSignal] = strawberry.field(
        description="The signals, sent one after the other; none where the source refuses."
    )
    refusal: PlannedRefusal | None = strawberry.field(
        description="Why the source would not take it; null where nothing is known to be in the way."
    )
    conflict: SourceSnapshot | None = strawberry.field(
        description="The snapshot that holds the source now: the request would fail with SNAPSHOT_ALREADY_RUNNING."
    )
    warning: str | None = strawberry.field(description="Something to know that would not stop it.")

    @computed(
        "What a check of the source finds that can go wrong, the worst first. Looked up when asked, as the connector's "
        "`health` is, which can take seconds."
    )
    async def warnings(self, info: Info) -> list[HealthFinding]:
        """Look at it together with the other sources of the plan."""
        observed = await info.context.loaders.signalling.load(self.source.id)
        return health_findings(troubles(assess(observed))) if observed else []

    @classmethod
    def from_domain(cls, job: SourceJob, conflict: SourceSnapshotRecord | None) -> Self:
        """Return what clients see of `job`, whose source is held by `conflict`."""
        refusal = job.refusal
        return cls(
            source=SourceConnector.from_domain(job.source),
            topics=_topics(job.topics),
            signals=[
                PlannedSignal.from_domain(draft, job.source.signal_channel)
                for draft in (() if refusal else job.signals)
            ],
            refusal=PlannedRefusal(code=refusal.code, message=refusal.message, retryable=refusal.retryable)
            if refusal
            else None,
            conflict=SourceSnapshot.from_domain(conflict) if conflict else None,
            warning=job.warning,
        )


@strawberry.type(description="What `bulkSnapshotTopics` would do with the same input now. Nothing is sent or recorded.")
class BulkSnapshotPlan:
    """A dry run."""

    jobs: list[PlannedSourceSnapshot] = strawberry.field(
        description="One for each source, in order of first appearance in `topicIds`."
    )
    skipped_topics: list[SkippedTopic] = strawberry.field(
        description="The topics that would be sent to no source, in input order."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What is wrong with the request as a whole; the lists are empty then."
    )

    @classmethod
    def from_domain(cls, planned: PlannedBulkSnapshot) -> Self:
        """Return what clients see of `planned`."""
        return cls(
            jobs=[
                PlannedSourceSnapshot.from_domain(job, planned.conflicts.get(job.source.id))
                for job in planned.plan.jobs
            ],
            skipped_topics=[SkippedTopic.from_domain(skip) for skip in planned.plan.skips],
            user_errors=[],
        )

    @classmethod
    def refused(cls, error: RequestError) -> Self:
        """Return the answer to a request that would be refused."""
        return cls(jobs=[], skipped_topics=[], user_errors=user_errors(error))
