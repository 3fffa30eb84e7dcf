"""A channel that is away: tried again within the deadline, then by the sweep, so often and no more, and all noted."""

from collections.abc import Sequence
from typing import cast

import pytest

from persistence.database.pool import Database
from snapshots.channels import SignalChannelKind
from snapshots.engines.recording import Behaviour
from snapshots.records import AnswerKind
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode
from tests.integration.resolvers.bench import World, catalogue, dies, fill, make_world
from tests.integration.resolvers.requesting.test_settle import HOUR, die
from tests.support.databases import Administrator

QUICK_ATTEMPTS = 5
"""How often one dispatch tries a channel that is away."""

_EVENTS = """
SELECT string_agg(coalesce(from_state, '') || '>' || to_state || ' ' || cause
                  || coalesce(' #' || (detail->>'attempt'), ''), E'\\n' ORDER BY id)
FROM ledger_event WHERE subject_kind = $1
"""


async def events(administrator: Administrator, kind: str) -> Sequence[str]:
    return cast("str", await administrator.fetchval(_EVENTS, kind)).splitlines()


async def test_a_channel_that_comes_back_within_the_deadline_is_nothing_to_tell_of(world: World) -> None:
    async def comes_back(source_id: str) -> None:
        if world.channel.sends.total() == 3:
            world.recording.behave(source_id, Behaviour.ACCEPT)

    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    world.channel.before_send = comes_back
    (snapshot,) = (await world.ask("top_0_0")).snapshots
    assert (snapshot.state, snapshot.signals[0].state) == (SnapshotState.DISPATCHED, SignalState.SENT)
    assert len(world.recording.recorded) == 1


async def test_one_that_stays_away_is_answered_as_unconfirmed_and_said_to_be_tried_again(world: World) -> None:
    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    (snapshot,) = (await world.ask("top_0_0")).snapshots
    assert world.channel.sends.total() == QUICK_ATTEMPTS
    assert snapshot.answer is not None
    assert (snapshot.answer.kind, snapshot.answer.code) == (
        AnswerKind.UNCONFIRMED,
        SnapshotErrorCode.CHANNEL_UNAVAILABLE,
    )
    assert "try again: attempt 2 of 3 is next" in snapshot.answer.message
    assert (snapshot.state, snapshot.signals[0].state) == (SnapshotState.UNCONFIRMED, SignalState.PENDING)
    assert await world.held() == {"src_0": snapshot.id}


async def test_the_rests_grow_and_the_attempts_end(world: World) -> None:
    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    await world.ask("top_0_0")
    for rest, state in ((10.0, SnapshotState.UNCONFIRMED), (20.0, SnapshotState.FAILED)):
        world.clock.advance(rest - 0.1)
        assert await world.settle() == 0
        world.clock.advance(0.2)
        assert await world.settle() == 1
        assert (await world.only()).state is state
    snapshot = await world.only()
    assert (snapshot.code, snapshot.message) == (
        SnapshotErrorCode.CHANNEL_UNAVAILABLE,
        "connector-0 was told to be unreachable. Topicsnap gave up after 3 attempts.",
    )
    assert (snapshot.signals[0].state, snapshot.topics[0].state) == (SignalState.REFUSED, TopicSnapshotState.FAILED)
    assert await world.held() == {}
    world.clock.advance(HOUR)
    assert await world.settle() == 0
    assert world.recording.recorded == ()


async def test_one_that_comes_back_later_is_sent_to_once_without_being_searched(world: World) -> None:
    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    await world.ask("top_0_0")
    world.recording.behave("src_0", Behaviour.ACCEPT)
    world.clock.advance(HOUR)
    assert await world.settle() == 1
    snapshot = await world.only()
    assert (snapshot.state, snapshot.code, snapshot.message) == (SnapshotState.DISPATCHED, None, None)
    assert len(world.recording.recorded) == 1
    assert world.channel.finds == 0


async def test_each_attempt_is_in_the_ledger(world: World, administrator: Administrator) -> None:
    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    await world.ask("top_0_0")
    for _ in range(2):
        world.clock.advance(HOUR)
        await world.settle()
    assert await events(administrator, "SIGNAL") == [
        "PENDING>SENDING dispatch #1",
        "SENDING>PENDING dispatch #1",
        "PENDING>SENDING settle #2",
        "SENDING>PENDING settle #2",
        "PENDING>SENDING settle #3",
        "SENDING>REFUSED settle #3",
    ]
    assert await events(administrator, "SOURCE_SNAPSHOT") == [
        ">PENDING requested by somebody",
        "PENDING>SENDING dispatch",
        "SENDING>UNCONFIRMED dispatch",
        "UNCONFIRMED>SENDING settle",
        "SENDING>UNCONFIRMED settle",
        "UNCONFIRMED>SENDING settle",
        "SENDING>FAILED settle",
    ]
    assert await events(administrator, "TOPICS") == ["PENDING>FAILED settle"]
    why = "SELECT count(*) FROM ledger_event WHERE detail->>'code' = 'CHANNEL_UNAVAILABLE' AND subject_kind = 'SIGNAL'"
    assert await administrator.fetchval(why) == 3


