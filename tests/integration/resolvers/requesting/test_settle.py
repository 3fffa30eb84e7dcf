"""What a crash or a deadline left open comes to its end, and no signal is sent twice without proof."""

import asyncio

import pytest

from resolvers.requesting.settle import settle
from snapshots.engines.recording import Behaviour
from snapshots.records import AnswerKind
from snapshots.states import SignalState, SnapshotState
from snapshots.vocabulary import SnapshotErrorCode
from tests.integration.resolvers.bench import TENANT, DiedError, World, dies, make_world
from tests.integration.resolvers.conftest import MakeReplica
from tests.support.waiting import FAULT_SECONDS

HOUR = 3600.0


async def die(world: World, at: str, *topic_ids: str) -> None:
    world.gate.probe = dies(at)
    with pytest.raises(DiedError):
        await world.ask(*topic_ids)
    world.gate.probe = dies("never")


async def test_there_may_be_nothing_to_settle(world: World) -> None:
    await world.ask("top_0_0")
    world.clock.advance(HOUR)
    assert await world.settle() == 0


async def test_what_was_recorded_and_never_sent_is_sent(world: World) -> None:
    await die(world, "after open", "top_0_0", "top_1_0")
    world.clock.advance(HOUR)
    assert await world.settle() == 2
    (record,) = await world.all_bulks()
    assert {snapshot.state for snapshot in record.snapshots} == {SnapshotState.DISPATCHED}
    assert sorted(world.channel.sends.values()) == [1, 1]
    assert world.channel.finds == 0


async def test_what_was_sent_and_not_recorded_is_found(world: World) -> None:
    await die(world, "before record_sends", "top_0_0")
    assert (await world.only()).state is SnapshotState.SENDING
    world.clock.advance(HOUR)
    assert await world.settle() == 1
    snapshot = await world.only()
    assert (snapshot.state, snapshot.signals[0].state) == (SnapshotState.DISPATCHED, SignalState.SENT)
    assert world.channel.sends.total() == 1


async def test_what_was_begun_and_never_left_is_sent_again_once(world: World) -> None:
    await die(world, "after start_sending", "top_0_0")
    world.clock.advance(HOUR)
    assert await world.settle() == 1
    world.clock.advance(HOUR)
    assert await world.settle() == 0
    assert (await world.only()).state is SnapshotState.DISPATCHED
    assert world.channel.sends.total() == 1


async def test_what_cannot_be_told_stays_unconfirmed_and_holds(world: World) -> None:
    await die(world, "before record_sends", "top_0_0")
    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    for _ in range(3):
        world.clock.advance(HOUR)
        assert await world.settle() == 1
        snapshot = await world.only()
        assert (snapshot.state, snapshot.code) == (SnapshotState.UNCONFIRMED, SnapshotErrorCode.DISPATCH_TIMEOUT)
        assert await world.held() == {"src_0": snapshot.id}
    world.recording.behave("src_0", Behaviour.ACCEPT)
    world.clock.advance(HOUR)
    assert await world.settle() == 1
    found = await world.only()
    assert (found.state, found.code, found.message) == (SnapshotState.DISPATCHED, None, None)  # no doubt is left
    assert world.channel.sends.total() == 1


@pytest.mark.parametrize("died_at", ["after open", "after start_sending", "before record_sends"])
async def test_before_the_lease_has_passed_nothing_is_touched(world: World, died_at: str) -> None:
    await die(world, died_at, "top_0_0")
    before, sends = await world.only(), world.channel.sends.total()
    world.clock.advance(24.9)  # a turn and a deadline of 10 seconds each, and a margin of 5
    assert await world.settle() == 0
    assert await world.only() == before
    assert world.channel.sends.total() == sends
    world.clock.advance(0.2)
    assert await world.settle() == 1


async def test_a_deadline_that_passed_is_settled_after_a_moment(world: World) -> None:
    world.recording.behave("src_0", Behaviour.LOSE_ANSWER)
    await world.ask("top_0_0")
    assert await world.settle() == 0
    world.clock.advance(3)
    assert await world.settle() == 1
    assert (await world.only()).state is SnapshotState.DISPATCHED
    assert world.channel.sends.total() == 1


