"""Asks Kafka which topics there are."""

import asyncio

from aiokafka import errors

from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients
from snapshots.ports.unknown import Unknown

_TIMEOUT_SECONDS = 5.0


async def list_topics(clients: KafkaClients, access: KafkaAccess) -> frozenset[str] | Unknown:
    """Return the names of all topics, Unknown where Kafka does not tell in time."""
    try:
        async with (
            asyncio.timeout(_TIMEOUT_SECONDS),
            clients.connected(access, timeout_seconds=_TIMEOUT_SECONDS) as client,
        ):
            metadata = await client.fetch_all_metadata()
    except (errors.KafkaError, OSError, TimeoutError, ValueError) as error:
        return Unknown(f"Kafka did not list its topics ({type(error).__name__}).")
    return frozenset(metadata.topics())
