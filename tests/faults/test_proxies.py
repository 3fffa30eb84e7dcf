"""Each part behind a proxy that stops answering, or cuts: what was accepted ends well, and once, when it is back.

The caller asks again with the same idempotency key, as one does who got no answer.
"""

import pytest

from sandbox.waiting import eventually
from tests.faults.sources import DESK, MIRROR, SAFE, VAULT
from tests.faults.stand import Gateway, Stand, tell

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ASKED = ((VAULT, "one"), (VAULT, "two"), (SAFE, "one"), (DESK, "one"), (MIRROR, "one"))
PLACES = ("Topicsnap's PostgreSQL", "the source's PostgreSQL", "Kafka", "Kafka Connect")


@pytest.mark.parametrize("fault", ["mute", "cut"])
@pytest.mark.parametrize("place", PLACES)
async def test_a_part_stops_answering(stand: Stand, survivor: Gateway, place: str, fault: str) -> None:
    mark, proxy = await stand.mark(), stand.chain.proxies[place]
    waited, refused, key = proxy.kept_waiting, proxy.refused, f"{place} {fault}"
    (proxy.mute if fault == "mute" else proxy.cut)()
    try:
        answered = await survivor.ask(stand.ids(*ASKED), key, seconds=8)
    finally:
        proxy.pass_on()

    async def answered_again() -> str | None:
        return await survivor.ask(stand.ids(*ASKED), key)

    again = await eventually(answered_again, 60.0, "an answer")
    counts = await stand.account(mark)

    waited, refused = proxy.kept_waiting - waited, proxy.refused - refused
    tell(f"answered: {answered is not None}, connections kept waiting: {waited}, cut: {refused}")
    assert [record.id for record in await stand.records(mark)] == [again]
    assert answered == (None if place == PLACES[0] else again)
    assert (counts.accepted, counts.succeeded, counts.lost) == (len(ASKED), len(ASKED), 0)
    assert counts.signals == 4
