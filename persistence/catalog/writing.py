"""Changing the catalogue: what an operator imports, and what is found on a cluster."""

from persistence.catalog import store as catalog_store
from persistence.database.pool import Database
from snapshots.catalog.changes import CatalogChanges, changes
from snapshots.catalog.imported import CatalogImport
from snapshots.catalog.importing import after_import
from snapshots.catalog.syncing import after_sync
from snapshots.errors import RequestError
from snapshots.identifiers import Clock, IdMaker, utc_now
from snapshots.ports.cluster_observer import ObservedCluster
from snapshots.texts import is_storable
from snapshots.vocabulary import UserErrorCode


class CatalogWriter:
    """Changes the catalogue of one tenant at a time.

    Each operation is one transaction of a few statements, whatever the number of rows. Two of them on the same cluster
    come one after the other.
    """

    def __init__(self, database: Database, new_id: IdMaker | None = None, clock: Clock = utc_now) -> None:
        """Write to `database`; rows that bring no id get one of `new_id`."""
        self._database = database
        self._new_id = new_id or IdMaker(clock)
        self._clock = clock

    async def import_catalog(self, tenant_id: str, imported: CatalogImport, *, dry_run: bool = False) -> CatalogChanges:
        """Take what an operator says: known items are updated, and ids that were given are kept.

        Raises InvalidRequestError with all that is wrong; nothing is changed then.
        """
        async with self._database.write() as connection:
            await catalog_store.lock_tenant(connection, tenant_id)
            before = await catalog_store.load(connection, tenant_id)
            after = after_import(before, imported, new_id=self._new_id)
            if not dry_run:
                await catalog_store.save(connection, tenant_id, before, after)
        return changes(before, after, dry_run=dry_run)

    async def sync_cluster(
        self, tenant_id: str, cluster_id: str, observed: ObservedCluster, *, dry_run: bool = False
    ) -> CatalogChanges:
        """Take what was found on a cluster: new items are added, others changed, and what is gone is retired.

        Explicit mappings and fields stay as the operator said. Raises RequestError where there is no such cluster.
        """
        unknown = RequestError(UserErrorCode.NOT_FOUND, "There is no cluster with this id.", ("cluster_id",))
        if not is_storable(cluster_id):
            raise unknown
        async with self._database.write() as connection:
            await catalog_store.lock_cluster(connection, tenant_id, cluster_id)
            before = await catalog_store.load(connection, tenant_id, cluster_id)
            if cluster_id not in before.clusters:
                raise unknown
            after = after_sync(before, cluster_id, observed, new_id=self._new_id, now=self._clock())
            if not dry_run:
                await catalog_store.save(connection, tenant_id, before, after)
        return changes(before, after, dry_run=dry_run)
