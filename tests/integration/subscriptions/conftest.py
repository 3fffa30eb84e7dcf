"""Two processes on one database: what one writes, the watchers of the other see."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from persistence.database.pool import Database
from persistence.ledger.following.announcements import Announcements
from persistence.ledger.reading import LedgerReading
from resolvers.progress.hub import Announced, ProgressHub
from resolvers.progress.rhythm import RHYTHM, Rhythm
from tests.integration.resolvers.bench import World, catalogue, fill, make_world
from tests.integration.subscriptions.bench import Process, Watching
from tests.support.services import STALL_AFTER

Watch = Callable[[ProgressHub, str], Watching]
MakeProcess = Callable[..., Process]


@pytest.fixture
async def world(database: Database) -> World:
    """The process that takes requests and follows the engine: six connectors of three tables each."""
    world = make_world(database)
    await fill(world, catalogue(6, 3))
    return world


@pytest.fixture
async def make_process(database_url: str) -> AsyncIterator[MakeProcess]:
    """Makes further processes, which only watch."""
    made: list[Process] = []

    def make(announced: Announced | None = None, rhythm: Rhythm = RHYTHM) -> Process:
        database = Database.connect(database_url)
        hub = ProgressHub(
            LedgerReading(database),
            announced or Announcements.at(database_url),
            rhythm=rhythm,
            stall_after=STALL_AFTER,
        )
        made.append(Process(database, hub))
        return made[-1]

    yield make
    for process in made:
        await process.hub.close()
        await process.database.close()


@pytest.fixture
async def other(make_process: MakeProcess) -> Process:
    """Another process on the same database."""
    return make_process()


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    """Watches in the background, to the end of the test at most."""
    tasks: list[asyncio.Task[None]] = []

    def start(hub: ProgressHub, bulk_id: str) -> Watching:
        watching = Watching(hub, bulk_id)
        watching.task = asyncio.create_task(watching.run())
        tasks.append(watching.task)
        return watching

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
