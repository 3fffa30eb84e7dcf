"""The executable schema: the types put together, with the extensions that the gateway brings."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import strawberry
from graphql import GraphQLError
from graphql.execution import Executor
from strawberry.extensions import SchemaExtension
from strawberry.federation.schema import FederationAny
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from schema.context import RequestContext
from schema.errors import present
from schema.federation import ANY
from schema.following.topic_snapshot import TopicSnapshot
from schema.mutation import Mutation
from schema.query import Query
from schema.requesting.results import SourceSnapshotDispatched, SourceSnapshotFailed, SourceSnapshotUnconfirmed
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
    return kind(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        # Reached through interfaces only, or not at all by their own name.
        types=[SourceSnapshotDispatched, SourceSnapshotFailed, SourceSnapshotUnconfirmed, TopicSnapshot],
        extensions=extensions,
        execution_context_class=executor,
        config=StrawberryConfig(scalar_map=SCALARS),
        scalar_overrides={FederationAny: ANY},
        federation_version=FEDERATION_VERSION,
    )
