"""Recording, before a dispatch, the positions of topics and sources that a later verification compares with."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence

from resolvers.services import Services
from snapshots.errors import UnreadableError
from snapshots.model import Cluster, SourceConnector, Topic
from snapshots.plan import Plan
from snapshots.ports.topic_reader import Offsets
from snapshots.verification.verdicts import Mark

logger = logging.getLogger(__name__)

MARK_SECONDS = 5.0
"""How long a dispatch waits at most; what is unknown then is not recorded, and the snapshot continues without it."""
_AT_ONCE = 8


async def take_marks(services: Services, plan: Plan) -> dict[str, Mark]:
    """Return a mark for each topic of `plan` that will be dispatched, by topic id; unknown parts of a mark are None."""
    jobs = [job for job in plan.jobs if job.refusal is None]
    topics: dict[str, list[Topic]] = defaultdict(list)
    for job in jobs:
        topics[job.source.cluster.id].extend(asked.topic for asked in job.topics)
    places = asyncio.Semaphore(_AT_ONCE)
    async with asyncio.TaskGroup() as group:
        horizons = {job.source.id: group.create_task(_horizon(services, job.source, places)) for job in jobs}
        ends = {
            cluster.id: group.create_task(_ends(services, cluster, topics[cluster.id], places))
            for cluster in {job.source.cluster.id: job.source.cluster for job in jobs}.values()
        }
    return {
        asked.topic.id: Mark(
            ends[job.source.cluster.id].result().get(asked.topic.name), horizons[job.source.id].result()
        )
        for job in jobs
        for asked in job.topics
    }


async def _horizon(services: Services, source: SourceConnector, places: asyncio.Semaphore) -> int | None:
    try:
        async with asyncio.timeout(MARK_SECONDS), places:
            return await services.engine.source_rows.horizon(source)
    except TimeoutError:
        return None


async def _ends(
    services: Services, cluster: Cluster, topics: Sequence[Topic], places: asyncio.Semaphore
) -> dict[str, Offsets]:
    names = list(dict.fromkeys(topic.name for topic in topics))
    try:
        async with asyncio.timeout(MARK_SECONDS), places:
            return dict(await services.engine.topic_reader.ends(cluster, names))
    except (UnreadableError, TimeoutError) as error:
        logger.warning("cannot read the end offsets of topics of cluster %s: %s", cluster.name, error)
        return {}
