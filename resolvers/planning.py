"""From a checked request to the plan that is carried out, or shown: with all that can be asked beforehand."""

from resolvers.connector_check import check_connectors
from resolvers.filter_check import check_filters
from resolvers.principal import Principal
from resolvers.services import Services
from snapshots.jobs import Plan
from snapshots.plan import make_plan
from snapshots.request import BulkSnapshotRequest


async def plan_request(services: Services, principal: Principal, request: BulkSnapshotRequest) -> Plan:
    """Return the plan of `request` over the catalogue's routes, with what databases and Kafka Connect say of it."""
    routes = await services.catalog.routes(principal.tenant_id, request.distinct_ids)
    plan = make_plan(request, routes)
    if refusals := await check_filters(services, plan):
        plan = make_plan(request, routes, refusals)
    return await check_connectors(services, plan)
