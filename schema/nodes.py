"""`node` and `nodes`: finding whatever has an id, whichever kind it is of."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import strawberry

from schema.connections import check_count
from schema.context import Info
from schema.fields import computed
from schema.loaders import Loaders
from schema.node import Node
from snapshots import identifiers

MAX_NODES = 500

Find = Callable[[str], Awaitable[object]]


async def find_nodes(loaders: Loaders, ids: Sequence[str]) -> list[object]:
    """Return the node of each of `ids` in their order, None for those that nothing has.

    An id of ours tells its kind. The others were imported and tell nothing, and so are asked of all kinds at once; an
    imported id may look like one of ours, so what its kind does not know is asked of the others too.
    """
    kinds: dict[str, Find] = {
        identifiers.TOPIC: loaders.topics.load,
        identifiers.SOURCE_CONNECTOR: loaders.sources.load,
        identifiers.BULK_SNAPSHOT: loaders.bulk_snapshots.load,
        identifiers.SOURCE_SNAPSHOT: loaders.source_snapshots.load,
        identifiers.TOPIC_SNAPSHOT: loaders.topic_snapshots.load,
    }
    return list(await asyncio.gather(*(_find(kinds, id_) for id_ in ids)))


async def _find(kinds: dict[str, Find], id_: str) -> object:
    likely = kinds.get(id_.partition("_")[0])
    if likely and (node := await likely(id_)):
        return node
    found = await asyncio.gather(*(find(id_) for find in kinds.values() if find is not likely))
    return next(filter(None, found), None)


async def _node(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of the object to find.")]
) -> object:
    """Find one node."""
    return (await find_nodes(info.context.loaders, [id]))[0]


async def _nodes(
    info: Info,
    ids: Annotated[
        list[strawberry.ID], strawberry.argument(description=f"The ids of the objects to find, at most {MAX_NODES}.")
    ],
) -> list[object]:
    """Find many nodes, each kind in one go."""
    check_count("ids", len(ids), MAX_NODES)
    return await find_nodes(info.context.loaders, ids)


NODE = computed(
    _node, "The object with this id, of whatever type it is. Null if nothing has this id.", type=Node | None
)
NODES = computed(
    _nodes,
    "The objects with these ids, in the order of the ids. Null for each id that nothing has.",
    type=list[Node | None],
)
