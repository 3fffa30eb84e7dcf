"""`syncCatalog`: its input, its payload and its field."""

from collections.abc import Mapping
from typing import Annotated

import strawberry

from resolvers.catalog.sync_catalog import sync_catalog
from schema.context import Info
from schema.fields import view
from schema.operations import operation
from schema.user_error import UserError, user_errors
from snapshots.catalog.contents import CatalogItem, Changes
from snapshots.errors import RequestError
from snapshots.ports.cluster_observer import Unreadable
from snapshots.vocabulary import UserErrorCode


@strawberry.input(description="Which cluster to read. Addresses belong to the operator and are never taken from here.")
class SyncCatalogInput:
    """The input of `syncCatalog`."""

    cluster_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of a cluster; absent for every cluster with a Kafka Connect."
    )
    dry_run: bool = strawberry.field(default=False, description="Only tell what would change.")
    client_mutation_id: str | None = strawberry.field(default=None, description="Returned as it is.")


@view(CatalogItem, description="A connector or a topic that a synchronisation touched.")
class CatalogItemType:
    """What clients see of a touched item."""

    id: strawberry.ID | None = strawberry.field(description="Its id; null for what a dry run would add.")
    name: str = strawberry.field(description="Its name.")


@view(Changes, description="What a synchronisation did to the connectors or to the topics, in order of their names.")
class CatalogChangesType:
    """What clients see of the changes of one sort."""

    added: list[CatalogItemType] = strawberry.field(description="New, or back again.")
    changed: list[CatalogItemType] = strawberry.field(description="Known before, with something else about them.")
    retired: list[CatalogItemType] = strawberry.field(
        description="Gone; they are listed no more, the ledger keeps them."
    )
    unchanged: int = strawberry.field(description="How many are as they were.")


@view(
    Unreadable,
    description="Something that a synchronisation could not read. What was known of it is kept as it was: nothing of "
    "it is retired or forgotten.",
)
class UnreadablePartType:
    """What clients see of something that was not read."""

    cluster: str = strawberry.field(description="The name of the cluster that it is about.")
    source: str | None = strawberry.field(
        description="The name of the connector that it is about; null where it is the whole cluster, or its Kafka."
    )
    reason: str = strawberry.field(description="What happened, what that means, and what to do, for people.")


@strawberry.type(description="What was done, or would be. Where there are user errors, nothing was.")
class SyncCatalogPayload:
    """The answer of `syncCatalog`."""

    connectors: CatalogChangesType = strawberry.field(default_factory=Changes, description="The connectors.")
    topics: CatalogChangesType = strawberry.field(default_factory=Changes, description="The topics.")
    unreadable: list[UnreadablePartType] = strawberry.field(
        default_factory=list,
        description="What could not be read, by cluster and connector; empty where everything was. The rest was "
        "synchronised all the same.",
    )
    dry_run: bool = strawberry.field(description="Whether this only tells what would change.")
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was done; what alone was left out is in `unreadable`."
    )
    client_mutation_id: str | None = strawberry.field(description="As it was sent.")


async def _sync_catalog(
    info: Info,
    input: Annotated[SyncCatalogInput, strawberry.argument(description="What to read, and whether only to tell.")],
) -> Mapping[str, object]:
    context = info.context
    result = await sync_catalog(context.services, context.principal, input.cluster_id, dry_run=input.dry_run)
    return {
        "connectors": result.changes.connectors,
        "topics": result.changes.topics,
        "unreadable": result.unreadable,
        "user_errors": user_errors(_nothing_read(input)) if result.nothing_read else [],
    }


def _nothing_read(given: SyncCatalogInput) -> RequestError:
    message = "No cluster could be read, so nothing was changed; `unreadable` says why."
    field = ("cluster_id",) if given.cluster_id is not None else None
    return RequestError(UserErrorCode.CLUSTER_UNREACHABLE, message, field)


SYNC_CATALOG = operation(
    SyncCatalogPayload,
    _sync_catalog,
    "Read Kafka Connect and the source databases again, and bring the catalogue up to date. What cannot be read, a "
    "source database or a whole cluster, is named in `unreadable` and kept as it was; the others are synchronised.",
)
