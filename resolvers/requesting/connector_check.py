"""Asking Kafka Connect, before anything is sent, whether the connectors of a plan can take a snapshot."""

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import replace

from resolvers.services import Services
from snapshots.errors import ClusterUnreachableError
from snapshots.model import Cluster
from snapshots.plan import Plan, Refusal, SourceJob
from snapshots.ports.connector_states import ConnectorObservation
from snapshots.vocabulary import SnapshotErrorCode

logger = logging.getLogger(__name__)

WAIT_SECONDS = 6.0
"""How long to wait at most for the states of a cluster's connectors, whatever implements the port."""

Observations = Mapping[str, ConnectorObservation] | ClusterUnreachableError
"""A cluster's connectors by name, or why they are not known."""


async def observe_connectors(
    services: Services, plan: Plan, *, wait_seconds: float = WAIT_SECONDS
) -> Mapping[str, Observations]:
    """Return by cluster id the states of the connectors of `plan`, except of jobs that are already refused.

    One request for each cluster, all concurrently; none takes longer than `wait_seconds`.
    """
    clusters = {job.source.cluster.id: job.source.cluster for job in plan.jobs if job.refusal is None}
    wanted: dict[str, set[str]] = {key: set() for key in clusters}
    for job in plan.jobs:
        if job.refusal is None:
            wanted[job.source.cluster.id].add(job.source.name)
    async with asyncio.TaskGroup() as group:
        tasks = {
            key: group.create_task(_observe(services, cluster, wanted[key], wait_seconds))
            for key, cluster in clusters.items()
        }
    return {key: task.result() for key, task in tasks.items()}


def check_connectors(plan: Plan, observed: Mapping[str, Observations]) -> Plan:
    """Return `plan` with those jobs refused whose connector, as `observed`, is missing or not running.

    If Kafka Connect did not answer, the job continues with a warning: the signal's channel may still be reachable.
    """
    return replace(plan, jobs=tuple(_checked(job, observed.get(job.source.cluster.id)) for job in plan.jobs))


async def _observe(services: Services, cluster: Cluster, wanted: Collection[str], wait_seconds: float) -> Observations:
    if cluster.connect_url is None:
        return ClusterUnreachableError(f"Cluster {cluster.name} has no Kafka Connect URL.")
    try:
        async with asyncio.timeout(wait_seconds):
            return await services.engine.connector_states.observe(cluster, wanted)
    except ClusterUnreachableError as error:
        return error
    except TimeoutError:
        return ClusterUnreachableError(f"Kafka Connect of cluster {cluster.name} did not answer in time.")
    except Exception:
        # A fault of ours: it must not affect the sources of other clusters, and the channel may still work.
        logger.exception("asking Kafka Connect of cluster %s failed unexpectedly", cluster.name)
        return ClusterUnreachableError(
            f"Kafka Connect of cluster {cluster.name} could not be asked because of an internal error; see the log."
        )


def _checked(job: SourceJob, observed: Observations | None) -> SourceJob:
    if job.refusal is not None or observed is None:
        return job
    source = job.source
    if isinstance(observed, ClusterUnreachableError):
        unknown = f"The connector's state is unknown: {observed}"
        return replace(job, warning=" ".join(filter(None, (unknown, job.warning))))
    observation = observed.get(source.name)
    if observation is None:
        message = (
            f"Kafka Connect of cluster {source.cluster.name} has no connector {source.name}. Create it, or run "
            "`topicsnap sync`."
        )
        return job.refused(Refusal(SnapshotErrorCode.CONNECTOR_NOT_FOUND, message, retryable=False))
    source = replace(source, state=observation.state, state_observed_at=observation.observed_at)
    job = replace(job, source=source)
    if not observation.state.reads_signals:
        because = f": {observation.trace}" if observation.trace else ""
        message = f"Connector {source.name} is {observation.state}{because}. Start it, then send the request again."
        return job.refused(Refusal(SnapshotErrorCode.CONNECTOR_NOT_RUNNING, message, retryable=True))
    return job
