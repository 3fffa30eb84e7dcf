"""What Kafka tells of topics: asked so that no broker creates what does not exist. All raise aiokafka's KafkaError."""

from collections.abc import Sequence
from typing import Any

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.cluster import ClusterMetadata
from aiokafka.protocol.metadata import MetadataRequest


async def partitions_of(client: Any, topics: Sequence[str]) -> dict[str, list[int]]:  # noqa: ANN401 - aiokafka ships no types
    """Return the numbers of the partitions of each of `topics`, in order; none for a topic that does not exist."""
    request = MetadataRequest(list(topics), allow_auto_topic_creation=False)
    response = await client.send(client.get_random_node(), request)
    metadata: Any = ClusterMetadata()  # type: ignore[no-untyped-call]
    metadata.update_metadata(response)
    return {topic: sorted(metadata.partitions_for_topic(topic) or ()) for topic in topics}


async def configuration_of(admin: Any, topic: str) -> dict[str, str]:  # noqa: ANN401 - aiokafka ships no types
    """Return the topic's configuration; empty where the broker does not tell it."""
    resource: Any = ConfigResource(ConfigResourceType.TOPIC, topic)  # type: ignore[no-untyped-call]
    answers = await admin.describe_configs([resource])
    return {
        entry[0]: entry[1]
        for answer in answers
        for found in answer.resources
        if found[0] == 0
        for entry in found[4]
        if entry[1] is not None
    }
