"""Showing what a bulk snapshot would do: the same checks and the same plan, nothing sent and nothing recorded."""

from dataclasses import dataclass, replace

from resolvers.principal import Principal
from resolvers.requesting.planning import plan_request
from resolvers.services import Services
from snapshots.channels import SignalChannelKind
from snapshots.following.failed_scans import refusal
from snapshots.model import SourceConnector, Topic
from snapshots.plan import Refusal, SignalDraft, Skip, SourceJob
from snapshots.records import SourceSnapshotRecord
from snapshots.requesting.request import BulkSnapshotRequest, check
from snapshots.restart_requirement import RestartRequirement
from snapshots.vocabulary import SnapshotType


@dataclass(frozen=True, slots=True)
class PlannedSignal:
    """A signal that would be sent, and through which channel."""

    channel: SignalChannelKind | None
    draft: SignalDraft

    @property
    def data(self) -> str:
        """The exact JSON text, except for the signal's id."""
        return self.draft.data

    @property
    def topics(self) -> tuple[Topic, ...]:
        """The topics that it covers."""
        return tuple(asked.topic for asked in self.draft.topics)


@dataclass(frozen=True, slots=True)
class PlannedSourceSnapshot:
    """The request that one source would get."""

    job: SourceJob
    conflict: SourceSnapshotRecord | None
    """The snapshot that holds the source now."""

    @property
    def source(self) -> SourceConnector:
        """The connector."""
        return self.job.source

    @property
    def topics(self) -> tuple[Topic, ...]:
        """Its topics, in input order."""
        return tuple(asked.topic for asked in self.job.topics)

    @property
    def signals(self) -> tuple[PlannedSignal, ...]:
        """The signals, in the order in which they would be sent; none if the source refuses."""
        drafts = () if self.job.refusal else self.job.signals
        return tuple(PlannedSignal(self.source.signal_channel, draft) for draft in drafts)

    @property
    def refusal(self) -> Refusal | None:
        """Why the source would refuse its part; None if no obstacle is known."""
        return self.job.refusal

    @property
    def warning(self) -> str | None:
        """A warning that would not stop it."""
        return self.job.warning


@dataclass(frozen=True, slots=True)
class PlannedBulkSnapshot:
    """What a bulk snapshot would do: `jobs` by first appearance of their sources, `skips` in input order."""

    jobs: tuple[PlannedSourceSnapshot, ...]
    skips: tuple[Skip, ...]


async def plan_bulk_snapshot(
    services: Services, principal: Principal, request: BulkSnapshotRequest
) -> PlannedBulkSnapshot:
    """Return what `request` would do now. Raises InvalidRequestError like the bulk snapshot itself."""
    check(request)
    plan = await plan_request(services, principal, request)
    source_ids = [job.source.id for job in plan.jobs]
    conflicts = await services.ledger.reading.active_snapshots(principal.tenant_id, source_ids) if source_ids else {}
    if source_ids and request.snapshot_type is SnapshotType.INCREMENTAL:
        unsafe = await services.ledger.failed_scans.requirements(principal.tenant_id, source_ids)
        plan = replace(plan, jobs=tuple(_checked(job, unsafe.get(job.source.id)) for job in plan.jobs))
    jobs = tuple(PlannedSourceSnapshot(job, conflicts.get(job.source.id)) for job in plan.jobs)
    return PlannedBulkSnapshot(jobs, plan.skips)


def _checked(job: SourceJob, requirement: RestartRequirement | None) -> SourceJob:
    return job if requirement is None else job.refused(refusal(job.source, requirement))
