"""kill -9 of a worker that has taken up signals to settle: another one takes them up after its claim has run out."""

import pytest

from tests.faults.sources import DESK, SAFE, VAULT
from tests.faults.stand import Stand

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ASKED = ((VAULT, "one"), (SAFE, "one"), (DESK, "one"))


@pytest.mark.parametrize("step", ["after claim", "after send"])
async def test_another_worker_settles_what_it_held(stand: Stand, step: str) -> None:
    mark = await stand.mark()
    async with stand.gateway(step="before send", TOPICSNAP_FOLLOW="false") as victim:
        assert await victim.ask(stand.ids(*ASKED)) is None
        assert await victim.running.process.wait() == -9
    async with stand.worker(step=step) as worker:
        assert await worker.process.wait() == -9

    async with stand.worker():
        counts = await stand.account(mark)

    assert (counts.accepted, counts.succeeded, counts.signals, counts.lost) == (3, 3, 3, 0)
