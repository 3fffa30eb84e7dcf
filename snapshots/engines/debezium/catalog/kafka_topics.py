"""Asks Kafka which topics there are."""

import asyncio
from typing import Any

from aiokafka import errors
from aiokafka.client import AIOKafkaClient

from snapshots.ports.unknown import Unknown

_TIMEOUT_SECONDS = 5.0


async def list_topics(bootstrap: str, **connection: Any) -> frozenset[str] | Unknown:  # noqa: ANN401 - aiokafka's options
    """Return the names of all topics behind `bootstrap`, Unknown where Kafka does not tell in time.

    `connection` holds aiokafka's options for security.
    """
    client: Any = AIOKafkaClient(  # type: ignore[no-untyped-call]
        bootstrap_servers=bootstrap,
        client_id="topicsnap",
        request_timeout_ms=int(_TIMEOUT_SECONDS * 1000),
        **connection,
    )
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            await client.bootstrap()
            metadata = await client.fetch_all_metadata()
    except (errors.KafkaError, OSError, TimeoutError, ValueError) as error:
        return Unknown(f"Kafka did not tell its topics ({type(error).__name__}).")
    finally:
        await client.close()
    return frozenset(metadata.topics())
