"""Trying, before anything is recorded, whether the sources' databases take the filters of a plan."""

import asyncio
import logging
from collections.abc import Mapping

from resolvers.services import Services
from snapshots.jobs import Plan, SourceJob

logger = logging.getLogger(__name__)

_CONCURRENCY = 16


async def check_filters(services: Services, plan: Plan) -> Mapping[str, str]:
    """Return by topic id why a database refuses the filter or surrogate key of a topic of `plan`.

    One trial a source that has any, some at a time, each bounded. What could not be tried is not among them.
    """
    jobs = [job for job in plan.jobs if job.refusal is None and _has_sql(job)]
    places = asyncio.Semaphore(_CONCURRENCY)

    async def try_one(job: SourceJob) -> Mapping[str, str]:
        async with places:
            try:
                return await services.filter_trial.refusals(job.source, job.topics)
            except Exception:
                # A fault of ours: the engine still tells what becomes of the filter.
                logger.exception("trying the filters for %s failed unexpectedly", job.source.name)
                return {}

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(try_one(job)) for job in jobs]
    return {topic_id: reason for task in tasks for topic_id, reason in task.result().items()}


def _has_sql(job: SourceJob) -> bool:
    return any(topic.filter is not None or topic.surrogate_key is not None for topic in job.topics)
