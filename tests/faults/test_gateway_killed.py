"""kill -9 of a gateway at every step of a dispatch: another one ends what was accepted, and sends nothing twice."""

import pytest

from tests.faults.processes import Gateway
from tests.faults.sources import DESK, SAFE, VAULT
from tests.faults.stand import Stand

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ASKED = ((VAULT, "one"), (VAULT, "two"), (SAFE, "one"), (DESK, "one"))


@pytest.mark.parametrize(
    ("step", "accepted"),
    [
        ("before record", 0),
        ("after record", 4),
        ("before SENDING", 4),
        ("after SENDING", 4),
        ("before send", 4),
        ("after send", 4),
        ("before outcome", 4),
        ("after outcome", 4),
    ],
)
async def test_what_it_accepted_is_ended_by_another(stand: Stand, survivor: Gateway, step: str, accepted: int) -> None:
    mark = await stand.mark()
    async with stand.gateway(step=step, TOPICSNAP_FOLLOW="false") as victim:
        assert await victim.ask(stand.ids(*ASKED), f"killed {step}") is None
        assert await victim.running.process.wait() == -9

    counts = await stand.account(mark)

    assert (counts.accepted, counts.succeeded, counts.lost) == (accepted, accepted, 0)
    assert counts.signals == (3 if accepted else 0)
    if not accepted:
        assert await survivor.ask(stand.ids(*ASKED), f"killed {step}") is not None
        assert (await stand.account(mark)).succeeded == 4
