"""A process that works, with the clock of everybody, and a gateway over it on a real socket."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from persistence.database.pool import Database
from persistence.ledger.following.announcements import Announcements
from resolvers.progress.hub import ProgressHub
from snapshots.channels import SignalChannelKind
from snapshots.identifiers import utc_now
from tests.api import Api, Observer, States
from tests.graphql.streams import Served, served
from tests.integration.resolvers.bench import Clock, World, catalogue, fill, make_world

STALL_AFTER = timedelta(seconds=6)
"""By the real clock, as processes of their own go by it: what a sign of life brings is seen within that time."""


class RealClock(Clock):
    """The clock that the program in its own process has as well."""

    def __call__(self) -> datetime:
        return utc_now()


@pytest.fixture
async def world(database: Database, database_url: str) -> AsyncIterator[World]:
    """Six connectors of three tables each; one table fits into a signal."""
    world = make_world(database, clock=RealClock())
    hub = ProgressHub(world.ledger.reading, Announcements.at(database_url), stall_after=STALL_AFTER, clock=world.clock)
    world.services = replace(world.services, progress=hub, stall_after=STALL_AFTER)
    await fill(world, catalogue(6, 3, channel=SignalChannelKind.SOURCE_TABLE, signal_data_limit=70))
    yield world
    await hub.close()


@pytest.fixture
async def gateway(world: World) -> AsyncIterator[Served]:
    api = Api(world.services, world.database, world.recording, States(), Observer())
    async with served(api) as gateway:
        yield gateway
