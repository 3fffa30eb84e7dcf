"""Watching from another process than the one that works, on a real PostgreSQL."""

import asyncio
import time

import pytest

from persistence.database.errors import DatabaseUnavailableError
from persistence.ledger.following.announcements import APPLICATION_NAME
from resolvers.progress.rhythm import INTERVAL_SECONDS, Rhythm
from snapshots.records import SourceSnapshotRecord
from snapshots.states import BulkSnapshotState, SignalState
from tests.databases import Administrator
from tests.integration.resolvers.bench import TENANT, World
from tests.integration.subscriptions.bench import STATEMENTS_OF_A_LOOK, Process, Watching, begin, finish
from tests.integration.subscriptions.conftest import MakeProcess, Watch
from tests.support.waiting import until, until_told

LISTENERS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1"


async def listening(administrator: Administrator) -> int:
    found = await administrator.fetchval(LISTENERS, APPLICATION_NAME)
    assert isinstance(found, int)
    return found


async def no_listener(administrator: Administrator) -> bool:
    return await listening(administrator) == 0


async def steady(world: World, process: Process, watching: Watching) -> None:
    """Wait until announcements arrive and the first state, and what its looks brought, is through."""
    await until(lambda: bool(watching.seen) and not process.hub._deaf)
    key = TENANT, watching.bulk_id
    await until(lambda: not process.hub._watched[key].changed)
    await asyncio.sleep(2 * INTERVAL_SECONDS)


async def test_the_state_now_then_each_change_then_the_end(world: World, other: Process, watch: Watch) -> None:
    record = await world.ask("top_0_0")
    watching = watch(other.hub, record.id)
    await until(lambda: watching.states == ["DISPATCHED"])
    (signal,) = record.snapshots[0].signals
    started, scanned, completed = world.ended(signal.id, 0)
    await world.tell(started)
    await until(lambda: watching.states == ["DISPATCHED", "RUNNING"])
    await world.tell(scanned)
    await until(lambda: watching.rows[-1] == 5)
    await world.tell(completed)
    await until(lambda: watching.ended)
    assert watching.states[-1] == "COMPLETED"
    assert watching.seen[-1] == await world.bulk(record.id)
    assert other.hub.watchers == 0


async def test_what_has_ended_is_told_once(world: World, other: Process, watch: Watch) -> None:
    record = await begin(world)
    await finish(world, record)
    watching = watch(other.hub, record.id)
    await until(lambda: watching.ended)
    assert watching.states == ["COMPLETED"]


async def test_only_skipped_topics_end_at_once(world: World, other: Process, watch: Watch) -> None:
    record = await world.ask("top_unknown")
    watching = watch(other.hub, record.id)
    await until(lambda: watching.ended)
    assert [one and one.state for one in watching.seen] == [BulkSnapshotState.COMPLETED]


@pytest.mark.parametrize("id", ["bulk_unknown", "", "x" * 500, "with\0nul"])
async def test_what_does_not_exist_is_none_and_the_end(other: Process, watch: Watch, id: str) -> None:
    watching = watch(other.hub, id)
    await until(lambda: watching.ended)
    assert watching.seen == [None]


async def test_another_tenants_does_not_exist(world: World, other: Process) -> None:
    record = await begin(world)
    assert [one.record async for one in other.hub.watch("stranger", record.id)] == [None]


async def test_1000_watchers_cost_one_look_for_each_change(
    world: World, other: Process, watch: Watch, administrator: Administrator
) -> None:
    record = await begin(world)
    watchings = [watch(other.hub, record.id) for _ in range(1000)]
    await until(lambda: all(one.seen for one in watchings))
    await steady(world, other, watchings[0])
    assert other.hub.watchers == 1000
    assert await listening(administrator) == 1
    scanned, completed = world.ended(record.snapshots[0].signals[0].id, 0)[1:]
    for notification in (scanned, completed):
        before = sum(len(one.seen) for one in watchings)
        with other.counting() as statements:
            await world.tell(notification)
            await until(lambda before=before: sum(len(one.seen) for one in watchings) == before + 1000)  # type: ignore[misc]
            await asyncio.sleep(2 * INTERVAL_SECONDS)
        assert len(statements) == STATEMENTS_OF_A_LOOK, statements.statements
        assert {one.rows[-1] for one in watchings} == {5}
        assert len({id(one.seen[-1]) for one in watchings}) == 1, "all share the one record"
    await until(lambda: all(one.ended for one in watchings))
    assert {one.states[-1] for one in watchings} == {"COMPLETED"}
    assert await listening(administrator) == 1


async def test_a_flood_of_changes_is_thinned_out(
    world: World, other: Process, watch: Watch, administrator: Administrator
) -> None:
    record = await begin(world)
    watching = watch(other.hub, record.id)
    await steady(world, other, watching)
    began = time.monotonic()
    with other.counting() as statements:
        for rows in range(1, 301):
            await administrator.execute("UPDATE snapshot_topic SET rows_scanned = $1", rows)
        await until(lambda: watching.rows[-1] == 300)
        took = time.monotonic() - began
    looks = len(statements) / STATEMENTS_OF_A_LOOK
    assert looks <= 2 + took / INTERVAL_SECONDS
    assert len(watching.rows) <= 3 + took / INTERVAL_SECONDS


