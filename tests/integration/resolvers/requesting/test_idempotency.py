"""A key makes one dispatch of any number of calls, and all of them get the same answer."""

import asyncio

import pytest

from resolvers.principal import Principal
from snapshots.engines.recording import Behaviour
from snapshots.errors import RequestError
from snapshots.records import AnswerKind
from snapshots.states import SnapshotState
from snapshots.vocabulary import SnapshotType, UserErrorCode
from tests.integration.resolvers.bench import TENANT, DiedError, World, catalogue, dies, fill, make_world
from tests.integration.resolvers.conftest import MakeReplica
from tests.support.waiting import FAULT_SECONDS

WEEK = 7 * 86_400


async def test_fifty_calls_at_once_are_one_dispatch_and_fifty_equal_answers(world: World) -> None:
    records = await asyncio.gather(*(world.ask("top_0_0", "top_1_0", key="once") for _ in range(50)))
    assert len(world.channel.sends) == world.channel.sends.total() == 2
    assert all(record == records[0] for record in records)
    assert records[0].answered
    assert {snapshot.state for snapshot in records[0].snapshots} == {SnapshotState.DISPATCHED}
    assert len(await world.all_bulks()) == 1


async def test_so_they_are_from_several_processes(world: World, replica: MakeReplica) -> None:
    worlds = [world, replica(), replica()]
    records = await asyncio.gather(*(worlds[n % 3].ask("top_0_0", "top_1_0", key="once") for n in range(60)))
    assert sum(one.channel.sends.total() for one in worlds) == 2
    assert all(record == records[0] for record in records)


async def test_the_order_and_repetition_of_ids_do_not_make_another_request(world: World) -> None:
    first = await world.ask("top_0_0", "top_1_0", key="k")
    assert await world.ask("top_1_0", "top_0_0", "top_0_0", key="k") == first


@pytest.mark.parametrize(
    ("topic_ids", "snapshot_type"),
    [(("top_0_1",), SnapshotType.INCREMENTAL), (("top_0_0",), SnapshotType.BLOCKING)],
    ids=["other topics", "other type"],
)
async def test_a_key_with_another_input_is_refused(
    world: World, topic_ids: tuple[str, ...], snapshot_type: SnapshotType
) -> None:
    await world.ask("top_0_0", key="k")
    with pytest.raises(RequestError) as caught:
        await world.ask(*topic_ids, key="k", snapshot_type=snapshot_type)
    assert caught.value.code is UserErrorCode.IDEMPOTENCY_KEY_REUSED
    assert caught.value.field == ("idempotency_key",)
    assert world.channel.sends.total() == 1


async def test_a_key_with_another_input_is_refused_to_those_who_come_at_once(world: World) -> None:
    results = await asyncio.gather(*(world.ask(f"top_{n % 2}_0", key="k") for n in range(20)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, RequestError)]
    assert len(refused) == 10
    assert {error.code for error in refused} == {UserErrorCode.IDEMPOTENCY_KEY_REUSED}
    assert world.channel.sends.total() == 1


async def test_a_failure_is_answered_again_and_not_tried_again(world: World) -> None:
    world.recording.behave("src_0", Behaviour.REFUSE)
    first = await world.ask("top_0_0", key="k")
    world.recording.behave("src_0", Behaviour.ACCEPT)
    assert await world.ask("top_0_0", key="k") == first
    assert first.snapshots[0].state is SnapshotState.FAILED
    assert world.channel.sends.total() == 1


async def test_a_replay_shows_what_became_of_it_and_what_was_answered(world: World) -> None:
    first = await world.ask("top_0_0", key="k")
    await world.tell(*world.ended(first.snapshots[0].signals[0].id, 0))
    (replayed,) = (await world.ask("top_0_0", key="k")).snapshots
    assert replayed.state is SnapshotState.COMPLETED
    assert replayed.answer == first.snapshots[0].answer


