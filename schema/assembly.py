"""The executable schema: the types put together, with the extensions that the gateway brings."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import strawberry
from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema
from graphql.execution import Executor
from strawberry.extensions import SchemaExtension
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types import ExecutionContext
from strawberry.types.field import StrawberryField

from schema.context import RequestContext
from schema.errors import present
from schema.federation import ANY
from schema.following.results import (
    SourceSnapshotDispatchedType,
    SourceSnapshotFailedType,
    SourceSnapshotUnconfirmedType,
)
from schema.following.topic_snapshot import TopicSnapshotType
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription

FEDERATION_VERSION: Final = "2.9"
"""The newest that both Apollo's composer and The Guild's know."""


class TopicsnapSchema(strawberry.federation.Schema):
    """The schema; its errors are what clients may see, by whatever way an operation came."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Put in the place of each of `errors` what clients may see of it, in the list that is answered."""
        context = execution_context.context if execution_context else None
        request_id = context.request_id if isinstance(context, RequestContext) else ""
        errors[:] = [present(error, request_id) for error in errors]


def build_schema(
    extensions: Iterable[type[SchemaExtension] | Callable[[], SchemaExtension]] = (),
    executor: type[Executor[Any]] | None = None,
    kind: type[TopicsnapSchema] = TopicsnapSchema,
) -> TopicsnapSchema:
    """Return the schema, one of `kind`; each operation runs in an `executor` with fresh instances of `extensions`."""
    schema = kind(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        # Reached through interfaces only, or not at all by their own name.
        types=[
            SourceSnapshotDispatchedType,
            SourceSnapshotFailedType,
            SourceSnapshotUnconfirmedType,
            TopicSnapshotType,
        ],
        extensions=extensions,
        execution_context_class=executor,
        config=StrawberryConfig(scalar_map=SCALARS),
        scalar_overrides={FederationAny: ANY},
        federation_version=FEDERATION_VERSION,
    )
    _read_attributes(schema._schema)  # noqa: SLF001 (no other way)
    return schema


def _read_attributes(schema: GraphQLSchema) -> None:
    """Let fields that are attributes of records be read without the library's detours: a tenth of a large answer."""
    for each in schema.type_map.values():
        for field in each.fields.values() if isinstance(each, GraphQLObjectType) else ():
            definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
            if isinstance(definition, StrawberryField) and definition.is_basic_field:
                field.resolve = _attribute(definition.python_name)


def _attribute(name: str) -> Callable[[object, object], object]:
    def resolve(record: object, _info: object) -> object:
        return getattr(record, name)

    return resolve
