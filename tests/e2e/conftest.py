"""The real chain with the suite's own sources, and one gateway in front of it for the whole run.

One for all, because joining a consumer group takes the broker five seconds; tests tell their own work apart by the ids
of their bulk snapshots, and a source is free again when the test that used it ends.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from persistence.embedded import EmbeddedPostgres
from persistence.embedded.sessions import connected
from sandbox.stack import Sandbox
from snapshots.catalog.imported import CatalogImport, ImportedTopic
from snapshots.vocabulary import TopicProducer
from tests.e2e.chain import Chain, running_chain
from tests.e2e.gateway import CLUSTER, Gateway, describe, following, open_gateway
from tests.e2e.places import Door, broken_places

TRANSFORMED = "e2e.enriched"
"""A topic that a stream processor writes."""


@pytest.fixture(scope="session")
async def chain(sandbox: Sandbox) -> AsyncIterator[Chain]:
    async with running_chain(sandbox) as chain:
        yield chain


@asynccontextmanager
async def _own_database(server: EmbeddedPostgres, template: str, name: str) -> AsyncIterator[str]:
    async with connected(server.url()) as connection:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield server.url(name)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@asynccontextmanager
async def _mute_server() -> AsyncIterator[str]:
    """Yield `host:port` of a server that takes connections and never answers."""
    over = asyncio.Event()

    async def keep(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()

    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    yield f"{host}:{port}"
    over.set()
    server.close()
    await server.wait_closed()


@pytest.fixture
async def gateway(the_gateway: Gateway) -> Gateway:
    """The gateway that most tests use, once no source is held any more, and none needs a restart."""
    await the_gateway.freed()
    await the_gateway.restarted()
    return the_gateway


@pytest.fixture(scope="session")
def late_kafka(chain: Chain) -> Iterator[Door]:
    """Yield the door to Kafka of the cluster LATE_KAFKA, which one test may open."""
    door = Door(chain.sandbox.broker.bootstrap)
    yield door
    door.close()


@pytest.fixture(scope="session")
async def the_gateway(
    chain: Chain, postgres_server: EmbeddedPostgres, template: str, late_kafka: Door
) -> AsyncIterator[Gateway]:
    """Yield the gateway itself; it follows notifications."""
    transformed = ImportedTopic(CLUSTER, TRANSFORMED, producer=TopicProducer.TRANSFORM, exists=True)
    async with (
        _own_database(postgres_server, template, "e2e_gateway") as url,
        _mute_server() as mute,
        open_gateway(chain, url) as gateway,
    ):
        await describe(gateway, broken_places(chain, mute, late_kafka.address), CatalogImport(topics=(transformed,)))
        async with following(gateway.services, group="e2e"):
            yield gateway
