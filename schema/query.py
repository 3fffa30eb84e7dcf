"""The root of all queries: thin fields over the catalogue, the ledger and the plan."""

import asyncio
from functools import partial
from typing import Annotated

import strawberry
from strawberry.federation.schema import FederationAny

from resolvers.requesting.plan_bulk_snapshot import plan_bulk_snapshot
from schema.catalog.filters import (
    BulkSnapshotFilterInput,
    SourceFilterInput,
    TopicFilterInput,
    bulk_snapshot_filter,
    source_filter,
    topic_filter,
)
from schema.catalog.source_connector import SourceConnector, SourceConnectorConnection
from schema.catalog.topic import Topic, TopicConnection
from schema.connections import DEFAULT_PAGE, After, First, check_first
from schema.context import Info
from schema.federation import MAX_REPRESENTATIONS, Entity, Service, resolve_entity
from schema.fields import computed
from schema.following.bulk_snapshot import BulkSnapshot, BulkSnapshotConnection
from schema.node import Node
from schema.nodes import MAX_NODES, find_nodes
from schema.requesting.inputs import BulkSnapshotTopicsInput
from schema.requesting.plan import BulkSnapshotPlan
from schema.viewer import Viewer
from snapshots.errors import RequestError
from snapshots.vocabulary import UserErrorCode


def check_count(name: str, count: int, most: int) -> None:
    """Raise RequestError where the list argument `name` has more than `most` items."""
    if count > most:
        raise RequestError(UserErrorCode.INVALID_VALUE, f"{name} takes at most {most} items; got {count}.", (name,))


@strawberry.type(description="What can be asked.")
class Query:
    """Reads; nothing here changes anything."""

    @computed("The topics of the catalogue, in order of their names.")
    async def topics(
        self,
        info: Info,
        first: First = DEFAULT_PAGE,
        after: After = None,
        filter: Annotated[  # noqa: A002 (the contract's name)
            TopicFilterInput | None, strawberry.argument(description="Only topics that satisfy all of this.")
        ] = None,
    ) -> TopicConnection:
        """Read one page."""
        check_first(first)
        context = info.context
        wanted = topic_filter(filter)
        read = partial(context.services.catalog.topics_page, context.principal.tenant_id, wanted)
        return TopicConnection.from_domain(await read(first=first, after=after), after=after, read=read)

    @computed("A topic by its id; null where there is none.")
    async def topic(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The topic's id.")]
    ) -> Topic | None:
        """Read one topic."""
        return await Topic.resolve_reference(info, id)

    @computed("The source connectors of the catalogue, in order of their names.")
    async def sources(
        self,
        info: Info,
        first: First = DEFAULT_PAGE,
        after: After = None,
        filter: Annotated[  # noqa: A002
            SourceFilterInput | None, strawberry.argument(description="Only connectors that satisfy all of this.")
        ] = None,
    ) -> SourceConnectorConnection:
        """Read one page."""
        check_first(first)
        context = info.context
        wanted = source_filter(filter)
        read = partial(context.services.catalog.sources_page, context.principal.tenant_id, wanted)
        return SourceConnectorConnection.from_domain(await read(first=first, after=after), after=after, read=read)

    @computed("A source connector by its id; null where there is none.")
    async def source(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The source connector's id.")]
    ) -> SourceConnector | None:
        """Read one source connector."""
        return await SourceConnector.resolve_reference(info, id)

    @computed("The bulk snapshots of the ledger, the newest first.")
    async def bulk_snapshots(
        self,
        info: Info,
        first: First = DEFAULT_PAGE,
        after: After = None,
        filter: Annotated[  # noqa: A002
            BulkSnapshotFilterInput | None,
            strawberry.argument(description="Only bulk snapshots that satisfy all of this."),
        ] = None,
    ) -> BulkSnapshotConnection:
        """Read one page."""
        check_first(first)
        context = info.context
        wanted = bulk_snapshot_filter(filter)
        page = await context.services.ledger.reading.bulk_snapshots_page(
            context.principal.tenant_id, wanted, first, after
        )
        context.loaders.bulk_snapshots.prime_many({record.id: record for record in page.items})
        return BulkSnapshotConnection.from_domain(page, after=after)

    @computed("A bulk snapshot by its id; null where there is none.")
    async def bulk_snapshot(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The bulk snapshot's id.")]
    ) -> BulkSnapshot | None:
        """Read one bulk snapshot."""
        return await BulkSnapshot.resolve_reference(info, id)

    @computed("What `bulkSnapshotTopics` would do with the same input now; nothing is done.")
    async def plan_bulk_snapshot(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            BulkSnapshotTopicsInput, strawberry.argument(description="The topics, and how to snapshot them.")
        ],
    ) -> BulkSnapshotPlan:
        """Plan without doing."""
        try:
            planned = await plan_bulk_snapshot(info.context.services, info.context.principal, input.to_domain())
        except RequestError as error:
            return BulkSnapshotPlan.refused(error)
        return BulkSnapshotPlan.from_domain(planned)

    @computed("Whatever has the id; null where nothing has.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id.")]
    ) -> Node | None:
        """Find one node."""
        return (await find_nodes(info.context.loaders, [id]))[0]

    @computed("Whatever has the ids, in their order; null for each that nothing has.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description=f"At most {MAX_NODES} ids.")],
    ) -> list[Node | None]:
        """Find many nodes, each kind in one go."""
        check_count("ids", len(ids), MAX_NODES)
        return await find_nodes(info.context.loaders, ids)

    @computed("Who is asking.")
    def viewer(self, info: Info) -> Viewer:
        """Tell the caller of themselves."""
        return Viewer.from_domain(info.context.principal, simulated=info.context.services.engine.simulated)

    @computed("What other subgraphs refer to. For federation gateways.", name="_entities")
    async def entities(
        self,
        info: Info,
        representations: Annotated[
            list[FederationAny],
            strawberry.argument(description=f"At most {MAX_REPRESENTATIONS}; each is answered on its own, in order."),
        ],
    ) -> list[Entity | None]:
        """Resolve each representation; one that makes no sense is an error at its place only."""
        check_count("representations", len(representations), MAX_REPRESENTATIONS)
        found = (resolve_entity(info, representation) for representation in representations)
        # The executor raises an exception in a list at its place.
        return await asyncio.gather(*found, return_exceptions=True)  # type: ignore[return-value]

    @computed("The subgraph itself. For federation gateways.", name="_service")
    def service(self) -> Service:
        """Answer what the subgraph specification asks for."""
        return Service()