async def test_many_that_change_together_are_looked_at_together(world: World, other: Process, watch: Watch) -> None:
    records = [await begin(world, f"top_{number}_0") for number in range(6)]
    watchings = [watch(other.hub, record.id) for record in records]
    for watching in watchings:
        await steady(world, other, watching)
    with other.counting() as statements:
        await asyncio.gather(*(finish(world, record) for record in records))
        await until(lambda: all(one.ended for one in watchings))
    assert len(statements) <= len(records) * STATEMENTS_OF_A_LOOK
    assert {one.states[-1] for one in watchings} == {"COMPLETED"}


async def test_what_is_not_watched_costs_nothing(world: World, other: Process, watch: Watch) -> None:
    watched, unwatched = await begin(world, "top_0_0"), await begin(world, "top_1_0")
    watching = watch(other.hub, watched.id)
    await steady(world, other, watching)
    with other.counting() as statements:
        await finish(world, unwatched)
        await asyncio.sleep(2 * INTERVAL_SECONDS)
    assert statements.statements == []


async def test_the_final_state_survives_the_loss_of_the_connection(
    world: World, other: Process, watch: Watch, administrator: Administrator
) -> None:
    """Ten rounds: the listening connection is killed, and the end is written while nobody listens."""
    for _ in range(10):
        record = await begin(world)
        watching = watch(other.hub, record.id)
        await steady(world, other, watching)
        await administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", APPLICATION_NAME
        )
        await finish(world, record)
        await until(lambda watching=watching: watching.ended)  # type: ignore[misc]
        assert watching.states[-1] == "COMPLETED"
    last = await begin(world)
    watching = watch(other.hub, last.id)
    await until(lambda: not other.hub._deaf)
    assert await listening(administrator) == 1


async def test_where_nobody_announces_looks_bridge_it(world: World, make_process: MakeProcess, watch: Watch) -> None:
    class Silent:
        async def follow(self, changed: object, listening: object) -> None:
            await asyncio.Event().wait()

    process = make_process(Silent(), Rhythm(deaf_look=0.3))
    record = await begin(world)
    watching = watch(process.hub, record.id)
    await until(lambda: bool(watching.seen))
    await finish(world, record)
    await until(lambda: watching.ended)
    assert watching.states[-1] == "COMPLETED"


async def test_who_listens_no_more_leaves_no_connection(
    world: World, make_process: MakeProcess, watch: Watch, administrator: Administrator
) -> None:
    other = make_process(rhythm=Rhythm(linger=0.1))
    record = await begin(world)
    for _ in range(3):  # it begins anew as often as somebody comes
        watching = watch(other.hub, record.id)
        await until(lambda watching=watching: bool(watching.seen) and not other.hub._deaf)  # type: ignore[misc]
        assert watching.task
        watching.task.cancel()
        await until(lambda: other.hub._work is None or other.hub._work.done())
        assert other.hub.watchers == 0
        await until_told(lambda: no_listener(administrator))


async def test_a_ledger_that_cannot_be_read_is_told_to_newcomers_and_bridged_for_others(
    world: World, make_process: MakeProcess, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_process(rhythm=Rhythm(retry=0.1))
    record = await begin(world)
    old = watch(other.hub, record.id)
    await steady(world, other, old)
    read = other.hub._records.bulk_snapshots

    async def fail(*_: object) -> object:
        raise DatabaseUnavailableError("away")

    monkeypatch.setattr(other.hub._records, "bulk_snapshots", fail)
    new = watch(other.hub, record.id)
    await until(lambda: new.ended)
    assert new.task
    assert isinstance(new.task.exception(), DatabaseUnavailableError)
    await finish(world, record)
    monkeypatch.setattr(other.hub._records, "bulk_snapshots", read)
    await until(lambda: old.ended)
    assert old.states[-1] == "COMPLETED"


async def test_a_signal_that_leaves_its_source_as_it_is_is_announced(
    world: World, other: Process, watch: Watch, administrator: Administrator
) -> None:
    """So is the sending of the next signal of a source that runs."""
    record = await begin(world)
    watching = watch(other.hub, record.id)
    await steady(world, other, watching)
    await administrator.execute("UPDATE signal SET state = 'ENDED'")
    await until(lambda: _last(watching).signals[0].state is SignalState.ENDED)


async def test_a_topic_that_is_found_later_is_announced(
    world: World, other: Process, watch: Watch, administrator: Administrator
) -> None:
    """As those of a snapshot that somebody else started are."""
    record = await begin(world)
    watching = watch(other.hub, record.id)
    await steady(world, other, watching)
    await administrator.execute(
        "INSERT INTO snapshot_topic (tenant_id, id, source_snapshot_id, topic_id, position, data_collection, state) "
        "SELECT tenant_id, 'ts_found', source_snapshot_id, 'top_0_1', 1, 'public.table1', 'RUNNING' FROM snapshot_topic"
    )
    await until(lambda: len(_last(watching).topics) == 2)


def _last(watching: Watching) -> SourceSnapshotRecord:
    record = watching.seen[-1]
    assert record is not None
    return record.snapshots[0]
