"""From a checked request to the plan that is carried out or shown, with all checks that can be made beforehand."""

from collections.abc import Mapping
from dataclasses import replace

from resolvers.principal import Principal
from resolvers.requesting.connector_check import check_connectors, observe_connectors
from resolvers.requesting.source_check import look_at_sources
from resolvers.services import Services
from snapshots.plan import Plan, SourceJob
from snapshots.ports.source_trial import Trial
from snapshots.requesting.planning import make_plan
from snapshots.requesting.request import BulkSnapshotRequest


async def plan_request(services: Services, principal: Principal, request: BulkSnapshotRequest) -> Plan:
    """Return the plan of `request` over the catalogue's routes, after asking Kafka Connect and the source databases."""
    routes = await services.catalog.routes(principal.tenant_id, request.distinct_ids)
    plan = make_plan(request, routes)
    observed = await observe_connectors(services, plan)
    trials = await look_at_sources(services, check_connectors(plan, observed), request.snapshot_type, observed)
    findings = {topic_id: finding for trial in trials.values() for topic_id, finding in trial.findings.items()}
    if findings:
        plan = make_plan(request, routes, findings)
    plan = replace(plan, jobs=tuple(_warned(job, trials) for job in plan.jobs))
    return check_connectors(plan, observed)


def _warned(job: SourceJob, trials: Mapping[str, Trial]) -> SourceJob:
    trial = trials.get(job.source.id)
    if trial is None or trial.warning is None:
        return job
    return replace(job, warning=" ".join(filter(None, (job.warning, trial.warning))))
