"""Finding a node by its id, whichever kind it is of."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from strawberry.dataloader import DataLoader

from schema.catalog.source_connector import SourceConnector
from schema.catalog.topic import Topic
from schema.following.bulk_snapshot import BulkSnapshot
from schema.following.source_snapshot import SourceSnapshot
from schema.following.topic_snapshot import TopicSnapshot
from schema.loaders import Loaders
from schema.node import Node
from snapshots import identifiers

MAX_NODES = 500

Find = Callable[[str], Awaitable[Node | None]]


async def find_nodes(loaders: Loaders, ids: Sequence[str]) -> list[Node | None]:
    """Return the node of each of `ids` in their order, None for those that nothing has.

    An id of ours tells its kind. The others were imported and tell nothing, and so are asked of all kinds at once; an
    imported id may look like one of ours, so what its kind does not know is asked of the others too.
    """
    kinds: dict[str, Find] = {
        identifiers.TOPIC: _finder(loaders.topics, Topic.from_domain),
        identifiers.SOURCE_CONNECTOR: _finder(loaders.sources, SourceConnector.from_domain),
        identifiers.BULK_SNAPSHOT: _finder(loaders.bulk_snapshots, BulkSnapshot.from_domain),
        identifiers.SOURCE_SNAPSHOT: _finder(loaders.source_snapshots, SourceSnapshot.from_domain),
        identifiers.TOPIC_SNAPSHOT: _finder(loaders.topic_snapshots, TopicSnapshot.from_domain),
    }
    return list(await asyncio.gather(*(_find(kinds, id_) for id_ in ids)))


async def _find(kinds: dict[str, Find], id_: str) -> Node | None:
    likely = kinds.get(id_.partition("_")[0])
    if likely and (node := await likely(id_)):
        return node
    found = await asyncio.gather(*(find(id_) for find in kinds.values() if find is not likely))
    return next(filter(None, found), None)


def _finder(loader: DataLoader[str, Any], show: Callable[[Any], Node]) -> Find:
    async def find(id_: str) -> Node | None:
        value = await loader.load(id_)
        return None if value is None else show(value)

    return find
