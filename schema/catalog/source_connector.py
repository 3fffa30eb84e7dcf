"""A source connector, and pages of them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from schema.catalog.filters import TopicFilterInput, topic_filter
from schema.connections import (
    DEFAULT_PAGE,
    TOTAL_COUNT,
    After,
    First,
    PageInfo,
    ReadPage,
    check_first,
    count_all,
)
from schema.context import Info
from schema.enums import ConnectorState, SignalChannelKind
from schema.fields import computed
from schema.health.findings import HealthFinding, health_findings
from schema.node import Node
from snapshots import model, restart_requirement
from snapshots.catalog.contents import Page
from snapshots.following import failed_scans as restarts
from snapshots.health.rules import assess

if TYPE_CHECKING:
    from schema.catalog.topic import TopicConnection
    from schema.following.source_snapshot import SourceSnapshot


@strawberry.type(
    description="Why a connector takes no incremental snapshot until its task was restarted: a table failed in "
    "mid-scan, and rows of it could come out on the topic of the next table."
)
class RestartRequirement:
    """What clients see of a restart requirement."""

    since: datetime = strawberry.field(description="When the first table failed, by the engine's clock.")
    data_collections: list[str] = strawberry.field(
        description="The tables that failed since, in order of their names, at most ten."
    )
    message: str = strawberry.field(description="What happened and what to do, for people.")

    @classmethod
    def from_domain(cls, source: model.SourceConnector, requirement: restart_requirement.RestartRequirement) -> Self:
        """Return what clients see of the `requirement` of `source`."""
        return cls(
            since=requirement.since,
            data_collections=list(requirement.data_collections),
            message=restarts.refusal(source, requirement).message,
        )


@strawberry.federation.type(
    keys=["id", "cluster name"],
    description="A connector that reads a database and writes its changes to topics; it takes one snapshot at a time.",
)
class SourceConnector(Node):
    """What clients see of a source connector; never its configuration, which holds secrets."""

    cluster_id: strawberry.ID = strawberry.field(description="The id of its cluster, as `syncCatalog` takes it.")
    cluster: str = strawberry.field(description="The name of its Kafka Connect cluster.")
    name: str = strawberry.field(description="The name in Kafka Connect; unique in its cluster.")
    connector_class: str | None = strawberry.field(description="The plugin's class, for example Debezium's for MySQL.")
    version: str | None = strawberry.field(description="The plugin's version.")
    state: ConnectorState = strawberry.field(description="Its state as last seen.")
    state_observed_at: datetime | None = strawberry.field(description="When the state was seen; null for never.")
    topic_prefix: str | None = strawberry.field(description="Its `topic.prefix`, by which notifications name it.")
    signal_channel: SignalChannelKind | None = strawberry.field(
        description="What carries signals to it; null where signalling is not configured, and no snapshot taken."
    )

    @computed("The topics that it writes, in order of their names.")
    async def topics(
        self,
        info: Info,
        first: First = DEFAULT_PAGE,
        after: After = None,
        filter: Annotated[  # noqa: A002 (the contract's name)
            TopicFilterInput | None, strawberry.argument(description="Only topics that satisfy all of this.")
        ] = None,
    ) -> Annotated["TopicConnection", strawberry.lazy("schema.catalog.topic")]:
        """Load the first page together with those of the other connectors of the answer; further pages on their own."""
        from schema.catalog.topic import TopicConnection  # noqa: PLC0415 (the two name each other)

        check_first(first)
        page = await info.context.loaders.source_topics(self.id, topic_filter(filter), first, after)
        return TopicConnection.from_domain(page, after=after)

    @computed("The snapshot that holds the source now; null where it is free.")
    async def active_snapshot(
        self, info: Info
    ) -> Annotated["SourceSnapshot", strawberry.lazy("schema.following.source_snapshot")] | None:
        """Load it together with those of the other connectors of the answer."""
        from schema.following.source_snapshot import SourceSnapshot  # noqa: PLC0415 (the two name each other)

        record = await info.context.loaders.active_snapshots.load(self.id)
        return SourceSnapshot.from_domain(record) if record else None

    @computed("Why it takes no incremental snapshot until its task was restarted; null where it needs no restart.")
    async def restart_required(self, info: Info) -> RestartRequirement | None:
        """Load it together with those of the other connectors of the answer."""
        loaders = info.context.loaders
        requirement = await loaders.restart_requirements.load(self.id)
        source = await loaders.sources.load(self.id) if requirement else None
        return RestartRequirement.from_domain(source, requirement) if source and requirement else None

    @computed(
        "Whether it can be signalled, end to end, the worst first. Looked up when asked, and kept for seconds: Kafka "
        "Connect, Kafka and the source database are looked at, which can take seconds; nothing is sent. What cannot be "
        "reached is a finding of severity UNKNOWN."
    )
    async def health(self, info: Info) -> list[HealthFinding]:
        """Look at it together with the other connectors of the answer."""
        observed = await info.context.loaders.signalling.load(self.id)
        return health_findings(assess(observed)) if observed else []

    @classmethod
    def from_domain(cls, source: model.SourceConnector) -> Self:
        """Return what clients see of `source`."""
        return cls(
            id=strawberry.ID(source.id),
            cluster_id=strawberry.ID(source.cluster.id),
            cluster=source.cluster.name,
            name=source.name,
            connector_class=source.connector_class,
            version=source.version,
            state=source.state,
            state_observed_at=source.state_observed_at,
            topic_prefix=source.topic_prefix,
            signal_channel=source.signal_channel,
        )

    @classmethod
    async def resolve_reference(
        cls, info: Info, id: str | None = None, cluster: str | None = None, name: str | None = None
    ) -> Self | None:
        """Find the connector that another subgraph names by one of the keys."""
        loaders = info.context.loaders
        if id is not None:
            source = await loaders.sources.load(id)
        elif cluster is not None and name is not None:
            source = await loaders.sources_by_name.load((cluster, name))
        else:
            source = None
        return cls.from_domain(source) if source else None


@strawberry.type(description="A source connector in a page.")
class SourceConnectorEdge:
    """Relay's edge."""

    node: SourceConnector = strawberry.field(description="The source connector.")
    cursor: str = strawberry.field(description="Its place in the list, for `after`.")


@strawberry.type(description="A page of source connectors, in order of their names.")
class SourceConnectorConnection:
    """Relay's connection."""

    edges: list[SourceConnectorEdge] = strawberry.field(description="The source connectors with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")

    read: strawberry.Private[ReadPage | None]

    @computed(TOTAL_COUNT)
    async def total_count(self) -> int | None:
        """Count when asked."""
        return await count_all(self.read)

    @classmethod
    def from_domain(cls, page: Page[model.SourceConnector], *, after: str | None, read: ReadPage | None = None) -> Self:
        """Return what clients see of `page`, which came after the cursor `after`."""
        return cls(
            edges=[
                SourceConnectorEdge(node=SourceConnector.from_domain(source), cursor=cursor)
                for source, cursor in zip(page.items, page.cursors, strict=True)
            ],
            page_info=PageInfo.of(page, after=after),
            read=read,
        )
