"""Asking the sources' databases, before anything is recorded, which topics of a plan would fail or do harm."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace

from resolvers.requesting.connector_check import Observations
from resolvers.services import Services
from snapshots.cancellation import contain
from snapshots.errors import ClusterUnreachableError
from snapshots.plan import Plan, SourceJob
from snapshots.ports.source_trial import Trial
from snapshots.signalling.key_settings import KeySettings
from snapshots.vocabulary import SnapshotType

logger = logging.getLogger(__name__)

WAIT_SECONDS = 6.0
"""How long to wait for all databases together: a look takes milliseconds, but many may be away."""
_LATE = "The keys of the tables were not checked, because the database did not answer in time."
_NO_SETTINGS = (
    "The connector's configuration is unknown, so the tables' keys were checked as the database defines them, "
    "without `message.key.columns`."
)


async def look_at_sources(
    services: Services,
    plan: Plan,
    snapshot_type: SnapshotType,
    observed: Mapping[str, Observations],
    *,
    wait_seconds: float = WAIT_SECONDS,
) -> Mapping[str, Trial]:
    """Return by source id the findings of the databases about the topics of `plan`, whose connectors are as `observed`.

    For an incremental snapshot, every source is asked for the keys of its tables; for a blocking one, only sources
    where a topic has a filter or a surrogate key are asked. One look at each source; none takes longer than
    `wait_seconds`.
    """
    is_incremental = snapshot_type is SnapshotType.INCREMENTAL
    jobs = [job for job in plan.jobs if job.refusal is None and (is_incremental or _has_sql(job))]
    until = asyncio.get_running_loop().time() + wait_seconds

    async def look(job: SourceJob) -> Trial:
        settings = _settings(job, observed)
        keys = (settings or KeySettings()) if is_incremental else None
        try:
            async with asyncio.timeout_at(until):
                trial = await contain(services.engine.source_trial.look(job.source, job.topics, keys))
        except TimeoutError:
            return Trial(warning=_LATE if is_incremental else None)
        except Exception:
            # A fault of ours: the engine will still report what happens to the tables.
            logger.exception("looking at the database of %s failed unexpectedly", job.source.name)
            return Trial(warning="The source database could not be checked because of an internal error; see the log.")
        if is_incremental and settings is None and trial.asked:
            return replace(trial, warning=" ".join(filter(None, (trial.warning, _NO_SETTINGS))))
        return trial

    async with asyncio.TaskGroup() as group:
        tasks = {job.source.id: group.create_task(look(job)) for job in jobs}
    return {source_id: task.result() for source_id, task in tasks.items()}


def _settings(job: SourceJob, observed: Mapping[str, Observations]) -> KeySettings | None:
    """Return the key settings in the connector's configuration, None if Kafka Connect did not report them."""
    connectors = observed.get(job.source.cluster.id)
    if connectors is None or isinstance(connectors, ClusterUnreachableError) or job.source.name not in connectors:
        return None
    return connectors[job.source.name].keys


def _has_sql(job: SourceJob) -> bool:
    return any(topic.filter is not None or topic.surrogate_key is not None for topic in job.topics)
