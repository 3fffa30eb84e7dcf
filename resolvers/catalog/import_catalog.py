"""Importing an operator's description into the catalogue."""

from resolvers.principal import Principal
from resolvers.services import Services
from snapshots.catalog.changes import CatalogChanges
from snapshots.catalog.imported import CatalogImport


async def import_catalog(services: Services, principal: Principal, given: CatalogImport) -> CatalogChanges:
    """Write `given` to the tenant's catalogue, all or nothing; it wins over every later observation.

    Raises RequestError if an id or a name contradicts what is there.
    """
    return await services.catalog_writer.import_catalog(principal.tenant_id, given)
