"""Many calls at once, callers that go away, and what is held meanwhile: nothing."""

import asyncio
import random

import pytest

from persistence.database.pool import Database
from snapshots.records import BulkSnapshotRecord
from snapshots.states import BulkSnapshotState, SnapshotState
from snapshots.vocabulary import SnapshotErrorCode
from tests.databases import Administrator
from tests.integration.resolvers.bench import TENANT, World, catalogue, fill, make_world
from tests.integration.resolvers.conftest import MakeReplica
from tests.support.waiting import FAULT_SECONDS


async def test_a_hundred_calls_over_the_same_sources_neither_deadlock_nor_double(
    world: World, replica: MakeReplica
) -> None:
    worlds = [world, replica()]
    order = random.Random(11)  # noqa: S311 (an order, not a secret)

    async def ask(number: int) -> BulkSnapshotRecord:
        sources = order.sample(range(6), k=order.randint(2, 6))
        return await worlds[number % 2].ask(*(f"top_{source}_0" for source in sources))

    async with asyncio.timeout(FAULT_SECONDS):
        records = await asyncio.gather(*(ask(number) for number in range(100)))
    snapshots = [snapshot for record in records for snapshot in record.snapshots]
    taken = [snapshot for snapshot in snapshots if snapshot.state is SnapshotState.DISPATCHED]
    assert sorted(snapshot.source.id for snapshot in taken) == [f"src_{n}" for n in range(6)]
    assert {s.code for s in snapshots if s not in taken} == {SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING}
    assert sorted(one.signal.id for one in world.recording.recorded) == sorted(s.signals[0].id for s in taken)
    assert sum(one.channel.sends.total() for one in worlds) == 6
    assert await world.held() == {snapshot.source.id: snapshot.id for snapshot in taken}


