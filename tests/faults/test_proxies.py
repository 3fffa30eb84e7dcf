"""Each part behind a proxy that stops answering, or cuts: what was accepted ends well, and once, when it is back.

The caller asks again with the same idempotency key, as one does who got no answer.
"""

import pytest

from sandbox.waiting import eventually
from snapshots.vocabulary import SnapshotErrorCode
from tests.faults.counts import tell
from tests.faults.processes import Gateway
from tests.faults.sources import DESK, MIRROR, SAFE, VAULT
from tests.faults.stand import Stand

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


async def test_what_cannot_be_sent_fails_and_says_why(stand: Stand, survivor: Gateway) -> None:
    """The sources' PostgreSQL stays away, and the gateway is told not to try again: those over Kafka are untouched."""
    mark, proxy = await stand.mark(), stand.chain.proxies["the source's PostgreSQL"]
    proxy.cut()
    try:
        async with stand.gateway(TOPICSNAP_FOLLOW="false", TOPICSNAP_RETRY_ATTEMPTS="0") as gateway:
            assert await gateway.ask(stand.ids(*ASKED)) is not None
            counts = await stand.account(mark)
    finally:
        proxy.pass_on()

    assert (counts.accepted, counts.succeeded, counts.failed, counts.lost, counts.signals) == (5, 2, 3, 0, 2)
    [record] = await stand.records(mark)
    reasons = {one.source.name: one.code for one in record.snapshots}
    tell(str({name: code and code.value for name, code in reasons.items()}))
    assert reasons == {
        "vault-connector": SnapshotErrorCode.CHANNEL_UNAVAILABLE,
        "safe-connector": SnapshotErrorCode.CHANNEL_UNAVAILABLE,
        "desk-connector": None,
        "mirror-connector": None,
    }
