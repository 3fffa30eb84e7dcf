"""The two root fields of Apollo Federation's subgraph specification, in place of the library's.

The library's `_entities` nulls the whole list where one representation has an unknown type, and tells Python's words
where one has a key more; here each representation stands for itself.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias

import strawberry
from graphql import GraphQLError
from strawberry.federation.schema import FederationAny

from schema.catalog.source_connector import SourceConnector
from schema.catalog.topic import Topic
from schema.context import Info
from schema.fields import computed
from schema.following.bulk_snapshot import BulkSnapshot
from schema.following.source_snapshot import SourceSnapshot

MAX_REPRESENTATIONS = 1000

ANY = strawberry.scalar(
    name="_Any",
    description="A representation of an entity: an object with `__typename` and the fields of one of its keys.",
    serialize=lambda value: value,
    parse_value=lambda value: value,
)

Entity: TypeAlias = Annotated[
    Topic | SourceConnector | BulkSnapshot | SourceSnapshot,
    strawberry.union(name="_Entity", description="What another subgraph may refer to by a key."),
]
Found: TypeAlias = Topic | SourceConnector | BulkSnapshot | SourceSnapshot | None

# For each type its keys, each the names of the fields that are all needed.
_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "Topic": (("id",), ("cluster", "name")),
    "SourceConnector": (("id",), ("cluster", "name")),
    "BulkSnapshot": (("id",),),
    "SourceSnapshot": (("id",),),
}
_RESOLVERS: dict[str, Callable[..., Awaitable[Found]]] = {
    "Topic": Topic.resolve_reference,
    "SourceConnector": SourceConnector.resolve_reference,
    "BulkSnapshot": BulkSnapshot.resolve_reference,
    "SourceSnapshot": SourceSnapshot.resolve_reference,
}


@strawberry.type(name="_Service", description="This subgraph, as a federation gateway sees it.")
class Service:
    """What `_service` returns."""

    @computed("The schema of this subgraph in the schema definition language.")
    def sdl(self, info: Info) -> str:
        """Print the schema that is being asked."""
        return info.schema.as_str()


async def resolve_entity(info: Info, representation: object) -> Found:
    """Return what `representation` stands for, None where there is none. Raises GraphQLError for a senseless one."""
    if not isinstance(representation, dict):
        raise GraphQLError("A representation is an object.", extensions={"code": "INVALID_REPRESENTATION"})
    kind = representation.get("__typename")
    for key in _KEYS.get(kind, ()) if isinstance(kind, str) else ():
        values = {name: representation.get(name) for name in key}
        if all(isinstance(value, str) for value in values.values()):
            return await _RESOLVERS[str(kind)](info, **values)
    message = "A representation has the __typename of an entity of this subgraph, and the fields of one of its keys."
    raise GraphQLError(message, extensions={"code": "INVALID_REPRESENTATION"})


__all__ = ["ANY", "Entity", "FederationAny", "Service", "resolve_entity"]
