"""The worlds in which the operations are tried: one process, and replicas of it on the same database."""

from collections.abc import AsyncIterator, Callable

import pytest

from persistence.database.pool import Database
from tests.integration.resolvers.bench import World, catalogue, fill, make_world

MakeReplica = Callable[[], World]


@pytest.fixture
async def world(database: Database) -> World:
    """A process whose catalogue has six connectors of three tables each."""
    world = make_world(database)
    await fill(world, catalogue(6, 3))
    return world


@pytest.fixture
async def replica(world: World, database_url: str) -> AsyncIterator[MakeReplica]:
    """Makes further processes: pools and channels of their own, the same database, engine and clock."""
    databases: list[Database] = []

    def make() -> World:
        database = Database.connect(database_url)
        databases.append(database)
        return make_world(database, clock=world.clock, connectors=world.connectors, recording=world.recording)

    yield make
    for database in databases:
        await database.close()