async def test_a_replay_waits_for_a_first_call_under_way(world: World, replica: MakeReplica) -> None:
    sending, go_on, polled = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def hold(source_id: str) -> None:
        sending.set()
        await go_on.wait()

    polls = 0

    async def count(step: str) -> None:
        nonlocal polls
        polls += step == "before bulk_snapshots"
        if polls == 2:
            polled.set()

    other = replica()
    world.channel.before_send = hold
    other.gate.probe = count
    async with asyncio.timeout(FAULT_SECONDS):
        first = asyncio.create_task(world.ask("top_0_0", key="k"))
        await sending.wait()
        second = asyncio.create_task(other.ask("top_0_0", key="k"))
        await polled.wait()
        assert not second.done()
        go_on.set()
        assert await second == await first
    assert other.channel.sends.total() == 0


async def test_a_key_belongs_to_its_subject(world: World) -> None:
    mine = await world.ask("top_0_0", key="k")
    theirs = await world.ask("top_1_0", key="k", principal=Principal(TENANT, "somebody else"))
    assert mine.id != theirs.id
    assert [s.answer and s.answer.kind for s in theirs.snapshots] == [AnswerKind.DISPATCHED]


async def test_a_key_belongs_to_its_tenant(world: World) -> None:
    await fill(world, catalogue(1, 1), tenant_id="other")
    mine = await world.ask("top_0_0", key="k")
    theirs = await world.ask("top_0_0", key="k", principal=Principal("other", "somebody"))
    assert mine.id != theirs.id
    assert [s.state for s in theirs.snapshots] == [SnapshotState.DISPATCHED]
    assert await world.all_bulks("other") == [theirs]


async def test_without_a_key_every_call_stands_for_itself(world: World) -> None:
    first, second = await world.ask("top_0_0"), await world.ask("top_0_0")
    assert first.id != second.id


@pytest.mark.parametrize("died_at", ["after open", "after start_sending", "before record_sends", "after record_sends"])
async def test_a_first_call_that_died_long_ago_is_answered_at_once_as_it_stands(world: World, died_at: str) -> None:
    world = make_world(world.database, clock=world.clock, connectors=world.connectors, deadline_seconds=600)
    world.gate.probe = dies(died_at)
    with pytest.raises(DiedError):
        await world.ask("top_0_0", key="k")
    sends = world.channel.sends.total()
    world.clock.advance(3600)
    async with asyncio.timeout(FAULT_SECONDS):  # a dispatch may take 20 minutes here
        record = await world.ask("top_0_0", key="k")
    assert not record.answered
    assert record.snapshots[0].answer is None
    assert world.channel.sends.total() == sends


async def test_a_first_call_that_has_just_died_is_waited_for_as_long_as_it_could_take(world: World) -> None:
    hasty = make_world(
        world.database,
        clock=world.clock,
        connectors=world.connectors,
        deadline_seconds=0.1,
        lease_margin_seconds=0.2,
    )
    hasty.gate.probe = dies("after open")
    with pytest.raises(DiedError):
        await hasty.ask("top_0_0", key="k")
    began = asyncio.get_running_loop().time()
    record = await hasty.ask("top_0_0", key="k")
    assert asyncio.get_running_loop().time() - began >= 0.35
    assert not record.answered
    assert record.snapshots[0].state is SnapshotState.PENDING


async def test_a_call_that_died_before_it_was_recorded_left_nothing(world: World) -> None:
    world.gate.probe = dies("before open")
    with pytest.raises(DiedError):
        await world.ask("top_0_0", key="k")
    world.gate.probe = dies("never")
    assert (await world.ask("top_0_0", key="k")).answered


async def test_a_key_is_free_again_after_its_days(world: World) -> None:
    first = await world.ask("top_0_0", key="k")
    world.clock.advance(WEEK - 1)
    assert (await world.ask("top_0_0", key="k")).id == first.id
    world.clock.advance(2)
    assert (await world.ask("top_1_0", key="k")).id != first.id
