"""Telling what a bulk snapshot would do: the same checks and the same plan, nothing sent and nothing recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from resolvers.principal import Principal
from resolvers.requesting.planning import plan_request
from resolvers.services import Services
from snapshots.following.failed_scans import refusal
from snapshots.plan import Plan, SourceJob
from snapshots.records import SourceSnapshotRecord
from snapshots.requesting.request import BulkSnapshotRequest, check
from snapshots.restart_requirement import RestartRequirement
from snapshots.vocabulary import SnapshotType


@dataclass(frozen=True, slots=True)
class PlannedBulkSnapshot:
    """A plan, and the snapshots that hold its sources now, by the id of the source connector."""

    plan: Plan
    conflicts: Mapping[str, SourceSnapshotRecord]


async def plan_bulk_snapshot(
    services: Services, principal: Principal, request: BulkSnapshotRequest
) -> PlannedBulkSnapshot:
    """Return what `request` would do now. Raises InvalidRequestError as the bulk snapshot itself does."""
    check(request)
    plan = await plan_request(services, principal, request)
    source_ids = [job.source.id for job in plan.jobs]
    conflicts = await services.ledger.reading.active_snapshots(principal.tenant_id, source_ids) if source_ids else {}
    if source_ids and request.snapshot_type is SnapshotType.INCREMENTAL:
        unsafe = await services.ledger.failed_scans.requirements(principal.tenant_id, source_ids)
        plan = replace(plan, jobs=tuple(_checked(job, unsafe.get(job.source.id)) for job in plan.jobs))
    return PlannedBulkSnapshot(plan, conflicts)


def _checked(job: SourceJob, requirement: RestartRequirement | None) -> SourceJob:
    return job if requirement is None else job.refused(refusal(job.source, requirement))
