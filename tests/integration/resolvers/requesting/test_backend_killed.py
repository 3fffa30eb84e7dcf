"""A connection to PostgreSQL that ends at any statement: an error of ours, nothing lost or doubled, nothing leaked."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import pytest

from persistence.database.errors import DatabaseUnavailableError
from persistence.database.pool import Database
from snapshots.channels import SignalChannelKind
from snapshots.records import BulkSnapshotFilter, SourceSnapshotRecord
from snapshots.states import SignalState, SnapshotState
from tests.integration.resolvers.bench import TENANT, World, catalogue, fill, make_world
from tests.integration.resolvers.saboteur import Saboteur
from tests.support.databases import Administrator

TOPICS = ("top_0_0", "top_0_1", "top_1_0")
HOUR = 3600
T = TypeVar("T")


@pytest.fixture
async def world(database: Database) -> World:
    """A process whose connectors take one table a signal."""
    world = make_world(database)
    await fill(world, catalogue(2, 2, channel=SignalChannelKind.SOURCE_TABLE, signal_data_limit=70))
    return world


async def again(work: Callable[[], Awaitable[T]]) -> T:
    """Do `work` until it works, as a client or a supervisor does; only errors of ours may come before that."""
    for _ in range(3):
        try:
            return await work()
        except DatabaseUnavailableError:
            continue
    raise AssertionError


async def play(world: World, key: str) -> list[SourceSnapshotRecord]:
    """Ask, settle and follow to the end, each again where it fails."""
    failed = 0

    async def ask() -> None:
        nonlocal failed
        world.clock.advance(HOUR if failed else 0)  # the first call counts as gone then, and is not waited for
        failed += 1
        await world.ask(*TOPICS, key=key)

    await again(ask)
    for _ in range(2):  # a source has two signals, one after the other
        world.clock.advance(HOUR)
        await again(world.settle)
        for snapshot in await snapshots(world, key):
            for signal in snapshot.signals:
                if signal.state is SignalState.SENT:
                    source = int(snapshot.source.id.removeprefix("src_"))
                    tables = [
                        int(topic.data_collection[-1]) for topic in snapshot.topics if topic.signal_id == signal.id
                    ]
                    told = world.ended(signal.id, *tables, source=source)
                    await again(lambda told=told: world.tell(*told))  # type: ignore[misc]
    return await snapshots(world, key)


async def snapshots(world: World, key: str) -> list[SourceSnapshotRecord]:
    page = await again(lambda: world.ledger.reading.bulk_snapshots_page(TENANT, BulkSnapshotFilter(), 2, None))
    bulks = [bulk for bulk in page.items if bulk.idempotency_key == key]
    assert len(bulks) == 1
    return list(bulks[0].snapshots)


def is_strange(record: logging.LogRecord) -> bool:
    """Whether somebody logged another error than that the database broke."""
    return record.levelno >= logging.ERROR and not (
        record.exc_info and isinstance(record.exc_info[1], DatabaseUnavailableError)
    )


async def test_nothing_is_lost_or_doubled_whichever_statement_it_was(
    world: World, database: Database, administrator: Administrator, caplog: pytest.LogCaptureFixture
) -> None:
    saboteur = Saboteur(database, administrator)
    with saboteur.at_work():
        await play(world, "undisturbed")
    steps = saboteur.steps
    assert steps > 50

    places = []
    for strike_at in range(1, steps + 1):
        caplog.clear()
        key = f"struck at {strike_at}"
        with saboteur.at_work(strike_at):
            ended = await play(world, key)
        places.append(saboteur.struck)
        where = f"{strike_at}: {saboteur.struck}"
        assert {snapshot.state for snapshot in ended} == {SnapshotState.COMPLETED}, where
        signals = [signal for snapshot in ended for signal in snapshot.signals]
        assert [world.channel.sends[signal.id] for signal in signals] == [1, 1, 1], where
        assert await world.held() == {}, where
        assert cast("Any", database.engine.sync_engine.pool).checkedout() == 0, where
        assert [record for record in caplog.records if is_strange(record)] == [], where
    assert {"before COMMIT", "after COMMIT"} < set(places)
    print(f"struck at {steps} places: 0 lost, 0 doubled")  # noqa: T201
