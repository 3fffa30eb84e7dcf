"""Filling the catalogue from what Kafka Connect and the source databases tell."""

import asyncio

from resolvers.principal import Principal
from resolvers.services import Services
from snapshots.catalog import CatalogChanges, Changes
from snapshots.errors import ClusterUnreachableError, RequestError
from snapshots.kinds import UserErrorCode
from snapshots.model import Cluster


async def sync_catalog(
    services: Services, principal: Principal, cluster_id: str | None, *, dry_run: bool = False
) -> CatalogChanges:
    """Bring the catalogue in line with the cluster of that id, or with every cluster of the tenant for None.

    With `dry_run` nothing is written, and the answer tells what would be. Explicit mappings stay. No database
    connection is held while others are asked. Raises RequestError: NOT_FOUND for an unknown cluster,
    CLUSTER_UNREACHABLE where Kafka Connect does not answer; clusters that did answer are written all the same.
    """
    clusters = await services.catalog.clusters(principal.tenant_id)
    chosen = [cluster for cluster in clusters if cluster_id in {None, cluster.id}]
    if cluster_id is not None and not chosen:
        raise RequestError(UserErrorCode.NOT_FOUND, "No cluster has this id.", ("input", "clusterId"))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_sync(services, principal.tenant_id, cluster, dry_run)) for cluster in chosen]
    done = [task.result() for task in tasks]
    unreachable = [error for error in done if isinstance(error, ClusterUnreachableError)]
    if unreachable:
        message = " ".join(str(error) for error in unreachable)
        raise RequestError(UserErrorCode.CLUSTER_UNREACHABLE, message, ("input", "clusterId"))
    return _together([changes for changes in done if isinstance(changes, CatalogChanges)], dry_run)


async def _sync(
    services: Services,
    tenant_id: str,
    cluster: Cluster,
    dry_run: bool,  # noqa: FBT001 (private)
) -> CatalogChanges | ClusterUnreachableError:
    references = await services.catalog.database_url_refs(tenant_id, cluster.id)
    try:
        observed = await services.observer.observe(cluster, references)
    except ClusterUnreachableError as error:
        return error
    return await services.catalog_writer.sync_cluster(tenant_id, cluster.id, observed, dry_run=dry_run)


def _together(done: list[CatalogChanges], dry_run: bool) -> CatalogChanges:  # noqa: FBT001 (private)
    return CatalogChanges(
        clusters=_sum([changes.clusters for changes in done]),
        connectors=_sum([changes.connectors for changes in done]),
        topics=_sum([changes.topics for changes in done]),
        dry_run=dry_run,
    )


def _sum(parts: list[Changes]) -> Changes:
    return Changes(
        added=tuple(item for part in parts for item in part.added),
        changed=tuple(item for part in parts for item in part.changed),
        retired=tuple(item for part in parts for item in part.retired),
        unchanged=sum(part.unchanged for part in parts),
    )