async def test_sources_are_taken_in_one_order_whatever_the_order_of_the_request(
    world: World, administrator: Administrator
) -> None:
    """A request that waits for a source has taken none that comes after it: so no two can wait for each other."""
    await administrator.execute("BEGIN")
    await administrator.execute(
        f"INSERT INTO active_snapshot (tenant_id, connector_id, source_snapshot_id) VALUES ('{TENANT}', 'src_2', 'x')"
    )
    waiting = asyncio.create_task(world.ask("top_5_0", "top_3_0", "top_2_0", "top_4_0", "top_0_0"))
    try:
        async with asyncio.timeout(FAULT_SECONDS):
            blocked = (
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            while not await administrator.fetchval(blocked):  # noqa: ASYNC110 (another session, which sets no event)
                await asyncio.sleep(0.01)
        await administrator.execute("SET LOCAL lock_timeout = '2s'")
        await administrator.execute(
            "INSERT INTO active_snapshot (tenant_id, connector_id, source_snapshot_id)"
            f" SELECT '{TENANT}', 'src_' || n, 'x' FROM generate_series(3, 5) n"
        )
    finally:
        await administrator.execute("ROLLBACK")
        record = await waiting
    assert {snapshot.state for snapshot in record.snapshots} == {SnapshotState.DISPATCHED}


async def test_calls_and_ends_at_once_neither_deadlock_nor_double(world: World, replica: MakeReplica) -> None:
    """Sources are taken, told of and freed by many at the same time, in every order."""
    worlds = [world, replica()]
    order = random.Random(13)  # noqa: S311

    async def ask_and_end(number: int) -> int:
        one = worlds[number % 2]
        sources = order.sample(range(6), k=order.randint(1, 6))
        record = await one.ask(*(f"top_{source}_0" for source in sources))
        taken = [snapshot for snapshot in record.snapshots if snapshot.state is not SnapshotState.FAILED]
        told = [
            notification
            for snapshot in taken
            for notification in world.ended(
                snapshot.signals[0].id, 0, source=int(snapshot.source.id.removeprefix("src_"))
            )
        ]
        await one.tell(*told)
        return len(taken)

    async with asyncio.timeout(FAULT_SECONDS):
        taken = await asyncio.gather(*(ask_and_end(number) for number in range(60)))
    assert sum(one.channel.sends.total() for one in worlds) == sum(taken) >= 6
    bulks = await world.all_bulks()
    assert {bulk.state for bulk in bulks} <= {
        BulkSnapshotState.COMPLETED,
        BulkSnapshotState.PARTIALLY_COMPLETED,
        BulkSnapshotState.FAILED,
    }
    assert await world.held() == {}


async def test_a_source_is_free_after_the_end(world: World) -> None:
    first = await world.ask("top_0_0")
    await world.tell(*world.ended(first.snapshots[0].signals[0].id, 0))
    assert (await world.bulk(first.id)).state is BulkSnapshotState.COMPLETED
    second = await world.ask("top_0_0")
    assert second.snapshots[0].state is SnapshotState.DISPATCHED


async def test_a_caller_that_goes_away_stops_nothing(world: World) -> None:
    sending, go_on = asyncio.Event(), asyncio.Event()

    async def hold(source_id: str) -> None:
        sending.set()
        await go_on.wait()

    world.channel.before_send = hold
    async with asyncio.timeout(FAULT_SECONDS):
        caller = asyncio.create_task(world.ask("top_0_0", "top_1_0"))
        await sending.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        assert await world.services.background.drain(0) == 1
        go_on.set()
        assert await world.services.background.drain(10) == 0
    (record,) = await world.all_bulks()
    assert record.answered
    assert {snapshot.state for snapshot in record.snapshots} == {SnapshotState.DISPATCHED}


async def test_a_caller_that_goes_away_before_anything_is_recorded_leaves_nothing(world: World) -> None:
    asked = asyncio.Event()

    async def hang(cluster_id: str) -> None:
        asked.set()
        await asyncio.Event().wait()

    world.connectors.on_ask = hang
    async with asyncio.timeout(FAULT_SECONDS):
        caller = asyncio.create_task(world.ask("top_0_0"))
        await asked.wait()
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
    assert await world.services.background.drain(0) == 0
    assert await world.all_bulks() == []


async def test_no_connection_is_held_while_others_are_asked(database: Database) -> None:
    world = make_world(database)
    await fill(world, catalogue(4, 3))
    held: list[tuple[str, int]] = []

    async def note(where: str) -> None:
        held.append((where, database.engine.pool.checkedout()))  # type: ignore[attr-defined] # of QueuePool

    world.connectors.on_ask = world.channel.before_send = world.channel.after_find = note
    # In one connection's worth of pool: had anybody one, the next would wait for it in vain.
    await world.ask(*(f"top_{n}_0" for n in range(4)), key="k")
    world.clock.advance(3600)
    await world.settle()
    assert {where for where, _ in held} == {"clu_1", "src_0", "src_1", "src_2", "src_3"}
    assert {count for _, count in held} == {0}


async def test_no_connection_is_held_while_a_lost_signal_is_looked_for_and_sent_again(world: World) -> None:
    held: list[int] = []

    async def note(where: str) -> None:
        held.append(world.database.engine.pool.checkedout())  # type: ignore[attr-defined] # of QueuePool

    async def lose(source_id: str) -> None:
        raise ZeroDivisionError

    world.channel.before_send = lose
    await world.ask("top_0_0", "top_1_0")
    world.channel.before_send = world.channel.after_find = note
    world.clock.advance(3600)
    assert await world.settle() == 2
    assert held == [0] * 4


async def test_one_connection_is_enough_for_many_calls_at_once(world: World, database_url: str) -> None:
    narrow = Database.connect(database_url, pool_size=1, max_overflow=0)
    one = make_world(narrow, clock=world.clock, connectors=world.connectors)
    try:
        async with asyncio.timeout(FAULT_SECONDS):
            records = await asyncio.gather(*(one.ask(f"top_{n % 6}_0", key=f"{n % 6}") for n in range(30)))
    finally:
        await narrow.close()
    assert len({record.id for record in records}) == one.channel.sends.total() == 6
