"""kill -9 of a gateway at every step of a dispatch: another one ends what was accepted, and sends nothing twice.

Two die at a time, at different steps and on different sources, so that what is left of them is ended side by side.
"""

import asyncio

import pytest

from tests.faults.processes import Gateway
from tests.faults.sources import DESK, MIRROR, SAFE, VAULT
from tests.faults.stand import Asked, Stand

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ONE: tuple[Asked, ...] = ((VAULT, "one"), (VAULT, "two"), (DESK, "one"))
OTHER: tuple[Asked, ...] = ((SAFE, "one"), (SAFE, "two"), (MIRROR, "one"))


async def killed(stand: Stand, step: str, asked: tuple[Asked, ...]) -> None:
    """Have a gateway die at `step` of a request."""
    async with stand.gateway(step=step, TOPICSNAP_FOLLOW="false") as victim:
        assert await victim.ask(stand.ids(*asked), f"killed {step}") is None
        assert await victim.running.process.wait() == -9


@pytest.mark.parametrize(
    "steps",
    [
        ("after record", "before SENDING"),
        ("after SENDING", "before send"),
        ("after send", "before outcome"),
    ],
    ids=" and ".join,
)
async def test_what_they_accepted_is_ended_by_another(stand: Stand, survivor: Gateway, steps: tuple[str, str]) -> None:
    mark = await stand.mark()
    await asyncio.gather(killed(stand, steps[0], ONE), killed(stand, steps[1], OTHER))

    counts = await stand.account(mark)

    assert (counts.accepted, counts.succeeded, counts.lost, counts.signals) == (6, 6, 0, 4)


async def test_what_was_not_recorded_was_not_accepted(stand: Stand, survivor: Gateway) -> None:
    """And its idempotency key is free; what the other one that died had recorded and sent is ended."""
    mark = await stand.mark()
    await asyncio.gather(killed(stand, "before record", ONE), killed(stand, "after outcome", OTHER))

    counts = await stand.account(mark)

    assert (counts.accepted, counts.succeeded, counts.lost, counts.signals) == (3, 3, 0, 2)
    assert await survivor.ask(stand.ids(*ONE), "killed before record") is not None
    assert (await stand.account(mark)).succeeded == 6