async def test_a_refusal_in_settling_fails_it_and_frees_the_source(world: World) -> None:
    await die(world, "after open", "top_0_0")
    world.recording.behave("src_0", Behaviour.REFUSE)
    world.clock.advance(HOUR)
    await world.settle()
    snapshot = await world.only()
    assert (snapshot.state, snapshot.code) == (SnapshotState.FAILED, SnapshotErrorCode.SIGNAL_REJECTED)
    assert await world.held() == {}


@pytest.mark.parametrize("died_at", ["after open", "after start_sending", "before record_sends"])
async def test_many_replicas_at_once_send_each_signal_once(world: World, replica: MakeReplica, died_at: str) -> None:
    await die(world, died_at, *(f"top_{n}_0" for n in range(6)))
    world.clock.advance(HOUR)
    worlds = [world, *(replica() for _ in range(4))]
    await asyncio.gather(*(one.settle() for one in worlds * 3))
    (record,) = await world.all_bulks()
    assert {snapshot.state for snapshot in record.snapshots} == {SnapshotState.DISPATCHED}
    sends = sum((one.channel.sends for one in worlds[1:]), start=world.channel.sends)
    assert sorted(sends.values()) == [1] * 6


async def test_proof_of_absence_is_of_no_use_once_another_has_sent(world: World, replica: MakeReplica) -> None:
    """A slow replica looked before the other one sent: had it sent as well, Kafka would have the signal twice."""
    await die(world, "after start_sending", "top_0_0")
    world.clock.advance(HOUR)
    slow, looked, go_on = replica(), asyncio.Event(), asyncio.Event()

    async def hold(source_id: str) -> None:
        looked.set()
        await go_on.wait()

    slow.channel.after_find = hold
    async with asyncio.timeout(FAULT_SECONDS):
        sweep = asyncio.create_task(slow.settle())
        await looked.wait()
        world.clock.advance(HOUR)
        world.recording.behave("src_0", Behaviour.LOSE_ANSWER)
        assert await world.settle() == 1
        go_on.set()
        assert await sweep == 1
    assert (world.channel.sends + slow.channel.sends).total() == 1
    assert (await world.only()).state is SnapshotState.UNCONFIRMED


async def test_what_a_sender_begins_after_the_claim_is_not_taken_for_lost(world: World, replica: MakeReplica) -> None:
    """Proof of absence got while the sender is at work would have it sent twice, so the claim tells what it claimed."""
    await die(world, "after start_sending", "top_0_0")
    world.clock.advance(HOUR)
    slow, looked, go_on = replica(), asyncio.Event(), asyncio.Event()
    at_work, end = asyncio.Event(), asyncio.Event()

    async def look(source_id: str) -> None:
        looked.set()
        await go_on.wait()

    async def work(source_id: str) -> None:
        at_work.set()
        await end.wait()

    async def claimed(step: str) -> None:
        if step == "before signals":
            go_on.set()
            await at_work.wait()

    slow.channel.after_find, slow.channel.before_send = look, work
    world.gate.probe = claimed
    async with asyncio.timeout(FAULT_SECONDS):
        sweep = asyncio.create_task(slow.settle())
        await looked.wait()
        world.clock.advance(HOUR)
        assert await world.settle() == 1
        go_on.set()
        end.set()
        await sweep
    assert (world.channel.sends + slow.channel.sends).total() == 1
    assert (await world.only()).state is SnapshotState.DISPATCHED


@pytest.mark.parametrize("sweep", [False, True], ids=["the first call", "a sweep"])
async def test_a_send_never_begins_after_its_lease_however_slow_the_ledger_was(
    world: World, replica: MakeReplica, *, sweep: bool
) -> None:
    other, hasty = (
        replica(),
        make_world(world.database, clock=world.clock, recording=world.recording, deadline_seconds=0.01),
    )
    hasty.connectors.states = world.connectors.states
    loop = asyncio.get_running_loop()

    async def slow(step: str) -> None:
        if step == "after start_sending":
            hasty.gate.probe = dies("never")
            over, deadline = asyncio.Event(), loop.time() + 0.05
            loop.call_at(deadline, over.set)
            await over.wait()
            world.clock.advance(HOUR)
            assert await other.settle() == 1  # the lease has passed, so it is its own to send

    if sweep:
        await die(world, "after open", "top_0_0")
        world.clock.advance(HOUR)
    hasty.gate.probe = slow
    if sweep:
        assert await hasty.settle() == 1
    else:
        await hasty.ask("top_0_0")
    assert (hasty.channel.sends.total(), other.channel.sends.total()) == (0, 1)
    assert (await world.only()).state is SnapshotState.DISPATCHED


