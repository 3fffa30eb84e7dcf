"""One chain, and one gateway that lives through all of it."""

from collections.abc import AsyncIterator

import pytest

from sandbox.workspace import workspace
from tests.faults.chain import running_chain
from tests.faults.processes import Gateway
from tests.faults.stand import Stand, standing


@pytest.fixture(scope="session")
async def stand() -> AsyncIterator[Stand]:
    async with workspace() as directory, running_chain(directory) as chain, standing(chain) as stand:
        yield stand


@pytest.fixture(scope="module")
async def survivor(stand: Stand) -> AsyncIterator[Gateway]:
    """The gateway that serves, follows and settles, whatever happens around it, for the tests of one module."""
    async with stand.gateway() as gateway:
        yield gateway
