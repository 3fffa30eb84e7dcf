"""Taking into the catalogue what an operator says of it."""

from resolvers.principal import Principal
from resolvers.services import Services
from snapshots.catalog.changes import CatalogChanges
from snapshots.catalog.imported import CatalogImport


async def import_catalog(services: Services, principal: Principal, given: CatalogImport) -> CatalogChanges:
    """Write `given` to the tenant's catalogue, all or nothing; what is said wins over every observation from then on.

    Raises RequestError where an id or a name contradicts what is there.
    """
    return await services.catalog_writer.import_catalog(principal.tenant_id, given)
