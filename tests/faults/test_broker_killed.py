"""The broker is killed in mid-snapshot, and its storage survives: a chain of its own, for the storage costs something.

On this storage Tansu 0.6 tells 1 as the end of a topic, whatever it holds, and 0 as the offset of every time (seen).
A verification would read each topic from its beginning, and not surely to its end: none is asked for here.
"""

import signal
from collections.abc import AsyncIterator

import pytest

from sandbox.workspace import workspace
from tests.faults.chain import running_chain
from tests.faults.midway import ASKED, begun
from tests.faults.processes import Gateway
from tests.faults.sources import MIRROR, SAFE
from tests.faults.stand import Stand, standing

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(scope="module")
async def stand() -> AsyncIterator[Stand]:
    async with workspace() as directory, running_chain(directory, lasting_topics=True) as chain, standing(chain) as own:
        yield own


async def test_broker_is_killed_and_its_storage_survives(stand: Stand, survivor: Gateway) -> None:
    """Its clients find it at the same address; nobody else is started again."""
    mark, broker = await begun(stand, survivor), stand.chain.broker
    broker.send_signal(signal.SIGKILL)
    asked = await survivor.ask(stand.ids((SAFE, "two"), (MIRROR, "two")), seconds=30)
    await broker.stop()
    await broker.start()
    assert asked is not None

    counts = await stand.account(mark, engine_restarted=True)

    assert (counts.lost, counts.run_twice, counts.held_by_engine) == (0, 0, 0)
    assert counts.succeeded + counts.failed == counts.accepted
    assert counts.succeeded >= len(ASKED)
