"""The recording channel: what it was told to do with the signals of a source."""

import asyncio
from dataclasses import replace

import pytest

from snapshots.engines.recording import Behaviour, RecordedSignal, RecordingChannel
from snapshots.errors import SourceError, UnconfirmedError
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.signal_channel import OutgoingSignal, Presence
from snapshots.vocabulary import SnapshotErrorCode

SOURCE = SourceConnector("src", Cluster("c", "c", None, None), "shop")
SIGNAL = OutgoingSignal("sig-1", "execute-snapshot", "{}")


@pytest.fixture
def channel() -> RecordingChannel:
    return RecordingChannel()


async def test_what_arrives_is_told_once() -> None:
    told: list[RecordedSignal] = []
    channel = RecordingChannel(told.append)
    for _ in range(2):
        await channel.send(SOURCE, SIGNAL)
    assert told == [RecordedSignal(SOURCE, SIGNAL)] == list(channel.recorded)


async def test_ids_are_those_of_a_source(channel: RecordingChannel) -> None:
    other = replace(SOURCE, id="other")
    await channel.send(SOURCE, SIGNAL)
    assert await channel.find(other, SIGNAL) is Presence.ABSENT
    await channel.send(other, SIGNAL)
    assert len(channel.recorded) == 2


@pytest.mark.parametrize(
    ("behaviour", "code", "retryable"),
    [
        (Behaviour.REFUSE, SnapshotErrorCode.SIGNAL_REJECTED, False),
        (Behaviour.UNREACHABLE, SnapshotErrorCode.CHANNEL_UNAVAILABLE, True),
    ],
)
async def test_nothing_arrives_for_certain(
    channel: RecordingChannel, behaviour: Behaviour, code: SnapshotErrorCode, *, retryable: bool
) -> None:
    channel.behave("src", behaviour)
    with pytest.raises(SourceError) as caught:
        await channel.send(SOURCE, SIGNAL)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert not channel.recorded


@pytest.mark.parametrize(
    ("behaviour", "presence"), [(Behaviour.LOSE, Presence.ABSENT), (Behaviour.LOSE_ANSWER, Presence.PRESENT)]
)
async def test_nobody_knows_whether_it_arrived(
    channel: RecordingChannel, behaviour: Behaviour, presence: Presence
) -> None:
    channel.behave("src", behaviour)
    with pytest.raises(UnconfirmedError):
        await channel.send(SOURCE, SIGNAL)
    assert await channel.find(SOURCE, SIGNAL) is presence


async def test_no_answer_comes(channel: RecordingChannel) -> None:
    channel.behave("src", Behaviour.HANG)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(channel.send(SOURCE, SIGNAL), 0.05)
    channel.behave("src", Behaviour.ACCEPT)
    assert await channel.find(SOURCE, SIGNAL) is Presence.ABSENT
    assert (await channel.send(SOURCE, SIGNAL)).destination == "memory"
