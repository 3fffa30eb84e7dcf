"""Telling what a bulk snapshot would do: the same checks and the same plan, nothing sent and nothing recorded."""

from collections.abc import Mapping
from dataclasses import dataclass

from resolvers.connector_check import check_connectors
from resolvers.principal import Principal
from resolvers.services import Services
from snapshots.jobs import Plan
from snapshots.plan import make_plan
from snapshots.records import SourceSnapshotRecord
from snapshots.request import BulkSnapshotRequest, check


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
    routes = await services.catalog.routes(principal.tenant_id, request.distinct_ids)
    plan = await check_connectors(services, make_plan(request, routes))
    source_ids = [job.source.id for job in plan.jobs]
    conflicts = await services.ledger.active_snapshots(principal.tenant_id, source_ids) if source_ids else {}
    return PlannedBulkSnapshot(plan, conflicts)