async def test_what_came_too_late_to_be_sent_is_sent_by_the_next_sweep(world: World) -> None:
    hasty = make_world(world.database, clock=world.clock, recording=world.recording, deadline_seconds=0.01)
    hasty.connectors.states = world.connectors.states

    async def slow(step: str) -> None:
        if step == "after start_sending":
            loop, over = asyncio.get_running_loop(), asyncio.Event()
            loop.call_at(loop.time() + 0.05, over.set)
            await over.wait()

    hasty.gate.probe = slow
    (snapshot,) = (await hasty.ask("top_0_0")).snapshots
    assert (snapshot.state, snapshot.code) == (SnapshotState.UNCONFIRMED, SnapshotErrorCode.DISPATCH_TIMEOUT)
    assert "Nothing was sent" in (snapshot.message or "")
    world.clock.advance(HOUR)
    assert await world.settle() == 1
    assert world.channel.finds == 0  # it is certain that there is nothing to find
    assert (await world.only()).state is SnapshotState.DISPATCHED


async def test_a_sender_that_was_overtaken_leaves_the_sending_to_the_sweep(world: World, replica: MakeReplica) -> None:
    """It comes to its send when the sweep's own has been lost: UNCONFIRMED, and not proved absent."""
    other = replica()
    world.recording.behave("src_0", Behaviour.LOSE_ANSWER)

    async def overtaken(step: str) -> None:
        if step == "before start_sending":
            world.clock.advance(HOUR)
            assert await other.settle() == 1

    world.gate.probe = overtaken
    (snapshot,) = (await world.ask("top_0_0")).snapshots
    assert snapshot.answer is not None
    assert (snapshot.state, snapshot.answer.kind) == (SnapshotState.UNCONFIRMED, AnswerKind.UNCONFIRMED)
    assert (world.channel.sends + other.channel.sends).total() == 1


async def test_a_late_refusal_ends_what_the_sweep_could_not_find(world: World, replica: MakeReplica) -> None:
    """The sweep took the sender for dead; its word that nothing arrived still stands, and frees the source."""
    other, sending, go_on = replica(), asyncio.Event(), asyncio.Event()

    async def hold(source_id: str) -> None:
        sending.set()
        await go_on.wait()

    world.channel.before_send = hold
    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    async with asyncio.timeout(FAULT_SECONDS):
        caller = asyncio.create_task(world.ask("top_0_0"))
        await sending.wait()
        world.clock.advance(HOUR)
        assert await other.settle() == 1
        assert (await world.only()).state is SnapshotState.UNCONFIRMED
        world.recording.behave("src_0", Behaviour.REFUSE)
        go_on.set()
        (snapshot,) = (await caller).snapshots
    assert (snapshot.state, snapshot.code) == (SnapshotState.FAILED, SnapshotErrorCode.SIGNAL_REJECTED)
    assert snapshot.signals[0].state is SignalState.REFUSED
    assert await world.held() == {}


async def test_a_late_receipt_ends_what_the_sweep_could_not_find(world: World, replica: MakeReplica) -> None:
    other, sending, go_on = replica(), asyncio.Event(), asyncio.Event()

    async def hold(source_id: str) -> None:
        sending.set()
        await go_on.wait()

    world.channel.before_send = hold
    world.recording.behave("src_0", Behaviour.UNREACHABLE)
    async with asyncio.timeout(FAULT_SECONDS):
        caller = asyncio.create_task(world.ask("top_0_0"))
        await sending.wait()
        world.clock.advance(HOUR)
        assert await other.settle() == 1
        world.recording.behave("src_0", Behaviour.ACCEPT)
        go_on.set()
        (snapshot,) = (await caller).snapshots
    assert (snapshot.state, snapshot.signals[0].state) == (SnapshotState.DISPATCHED, SignalState.SENT)


async def test_more_than_one_sweep_takes_is_left_to_the_next(world: World) -> None:
    await die(world, "after open", *(f"top_{n}_0" for n in range(6)))
    world.clock.advance(HOUR)
    assert [await settle(world.services, TENANT, batch=4) for _ in range(3)] == [4, 2, 0]
