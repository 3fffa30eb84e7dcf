"""`sources` and `source`: the source connectors of the catalogue."""

from functools import partial
from typing import Annotated

import strawberry

from schema.catalog.filters import SourceFilterInput, source_filter
from schema.catalog.source_connector import SourceConnectorConnectionType, SourceConnectorType
from schema.connections import DEFAULT_PAGE, After, First, Listed, check_first
from schema.context import Info
from schema.fields import computed
from snapshots.model import SourceConnector


async def _sources(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    filter: Annotated[
        SourceFilterInput | None,
        strawberry.argument(description="Only source connectors that satisfy every given field of this filter."),
    ] = None,
) -> Listed[SourceConnector]:
    """Read one page."""
    check_first(first)
    context = info.context
    read = partial(context.services.catalog.sources_page, context.principal.tenant_id, source_filter(filter))
    return Listed(await read(first=first, after=after), after, read)


async def _source(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of the source connector to find.")]
) -> SourceConnector | None:
    """Read one source connector."""
    return await info.context.loaders.sources.load(id)


SOURCES = computed(
    _sources, "The source connectors of the catalogue, in order of their names.", type=SourceConnectorConnectionType
)
SOURCE = computed(_source, "The source connector with this id. Null if there is none.", type=SourceConnectorType | None)
