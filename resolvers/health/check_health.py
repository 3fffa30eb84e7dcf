"""Checking whether sources can take snapshots, and why a snapshot is silent: only on demand."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from resolvers.services import Services
from snapshots.health.findings import HealthCheck, HealthFinding, error
from snapshots.health.rules import assess
from snapshots.health.stall import may_be_lost, stall_causes, stalled_since
from snapshots.ports.inspector import InspectedSignalling
from snapshots.records import SourceSnapshotRecord


async def inspect_sources(
    services: Services, tenant_id: str, source_ids: Sequence[str]
) -> dict[str, InspectedSignalling]:
    """Return the observations of the connectors `source_ids`, by id; unknown ids are absent.

    This takes four statements, and a look at Kafka Connect, Kafka and the source databases, which the inspector limits
    and caches for seconds. A part that cannot be reached is Unknown. No database connection is held meanwhile.
    """
    sources = await services.catalog.sources(tenant_id, source_ids)
    if not sources:
        return {}
    collections = await services.catalog.collections_of(tenant_id, list(sources))
    async with asyncio.TaskGroup() as group:
        tasks = {
            source.id: group.create_task(services.engine.inspector.inspect(source, collections.get(source.id, ())))
            for source in sources.values()
        }
    requirements = await services.ledger.failed_scans.requirements(tenant_id, list(tasks))
    letters = await services.ledger.dead_letters.of_sources(tenant_id, list(tasks))
    return {
        source_id: replace(task.result(), restart=requirements.get(source_id), dead_letters=letters.get(source_id))
        for source_id, task in tasks.items()
    }


async def check_health(
    services: Services, tenant_id: str, source_ids: Sequence[str]
) -> dict[str, tuple[HealthFinding, ...]]:
    """Return the findings about each of the connectors `source_ids`, the worst first; unknown ids are absent."""
    observed = await inspect_sources(services, tenant_id, source_ids)
    return {source_id: assess(one) for source_id, one in observed.items()}


def stalled(services: Services, record: SourceSnapshotRecord, at: datetime) -> datetime | None:
    """Return since when the snapshot, as of `at`, has given no sign of life, if that is longer than the settings allow.

    `at` must be before the reading of `record`: a notification in between could otherwise count as silence.
    """
    return stalled_since(record, at, services.stall_after)


async def find_causes(
    services: Services, record: SourceSnapshotRecord, observed: InspectedSignalling | None
) -> tuple[HealthFinding, ...]:
    """Return the possible causes why `record`, whose source was `observed`, is stalled; the likeliest first.

    If the connector's offsets can show whether the engine still has the snapshot, they are read with one request.
    """
    if observed is None:
        message = "The connector is no longer in the catalogue."
        remedy = "Release the source with `abandonSnapshots`."
        return (error(HealthCheck.CONNECTOR_STATE, record.source.name, message, remedy),)
    sight = await services.engine.probe.look(observed.source) if may_be_lost(record) else None
    return stall_causes(record, observed, sight)
