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
    description="A Kafka topic, and the table behind it where a source connector writes it.",
)
class TopicType(Node):
    """What clients see of a topic."""

    cluster_id: strawberry.ID = strawberry.field(description="The id of its cluster, as `syncCatalog` takes it.")
    cluster_name: str = strawberry.field(
        name="cluster", description="The name of the Kafka Connect cluster it belongs to."
    )
    name: str = strawberry.field(description="The name on Kafka; unique in its cluster.")
    producer: TopicProducer = strawberry.field(description="What writes it; only topics of a SOURCE are snapshotted.")
    source: SourceConnectorType | None = strawberry.field(
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

    last_snapshot: Any = computed(
        _last_snapshot,
        "Its part in the last snapshot that named it; null where there was none.",
        type=TOPIC_SNAPSHOT | None,
    )


@view(Listed, description="A page of topics, in order of their names.")
class TopicConnectionType(ConnectionType[TopicType]):
    """Relay's connection."""

    total_count = TOTAL_COUNT
