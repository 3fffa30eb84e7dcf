"""A Kafka topic of the catalogue, and pages of them."""

from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from schema.catalog.source_connector import SourceConnector
from schema.connections import TOTAL_COUNT, PageInfo, ReadPage, count_all
from schema.context import Info
from schema.enums import MappingKind, TopicProducer
from schema.fields import computed
from schema.node import Node
from snapshots import model
from snapshots.catalog.contents import Page

if TYPE_CHECKING:
    from schema.following.topic_snapshot import TopicSnapshot


@strawberry.federation.type(
    keys=["id", "cluster name"],
    description="A Kafka topic, and the table behind it where a source connector writes it.",
)
class Topic(Node):
    """What clients see of a topic."""

    cluster_id: strawberry.ID = strawberry.field(description="The id of its cluster, as `syncCatalog` takes it.")
    cluster: str = strawberry.field(description="The name of the Kafka Connect cluster it belongs to.")
    name: str = strawberry.field(description="The name on Kafka; unique in its cluster.")
    producer: TopicProducer = strawberry.field(description="What writes it; only topics of a SOURCE are snapshotted.")
    source: SourceConnector | None = strawberry.field(
        description="The connector that writes it; null where none that is known does."
    )
    data_collection: str | None = strawberry.field(
        description="The table or collection behind it, as a signal names it, for example `public.orders`; null where "
        "that is not known."
    )
    mapping: MappingKind | None = strawberry.field(
        description="How the data collection is known; null where it is not."
    )
    keyless: bool | None = strawberry.field(
        description="Whether the table has no primary key, no unique not-null index and no `message.key.columns`, so "
        "that only a BLOCKING snapshot reads it. Null where that is not known."
    )
    exists: bool = strawberry.field(
        description="Whether it was seen on Kafka. A topic that nobody has written yet can be snapshotted all the same."
    )

    @computed("Its part in the last snapshot that named it; null where there was none.")
    async def last_snapshot(
        self, info: Info
    ) -> Annotated["TopicSnapshot", strawberry.lazy("schema.following.topic_snapshot")] | None:
        """Load it together with those of the other topics of the answer."""
        from schema.following.topic_snapshot import TopicSnapshot  # noqa: PLC0415 (the two name each other)

        record = await info.context.loaders.last_topic_snapshots.load(self.id)
        return TopicSnapshot.from_domain(record) if record else None

    @classmethod
    def from_domain(cls, topic: model.Topic) -> Self:
        """Return what clients see of `topic`."""
        return cls(
            id=strawberry.ID(topic.id),
            cluster_id=strawberry.ID(topic.cluster_id),
            cluster=topic.cluster_name,
            name=topic.name,
            producer=topic.producer,
            source=SourceConnector.from_domain(topic.source) if topic.source else None,
            data_collection=topic.data_collection,
            mapping=topic.mapping,
            keyless=topic.keyless,
            exists=topic.exists,
        )

    @classmethod
    async def resolve_reference(
        cls, info: Info, id: str | None = None, cluster: str | None = None, name: str | None = None
    ) -> Self | None:
        """Find the topic that another subgraph names by one of the keys."""
        loaders = info.context.loaders
        if id is not None:
            topic = await loaders.topics.load(id)
        elif cluster is not None and name is not None:
            topic = await loaders.topics_by_name.load((cluster, name))
        else:
            topic = None
        return cls.from_domain(topic) if topic else None


@strawberry.type(description="A topic in a page.")
class TopicEdge:
    """Relay's edge."""

    node: Topic = strawberry.field(description="The topic.")
    cursor: str = strawberry.field(description="Its place in the list, for `after`.")


@strawberry.type(description="A page of topics, in order of their names.")
class TopicConnection:
    """Relay's connection."""

    edges: list[TopicEdge] = strawberry.field(description="The topics with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")

    read: strawberry.Private[ReadPage | None]

    @computed(TOTAL_COUNT)
    async def total_count(self) -> int | None:
        """Count when asked."""
        return await count_all(self.read)

    @classmethod
    def from_domain(cls, page: Page[model.Topic], *, after: str | None, read: ReadPage | None = None) -> Self:
        """Return what clients see of `page`, which came after the cursor `after`."""
        return cls(
            edges=[
                TopicEdge(node=Topic.from_domain(topic), cursor=cursor)
                for topic, cursor in zip(page.items, page.cursors, strict=True)
            ],
            page_info=PageInfo.of(page, after=after),
            read=read,
        )
