"""The two root fields of Apollo Federation's subgraph specification, in place of the library's.

The library's `_entities` nulls the whole list where one representation has an unknown type, and tells Python's words
where one has a key more; here each representation stands for itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, TypeAlias

import strawberry
from graphql import GraphQLError
from strawberry.federation.schema import FederationAny

from schema.catalog.source_connector import SourceConnectorType
from schema.catalog.topic import TopicType
from schema.connections import check_count
from schema.context import Info
from schema.fields import computed
from schema.following.bulk_snapshot import BulkSnapshotType
from schema.following.source_snapshot import SourceSnapshotType
from schema.loaders import Loaders

MAX_REPRESENTATIONS = 1000

ANY = strawberry.scalar(
    name="_Any",
    description="A representation of an entity: an object with `__typename` and the fields of one of its keys.",
    serialize=lambda value: value,
    parse_value=lambda value: value,
)

Entity: TypeAlias = Annotated[
    TopicType | SourceConnectorType | BulkSnapshotType | SourceSnapshotType,
    strawberry.union(
        name="_Entity", description="Any object of this subgraph that other subgraphs can refer to by a key."
    ),
]

Find: TypeAlias = Callable[[Loaders, Mapping[str, str]], Awaitable[object]]

_BY_ID = ("id",)
_BY_NAME = ("cluster", "name")
# For each type its keys, each the names of the fields that are all needed, and what finds an entity by them.
_KEYS: Mapping[str, Mapping[tuple[str, ...], Find]] = {
    "Topic": {
        _BY_ID: lambda loaders, key: loaders.topics.load(key["id"]),
        _BY_NAME: lambda loaders, key: loaders.topics_by_name.load((key["cluster"], key["name"])),
    },
    "SourceConnector": {
        _BY_ID: lambda loaders, key: loaders.sources.load(key["id"]),
        _BY_NAME: lambda loaders, key: loaders.sources_by_name.load((key["cluster"], key["name"])),
    },
    "BulkSnapshot": {_BY_ID: lambda loaders, key: loaders.bulk_snapshots.load(key["id"])},
    "SourceSnapshot": {_BY_ID: lambda loaders, key: loaders.source_snapshots.load(key["id"])},
}


def _sdl(info: Info) -> str:
    """Print the schema that is being asked."""
    return info.schema.as_str()


@strawberry.type(name="_Service", description="The description of this subgraph for federation gateways.")
class ServiceType:
    """What `_service` returns."""

    sdl: str = computed(_sdl, "The schema of this subgraph, in the schema definition language.")


async def resolve_entity(info: Info, representation: object) -> object:
    """Return what `representation` stands for, None where there is none. Raises GraphQLError for a senseless one."""
    if not isinstance(representation, dict):
        raise GraphQLError("A representation is an object.", extensions={"code": "INVALID_REPRESENTATION"})
    kind = representation.get("__typename")
    for key, find in _KEYS.get(kind, {}).items() if isinstance(kind, str) else ():
        values = {name: value for name in key if isinstance(value := representation.get(name), str)}
        if len(values) == len(key):
            return await find(info.context.loaders, values)
    message = "A representation has the __typename of an entity of this subgraph, and the fields of one of its keys."
    raise GraphQLError(message, extensions={"code": "INVALID_REPRESENTATION"})


async def _entities(
    info: Info,
    representations: Annotated[
        list[FederationAny],
        strawberry.argument(
            description=f"The representations to resolve, at most {MAX_REPRESENTATIONS}. Each is "
            "answered on its own, in order."
        ),
    ],
) -> list[object]:
    """Resolve each representation; one that makes no sense is an error at its place only."""
    check_count("representations", len(representations), MAX_REPRESENTATIONS)
    found = (resolve_entity(info, representation) for representation in representations)
    # The executor raises an exception in a list at its place.
    return await asyncio.gather(*found, return_exceptions=True)


def _service() -> ServiceType:
    """Answer what the subgraph specification asks for."""
    return ServiceType()


ENTITIES = computed(
    _entities,
    "Objects of this subgraph that other subgraphs refer to. For federation gateways.",
    name="_entities",
    type=list[Entity | None],
)
SERVICE = computed(_service, "The schema of this subgraph. For federation gateways.", name="_service", type=ServiceType)

__all__ = ["ANY", "ENTITIES", "SERVICE", "FederationAny", "resolve_entity"]
