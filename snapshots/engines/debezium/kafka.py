"""How a Kafka is reached: the one place that makes aiokafka's clients, so that TLS and SASL have one place to be set.

aiokafka ships no types: what is made here is `Any`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.client import AIOKafkaClient

from snapshots.model import Cluster

CLIENT_ID = "topicsnap"
_REQUEST_SECONDS = 10.0
"""How long a consumer waits for the answer to a request."""


@dataclass(frozen=True, slots=True)
class KafkaAccess:
    """How to reach one Kafka; equal for two who reach it in the same way."""

    bootstrap: str
    """Its bootstrap servers, `host:port` between commas."""

    @classmethod
    def to(cls, cluster: Cluster) -> "KafkaAccess | None":
        """Return how to reach the Kafka of `cluster`; None where that is not known."""
        return cls(cluster.kafka_bootstrap) if cluster.kafka_bootstrap else None

    def options(self) -> dict[str, Any]:
        """Return what every client of aiokafka takes: the address, who asks, and how it is let in."""
        return {"bootstrap_servers": self.bootstrap, "client_id": CLIENT_ID}


class KafkaClients:
    """Makes clients. Those of the context managers are connected, and closed at the end; each raises KafkaError."""

    def client(self, access: KafkaAccess, *, timeout_seconds: float, brokers_max_age_seconds: float = 300.0) -> Any:  # noqa: ANN401
        """Return a client for single requests, not connected yet; the brokers are asked for anew after their age."""
        return AIOKafkaClient(  # type: ignore[no-untyped-call]
            **access.options(),
            request_timeout_ms=int(timeout_seconds * 1000),
            metadata_max_age_ms=int(brokers_max_age_seconds * 1000),
        )

    @asynccontextmanager
    async def connected(self, access: KafkaAccess, *, timeout_seconds: float) -> AsyncIterator[Any]:
        """Yield a client for single requests. Each request, and the way to it, has `timeout_seconds`."""
        client = self.client(access, timeout_seconds=timeout_seconds)
        try:
            await client.bootstrap()
            yield client
        finally:
            await client.close()

    @asynccontextmanager
    async def administering(self, access: KafkaAccess, *, timeout_seconds: float) -> AsyncIterator[Any]:
        """Yield a client that asks for configurations and groups' offsets."""
        admin: Any = AIOKafkaAdminClient(**access.options(), request_timeout_ms=int(timeout_seconds * 1000))
        try:
            await admin.start()
            yield admin
        finally:
            await admin.close()

    @asynccontextmanager
    async def reading(
        self,
        access: KafkaAccess,
        *,
        timeout_seconds: float,
        auto_offset_reset: str = "earliest",
        isolation_level: str = "read_uncommitted",
    ) -> AsyncIterator[Any]:
        """Yield a consumer of no group, to be told its partitions; it is there within `timeout_seconds`."""
        consumer: Any = AIOKafkaConsumer(  # type: ignore[no-untyped-call]
            **access.options(),
            request_timeout_ms=int(_REQUEST_SECONDS * 1000),
            enable_auto_commit=False,
            auto_offset_reset=auto_offset_reset,
            isolation_level=isolation_level,
        )
        try:
            async with asyncio.timeout(timeout_seconds):
                await consumer.start()
            # aiokafka's stop() raises CancelledError where a task that start() made has not run yet.
            await asyncio.sleep(0)
            yield consumer
        finally:
            await consumer.stop()

    def member(self, access: KafkaAccess, group: str, *, max_records: int) -> Any:  # noqa: ANN401
        """Return a member of a consumer group, not started; it commits nothing by itself, and begins at the start."""
        return AIOKafkaConsumer(  # type: ignore[no-untyped-call]
            **access.options(),
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=max_records,
        )
