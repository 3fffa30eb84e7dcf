"""A Kafka topic of the catalogue, and pages of them."""

from typing import Any

import strawberry

from schema.catalog.source_connector import SourceConnectorType
from schema.connections import TOTAL_COUNT, ConnectionType, Listed
from schema.context import Info
from schema.enums import MappingKind, TopicProducer
from schema.fields import computed, view
from schema.node import Node
from schema.references import TOPIC_SNAPSHOT
from snapshots.model import Topic
from snapshots.records import TopicSnapshotRecord


async def _last_snapshot(topic: strawberry.Parent[Topic], info: Info) -> TopicSnapshotRecord | None:
    """Load it together with those of the other topics of the answer."""
    return await info.context.loaders.last_topic_snapshots.load(topic.id)


@view(
    Topic,
    keys=("id", "cluster name"),
    description="A Kafka topic, and the table behind it if a source connector writes it.",
)
class TopicType(Node):
    """What clients see of a topic."""

    cluster_id: strawberry.ID = strawberry.field(
        description="The id of the topic's cluster, as `syncCatalog` takes it."
    )
    cluster_name: str = strawberry.field(
        name="cluster", description="The name of the Kafka Connect cluster that the topic belongs to."
    )
    name: str = strawberry.field(description="The name of the topic on Kafka, unique in its cluster.")
    producer: TopicProducer = strawberry.field(
        description="What writes the topic. Only topics of a SOURCE can be snapshotted."
    )
    source: SourceConnectorType | None = strawberry.field(
        description="The source connector that writes the topic. Null if no known connector does."
    )
    data_collection: str | None = strawberry.field(
        description="The table or collection behind the topic, as signals name it, for example `public.orders`. Null "
        "if it is not known."
    )
    mapping: MappingKind | None = strawberry.field(
        description="How Topicsnap knows the table behind the topic. Null if it does not know it."
    )
    keyless: bool | None = strawberry.field(
        description="Whether the table has no primary key, no unique not-null index and no `message.key.columns`, so "
        "that only a BLOCKING snapshot can read it. Null if that is not known."
    )
    exists: bool = strawberry.field(
        description="Whether the topic was seen on Kafka. A topic that nobody has written yet can be snapshotted all "
        "the same."
    )

    last_snapshot: Any = computed(
        _last_snapshot,
        "The topic's part in the last snapshot that included it. Null if there was none.",
        type=TOPIC_SNAPSHOT | None,
    )


@view(Listed, description="A page of topics, in order of their names.")
class TopicConnectionType(ConnectionType[TopicType]):
    """Relay's connection."""

    total_count = TOTAL_COUNT
