"""Bringing the catalogue up to date: input and payload of `syncCatalog`."""

from collections.abc import Sequence
from typing import Self

import strawberry

from schema.user_error import UserError, user_errors
from snapshots.catalog import contents as catalog
from snapshots.errors import RequestError
from snapshots.ports import cluster_observer
from snapshots.vocabulary import UserErrorCode


@strawberry.input(description="Which cluster to read. Addresses belong to the operator and are never taken from here.")
class SyncCatalogInput:
    """The input of `syncCatalog`."""

    cluster_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of a cluster; absent for every cluster with a Kafka Connect."
    )
    dry_run: bool = strawberry.field(default=False, description="Only tell what would change.")
    client_mutation_id: str | None = strawberry.field(default=None, description="Returned as it is.")


@strawberry.type(description="A connector or a topic that a synchronisation touched.")
class CatalogItem:
    """What clients see of a touched item."""

    id: strawberry.ID | None = strawberry.field(description="Its id; null for what a dry run would add.")
    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="What a synchronisation did to the connectors or to the topics, in order of their names.")
class CatalogChanges:
    """What clients see of the changes of one sort."""

    added: list[CatalogItem] = strawberry.field(description="New, or back again.")
    changed: list[CatalogItem] = strawberry.field(description="Known before, with something else about them.")
    retired: list[CatalogItem] = strawberry.field(description="Gone; they are listed no more, the ledger keeps them.")
    unchanged: int = strawberry.field(description="How many are as they were.")

    @classmethod
    def from_domain(cls, changes: catalog.Changes, *, dry_run: bool) -> Self:
        """Return what clients see of `changes`."""
        return cls(
            added=_items(changes.added, show_ids=not dry_run),
            changed=_items(changes.changed),
            retired=_items(changes.retired),
            unchanged=changes.unchanged,
        )


@strawberry.type(
    description="Something that a synchronisation could not read. What was known of it is kept as it was: nothing of "
    "it is retired or forgotten."
)
class UnreadablePart:
    """What clients see of something that was not read."""

    cluster: str = strawberry.field(description="The name of the cluster that it is about.")
    source: str | None = strawberry.field(
        description="The name of the connector that it is about; null where it is the whole cluster, or its Kafka."
    )
    reason: str = strawberry.field(description="What happened, what that means, and what to do, for people.")

    @classmethod
    def from_domain(cls, part: cluster_observer.Unreadable) -> Self:
        """Return what clients see of `part`."""
        return cls(cluster=part.cluster, source=part.source, reason=part.reason)


@strawberry.type(description="What was done, or would be. Where there are user errors, nothing was.")
class SyncCatalogPayload:
    """The answer of `syncCatalog`."""

    connectors: CatalogChanges = strawberry.field(description="The connectors.")
    topics: CatalogChanges = strawberry.field(description="The topics.")
    unreadable: list[UnreadablePart] = strawberry.field(
        description="What could not be read, by cluster and connector; empty where everything was. The rest was "
        "synchronised all the same."
    )
    dry_run: bool = strawberry.field(description="Whether this only tells what would change.")
    user_errors: list[UserError] = strawberry.field(
        description="Why nothing was done; what alone was left out is in `unreadable`."
    )
    client_mutation_id: str | None = strawberry.field(description="As it was sent.")

    @classmethod
    def from_domain(cls, result: catalog.SyncResult, given: SyncCatalogInput) -> Self:
        """Return the answer to a synchronisation that was carried out, as far as clusters could be read."""
        changes = result.changes
        return cls(
            connectors=CatalogChanges.from_domain(changes.connectors, dry_run=changes.dry_run),
            topics=CatalogChanges.from_domain(changes.topics, dry_run=changes.dry_run),
            unreadable=[UnreadablePart.from_domain(part) for part in result.unreadable],
            dry_run=changes.dry_run,
            user_errors=user_errors(_nothing_read(given)) if result.nothing_read else [],
            client_mutation_id=given.client_mutation_id,
        )

    @classmethod
    def refused(cls, error: RequestError, given: SyncCatalogInput) -> Self:
        """Return the answer to a synchronisation that could not be carried out."""
        nothing = cls.from_domain(catalog.SyncResult(catalog.CatalogChanges(dry_run=given.dry_run)), given)
        nothing.user_errors = user_errors(error)
        return nothing


def _nothing_read(given: SyncCatalogInput) -> RequestError:
    message = "No cluster could be read, so nothing was changed; `unreadable` says why."
    field = ("cluster_id",) if given.cluster_id is not None else None
    return RequestError(UserErrorCode.CLUSTER_UNREACHABLE, message, field)


def _items(items: Sequence[catalog.CatalogItem], *, show_ids: bool = True) -> list[CatalogItem]:
    return [CatalogItem(id=strawberry.ID(item.id) if show_ids else None, name=item.name) for item in items]
