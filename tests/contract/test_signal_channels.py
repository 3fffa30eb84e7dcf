"""What every signal channel promises, whatever carries it."""

import asyncio
from dataclasses import replace

import pytest

from snapshots.errors import SourceError
from snapshots.ports.signal_channel import Presence
from snapshots.vocabulary import SnapshotErrorCode
from tests.contract.conftest import Surroundings, signal

AWKWARD = {"data-collections": ['public."Ünï\'code; DROP TABLE x; --"', "a\\.b", "💥 \n\t"], "type": "BLOCKING"}


async def test_a_signal_arrives_as_it_was_given(surroundings: Surroundings) -> None:
    sent = signal({"data-collections": ["public.orders", r"public\.a-b"], "type": "INCREMENTAL", "surrogate-key": "id"})
    receipt = await surroundings.channel.send(surroundings.source, sent)
    assert receipt.destination
    assert await surroundings.arrived() == [
        (
            sent.id,
            "execute-snapshot",
            {"data-collections": ["public.orders", r"public\.a-b"], "type": "INCREMENTAL", "surrogate-key": "id"},
        )
    ]


async def test_no_character_is_misread_on_the_way(surroundings: Surroundings) -> None:
    await surroundings.channel.send(surroundings.source, signal(AWKWARD))
    assert [data for _, _, data in await surroundings.arrived()] == [AWKWARD]


async def test_a_signal_sent_twice_is_there_once_where_that_is_promised(surroundings: Surroundings) -> None:
    sent = signal()
    for _ in range(2):
        await surroundings.channel.send(surroundings.source, sent)
    assert len(await surroundings.arrived()) == (1 if surroundings.idempotent else 2)


async def test_a_signal_is_found_when_it_has_arrived_and_not_before(surroundings: Surroundings) -> None:
    channel, source, sent = surroundings.channel, surroundings.source, signal()
    assert await channel.find(source, sent) is Presence.ABSENT
    await channel.send(source, sent)
    assert await channel.find(source, sent) is Presence.PRESENT
    assert await channel.find(source, replace(sent, id=signal().id)) is Presence.ABSENT


async def test_a_source_that_cannot_be_reached_has_for_certain_not_got_it(surroundings: Surroundings) -> None:
    with pytest.raises(SourceError) as caught:
        await surroundings.channel.send(surroundings.unreachable, signal())
    assert caught.value.code is SnapshotErrorCode.CHANNEL_UNAVAILABLE
    assert caught.value.retryable
    assert await surroundings.channel.find(surroundings.unreachable, signal()) is Presence.UNKNOWN


async def test_many_signals_at_once_arrive_once_each(surroundings: Surroundings) -> None:
    sent = [signal() for _ in range(50)]
    await asyncio.gather(*(surroundings.channel.send(surroundings.source, one) for one in sent))
    assert sorted(id for id, _, _ in await surroundings.arrived()) == sorted(one.id for one in sent)


async def test_a_signal_sent_many_times_at_once_is_there_once_where_that_is_promised(
    surroundings: Surroundings,
) -> None:
    sent = signal()
    await asyncio.gather(*(surroundings.channel.send(surroundings.source, sent) for _ in range(50)))
    assert len(await surroundings.arrived()) == (1 if surroundings.idempotent else 50)


@pytest.mark.parametrize("steps", [0, 1, 3, 10, 30])
async def test_a_cancelled_send_leaves_the_channel_in_order(surroundings: Surroundings, steps: int) -> None:
    channel, source, sent = surroundings.channel, surroundings.source, signal()
    sending = asyncio.create_task(channel.send(source, sent))
    for _ in range(steps):
        await asyncio.sleep(0)
    sending.cancel()
    (outcome,) = await asyncio.gather(sending, return_exceptions=True)
    assert sending.done()
    following = signal()
    await channel.send(source, following)
    arrived = [id for id, _, _ in await surroundings.arrived()]
    assert following.id in arrived
    if not isinstance(outcome, asyncio.CancelledError):
        assert sent.id in arrived
    found = await channel.find(source, sent)
    assert found is (Presence.PRESENT if sent.id in arrived else Presence.ABSENT)
