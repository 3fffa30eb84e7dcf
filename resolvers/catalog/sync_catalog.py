"""Filling the catalogue from Kafka Connect and the source databases."""

import asyncio
import logging
from collections.abc import Iterable

from resolvers.principal import Principal
from resolvers.services import Services
from snapshots.cancellation import contain
from snapshots.catalog.changes import CatalogChanges, CatalogItem, ItemChanges, SyncResult
from snapshots.errors import ClusterUnreachableError, RequestError
from snapshots.model import Cluster
from snapshots.ports.cluster_observer import Unreadable
from snapshots.vocabulary import UserErrorCode

logger = logging.getLogger(__name__)

_KEPT = "The catalogue keeps what it knew. Make sure that the cluster can be reached, then run sync again."

_Done = tuple[CatalogChanges | None, tuple[Unreadable, ...]]
"""The changes to the catalogue (None if the cluster could not be read), and what could not be read."""


async def sync_catalog(
    services: Services, principal: Principal, cluster_id: str | None, *, dry_run: bool = False
) -> SyncResult:
    """Synchronise the catalogue with the cluster of that id or, for None, with every one that names a Kafka Connect.

    With `dry_run` nothing is written, and the answer shows what would change. Explicit mappings stay. No database
    connection is held while others are asked. A part that cannot be read, even a whole cluster, is reported and kept as
    it was, and does not stop the others. Raises RequestError (NOT_FOUND) for an unknown cluster.
    """
    clusters = await services.catalog.clusters(principal.tenant_id)
    chosen = sorted((one for one in clusters if cluster_id in {None, one.id}), key=lambda cluster: cluster.name)
    if cluster_id is not None and not chosen:
        raise RequestError(UserErrorCode.NOT_FOUND, "No cluster has this id.", ("cluster_id",))
    if cluster_id is None:
        # A cluster that only an import describes has nothing to read.
        chosen = [cluster for cluster in chosen if cluster.connect_url is not None]
    # If the changes of one cluster cannot be written, the others still finish; then its error is raised.
    done = await asyncio.gather(
        *(_sync(services, principal.tenant_id, cluster, dry_run) for cluster in chosen), return_exceptions=True
    )
    for one in done:
        if isinstance(one, BaseException):
            raise one
    results = [one for one in done if not isinstance(one, BaseException)]
    changes = [changed for changed, _ in results if changed is not None]
    unreadable = tuple(part for _, parts in results for part in parts)
    return SyncResult(_together(changes, dry_run), unreadable, nothing_read=bool(results) and not changes)


async def _sync(
    services: Services,
    tenant_id: str,
    cluster: Cluster,
    dry_run: bool,  # noqa: FBT001 (private)
) -> _Done:
    references = await services.catalog.database_url_refs(tenant_id, cluster.id)
    try:
        observed = await contain(services.engine.observer.observe(cluster, references))
    except ClusterUnreachableError as error:
        return None, (Unreadable(cluster.name, None, f"{error} {_KEPT}"),)
    except Exception:
        logger.exception("observing the cluster %s failed unexpectedly", cluster.name)
        reason = (
            f"Reading the cluster {cluster.name} failed because of an internal error; see the log. The catalogue "
            "keeps what it knew."
        )
        return None, (Unreadable(cluster.name, None, reason),)
    for part in observed.unreadable:
        logger.warning("the sync of the catalogue could not read a part of a cluster: %s", part.reason)
    changes = await services.catalog_writer.sync_cluster(tenant_id, cluster.id, observed, dry_run=dry_run)
    return changes, observed.unreadable


def _together(done: list[CatalogChanges], dry_run: bool) -> CatalogChanges:  # noqa: FBT001 (private)
    return CatalogChanges(
        clusters=_sum([changes.clusters for changes in done]),
        connectors=_sum([changes.connectors for changes in done]),
        topics=_sum([changes.topics for changes in done]),
        dry_run=dry_run,
    )


def _sum(parts: list[ItemChanges]) -> ItemChanges:
    return ItemChanges(
        added=_in_order(item for part in parts for item in part.added),
        changed=_in_order(item for part in parts for item in part.changed),
        retired=_in_order(item for part in parts for item in part.retired),
        unchanged=sum(part.unchanged for part in parts),
    )


def _in_order(items: Iterable[CatalogItem]) -> tuple[CatalogItem, ...]:
    return tuple(sorted(items, key=lambda item: (item.name, item.id or "")))
