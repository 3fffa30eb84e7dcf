"""A gateway that hears of changes, and the installed clients."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from persistence.ledger.following.announcements import Announcements
from resolvers.progress.hub import ProgressHub
from tests.e2e.clients.npm import Clients, install
from tests.support.api import Api, api
from tests.support.streams import Served, followed, served

__all__ = ["api"]


@pytest.fixture(scope="session")
def clients() -> Clients:
    """The npm project, installed."""
    return install()


@pytest.fixture
async def gateway(api: Api, database_url: str) -> AsyncIterator[Served]:
    """A served gateway over the shop's catalogue."""
    await followed(api)
    hub = ProgressHub(api.services.ledger.reading, Announcements.at(database_url), stall_after=api.services.stall_after)
    async with served(api.over(replace(api.services, progress=hub))) as gateway:
        yield gateway
    await hub.close()
