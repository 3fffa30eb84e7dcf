"""aiokafka's group consumer as the follower uses it; aiokafka ships no types."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

from aiokafka import TopicPartition

from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients

_MAX_RECORDS = 500


class KafkaRecord(Protocol):
    """One record of a topic."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, object]]


Records = Mapping[TopicPartition, Sequence[KafkaRecord]]
"""What one poll gave, in order of offset for each partition."""


class Consumer(Protocol):
    """A member of a consumer group. Every method raises aiokafka's KafkaError."""

    async def start(self) -> None:
        """Connect to the brokers."""

    async def stop(self) -> None:
        """Leave the group and close the connections; to be called even where `start` failed."""

    async def topics(self) -> set[str]:
        """Return the topics that exist; creates none."""

    def subscribe(self, *, topics: list[str]) -> None:
        """Read these topics from now on; a topic that does not exist may be created by the broker."""

    def unsubscribe(self) -> None:
        """Read nothing any more."""

    async def getmany(self, *, timeout_ms: int) -> Records:
        """Return the next records, none where there were none in time."""

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        """Record the offset of the next record to read."""


MakeConsumer = Callable[[KafkaAccess, str], Consumer]
"""Makes a consumer of a Kafka for the consumer group of this name."""


def make_consumer(clients: KafkaClients, access: KafkaAccess, group: str) -> Consumer:
    """Return a consumer that commits nothing by itself and starts a new partition at its earliest record."""
    return cast("Consumer", clients.member(access, group, max_records=_MAX_RECORDS))
