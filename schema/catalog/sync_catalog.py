"""`syncCatalog`: its input, its payload and its field."""

from collections.abc import Mapping
from typing import Annotated

import strawberry

from resolvers.catalog.sync_catalog import sync_catalog
from schema.context import Info
from schema.fields import view
from schema.operations import operation
from schema.user_error import UserError, user_errors
from snapshots.catalog.changes import CatalogItem, ItemChanges
from snapshots.errors import RequestError
from snapshots.ports.cluster_observer import Unreadable
from snapshots.vocabulary import UserErrorCode


@strawberry.input(
    description="Which cluster to read, and whether this is a dry run. Addresses are configured by the operator "
    "and never taken from a request."
)
class SyncCatalogInput:
    """The input of `syncCatalog`."""

    cluster_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The id of the cluster to read. Leave it out to read every cluster that has a Kafka Connect.",
    )
    dry_run: bool = strawberry.field(
        default=False, description="Whether to report only what would change, and change nothing."
    )
    client_mutation_id: str | None = strawberry.field(
        default=None, description="Any text of yours. The payload returns it unchanged."
    )


@view(CatalogItem, description="A connector or a topic that a synchronisation added, changed or retired.")
class CatalogItemType:
    """What clients see of a touched item."""

    id: strawberry.ID | None = strawberry.field(
        description="The id of the connector or topic. Null for one that a dry run would add."
    )
    name: str = strawberry.field(description="The name of the connector or topic in its cluster.")


@view(
    ItemChanges,
    description="What a synchronisation did to the connectors, or to the topics. Each list is in order of name.",
)
class CatalogChangesType:
    """What clients see of the changes of one sort."""

    added: list[CatalogItemType] = strawberry.field(
        description="The items that are new, or that are back after they were retired."
    )
    changed: list[CatalogItemType] = strawberry.field(
        description="The items that were known before and of which something changed."
    )
    retired: list[CatalogItemType] = strawberry.field(
        description="The items that are gone. They are no longer listed; the ledger keeps what refers to them."
    )
    unchanged: int = strawberry.field(description="The number of items that stayed as they were.")


@view(
    Unreadable,
    description="Something that a synchronisation could not read. Its entries in the catalogue stay as they "
    "were: nothing is retired or forgotten.",
)
class UnreadablePartType:
    """What clients see of something that was not read."""

    cluster: str = strawberry.field(description="The name of the cluster that could not be read, or not wholly.")
    source: str | None = strawberry.field(
        description="The name of the connector that could not be read. Null if it is the whole cluster or its Kafka."
    )
    reason: str = strawberry.field(description="What happened, what it means and what to do, as sentences for people.")


@strawberry.type(
    description="The answer of `syncCatalog`: what changed, or would change in a dry run. If there are user "
    "errors, nothing was done."
)
class SyncCatalogPayload:
    """The answer of `syncCatalog`."""

    connectors: CatalogChangesType = strawberry.field(
        default_factory=ItemChanges, description="What changed among the connectors."
    )
    topics: CatalogChangesType = strawberry.field(
        default_factory=ItemChanges, description="What changed among the topics."
    )
    unreadable: list[UnreadablePartType] = strawberry.field(
        default_factory=list,
        description="What could not be read, in order of cluster and connector. Everything else was synchronised. "
        "Empty if everything could be read.",
    )
    dry_run: bool = strawberry.field(description="Whether this was a dry run that changed nothing.")
    user_errors: list[UserError] = strawberry.field(
        default_factory=list,
        description="Why nothing was done. Parts that could not be read are in `unreadable` instead.",
    )
    client_mutation_id: str | None = strawberry.field(description="The `clientMutationId` of the input, unchanged.")


async def _sync_catalog(
    info: Info,
    input: Annotated[
        SyncCatalogInput, strawberry.argument(description="Which cluster to read, and whether this is a dry run.")
    ],
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
    "Read Kafka Connect and the source databases again, and update the catalogue. What cannot be "
    "read, a source database or a whole cluster, is listed in `unreadable` and keeps its old entries; "
    "everything else is synchronised.",
)