async def test_without_further_attempts_it_fails_at_once(database: Database) -> None:
    world = make_world(database, further_attempts=0)
    await fill(world, catalogue(1, 1))
    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    (snapshot,) = (await world.ask("top_0_0")).snapshots
    assert snapshot.state is SnapshotState.FAILED
    assert snapshot.answer is not None
    assert (snapshot.answer.kind, snapshot.answer.retryable) == (AnswerKind.FAILED, True)


async def test_a_refusal_for_good_is_not_tried_again(world: World) -> None:
    world.recording.behave("src_0", Behaviour.REFUSE)
    (snapshot,) = (await world.ask("top_0_0")).snapshots
    assert (snapshot.state, world.channel.sends.total()) == (SnapshotState.FAILED, 1)
    world.clock.advance(HOUR)
    assert await world.settle() == 0


async def test_a_later_signal_is_tried_again_while_its_snapshot_runs(database: Database) -> None:
    world = make_world(database)
    await fill(world, catalogue(1, 2, channel=SignalChannelKind.SOURCE_TABLE, signal_data_limit=70))
    (snapshot,) = (await world.ask("top_0_0", "top_0_1")).snapshots
    first, second = (signal.id for signal in snapshot.signals)
    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    await world.tell(*world.ended(first, 0))
    after = await world.only()
    assert (after.state, after.signals[1].state) == (SnapshotState.RUNNING, SignalState.PENDING)
    world.recording.behave("src_0", Behaviour.ACCEPT)
    world.clock.advance(HOUR)
    assert await world.settle() == 1
    assert [recorded.signal.id for recorded in world.recording.recorded] == [first, second]
    await world.tell(*world.ended(second, 1))
    assert (await world.only()).state is SnapshotState.COMPLETED


async def test_a_later_signal_that_is_given_up_ends_its_snapshot_in_part(database: Database) -> None:
    world = make_world(database)
    await fill(world, catalogue(1, 2, channel=SignalChannelKind.SOURCE_TABLE, signal_data_limit=70))
    (snapshot,) = (await world.ask("top_0_0", "top_0_1")).snapshots
    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    await world.tell(*world.ended(snapshot.signals[0].id, 0))
    for _ in range(2):
        world.clock.advance(HOUR)
        assert await world.settle() == 1
    after = await world.only()
    assert (after.state, after.code) == (SnapshotState.PARTIALLY_COMPLETED, SnapshotErrorCode.CHANNEL_UNAVAILABLE)
    assert [topic.state for topic in after.topics] == [TopicSnapshotState.COMPLETED, TopicSnapshotState.FAILED]
    assert await world.held() == {}


@pytest.mark.parametrize(
    ("died_at", "sends"),
    [("after start_sending", 1), ("before record_sends", 1), ("after record_sends", 1)],
)
async def test_a_sweep_that_dies_in_trying_again_leaves_it_to_the_next(world: World, died_at: str, sends: int) -> None:
    """Wherever the one who tries again dies, the signal arrives once in the end."""
    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    await world.ask("top_0_0")
    world.recording.behave("src_0", Behaviour.ACCEPT)
    world.clock.advance(HOUR)
    world.gate.probe = dies(died_at)
    with pytest.raises(Exception, match=died_at):
        await world.settle()
    world.gate.probe = dies("never")
    for _ in range(2):
        world.clock.advance(HOUR)
        await world.settle()
    assert (await world.only()).state is SnapshotState.DISPATCHED
    assert len(world.recording.recorded) == sends
    assert world.channel.sends.total() == QUICK_ATTEMPTS + 1


async def test_a_first_call_that_died_before_it_could_say_that_the_channel_was_away(world: World) -> None:
    """Nobody knows any more that nothing was sent: it is looked for, and sent once it is proved absent."""
    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    await die(world, "before record_sends", "top_0_0")
    world.clock.advance(HOUR)
    assert await world.settle() == 1
    snapshot = await world.only()
    assert (snapshot.state, snapshot.signals[0].state) == (SnapshotState.UNCONFIRMED, SignalState.UNCONFIRMED)
    world.recording.behave("src_0", Behaviour.ACCEPT)
    world.clock.advance(HOUR)
    assert await world.settle() == 1
    assert (await world.only()).state is SnapshotState.DISPATCHED
    assert len(world.recording.recorded) == 1
