"""kill -9 at every step: nothing that was accepted is lost, and nothing is signalled twice."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from persistence.database.pool import Database
from snapshots.channels import SignalChannelKind
from snapshots.records import AnswerKind
from snapshots.states import BulkSnapshotState, SignalState, SnapshotState
from tests.databases import Server, administering
from tests.integration.resolvers.bench import World, catalogue, fill
from tests.integration.resolvers.killed import KEY, REFERENCE, SOURCES, TOPICS, table_world
from tests.support.waiting import FAULT_SECONDS

_ROOT = Path(__file__).parents[3]
_NUMBERS = count(1)

# Without a key of the table's own a second row would not be refused, so that a signal sent twice is seen.
_TABLE = "CREATE TABLE public.debezium_signal (id VARCHAR(42), type VARCHAR(32) NOT NULL, data VARCHAR(2048) NULL)"


@dataclass
class Scene:
    database_url: str
    source_url: str
    worlds: list[World]
    """Those who come after the one that was killed."""

    async def kill(self, step: str, *hours: str) -> None:
        """Have a process ask and kill itself at `step`; or, `hours` later, settle."""
        arguments = ["-m", "tests.integration.resolvers.killed", self.database_url, self.source_url, step, *hours]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=_ROOT, stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(FAULT_SECONDS):
            _, errors = await process.communicate()
        assert process.returncode == -9, errors.decode()

    async def signalled(self) -> list[str]:
        """The ids in the signal table, sorted."""
        connection: Any = await asyncpg.connect(self.source_url)  # type: ignore[no-untyped-call]
        try:
            return [row["id"] for row in await connection.fetch("SELECT id FROM public.debezium_signal ORDER BY id")]
        finally:
            await connection.close()

    async def settle(self) -> int:
        """Let an hour pass, and have several replicas settle at once."""
        self.worlds[0].clock.advance(3600)
        return sum(await asyncio.gather(*(world.settle() for world in self.worlds)))


@pytest.fixture
async def scene(postgres_server: Server, database_url: str) -> AsyncIterator[Scene]:
    name = f"killed_{next(_NUMBERS)}"
    await postgres_server.create_database(name)
    source_url = postgres_server.url(name)
    async with administering(source_url) as administrator:
        await administrator.execute(_TABLE)
    databases = [Database.connect(database_url) for _ in range(3)]
    worlds = [table_world(database, source_url) for database in databases]
    for world in worlds:
        object.__setattr__(world.services, "clock", worlds[0].clock)
    given = catalogue(SOURCES, 2, channel=SignalChannelKind.SOURCE_TABLE, database_url_ref=REFERENCE)
    await fill(worlds[0], given)
    yield Scene(database_url, source_url, worlds)
    for database in databases:
        await database.close()
    async with administering(postgres_server.url("postgres")) as administrator:
        await administrator.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize(
    ("step", "states"),
    [
        ("after open", {SnapshotState.PENDING}),
        ("after start_sending", {SnapshotState.SENDING}),
        ("after 1 sends", {SnapshotState.SENDING}),
        ("after 3 sends", {SnapshotState.SENDING}),
        ("before record_sends", {SnapshotState.SENDING}),
        ("after record_sends", {SnapshotState.DISPATCHED}),
        ("after record_answers", {SnapshotState.DISPATCHED}),
    ],
)
async def test_what_was_accepted_is_signalled_once(scene: Scene, step: str, states: set[SnapshotState]) -> None:
    await scene.kill(step)
    world = scene.worlds[0]
    (left,) = await world.all_bulks()
    assert {snapshot.state for snapshot in left.snapshots} == states
    assert len(await world.held()) == SOURCES

    assert await scene.settle() == (0 if states == {SnapshotState.DISPATCHED} else SOURCES)

    record = await world.bulk(left.id)
    assert [snapshot.source.id for snapshot in record.snapshots] == [f"src_{number}" for number in range(SOURCES)]
    assert {snapshot.state for snapshot in record.snapshots} == {SnapshotState.DISPATCHED}
    signals = [signal for snapshot in record.snapshots for signal in snapshot.signals]
    assert {signal.state for signal in signals} == {SignalState.SENT}
    assert await scene.signalled() == sorted(signal.id for signal in signals)
    assert await scene.settle() == 0

    replayed = await world.ask(*TOPICS, key=KEY)
    assert replayed == record
    assert replayed.state is BulkSnapshotState.IN_PROGRESS
    told = {snapshot.answer and snapshot.answer.kind for snapshot in replayed.snapshots}
    assert told == ({AnswerKind.DISPATCHED} if step == "after record_answers" else {None})
    assert await scene.signalled() == sorted(signal.id for signal in signals)


@pytest.mark.parametrize("first", ["after open", "after start_sending"])
@pytest.mark.parametrize(
    "second",
    ["before start_sending", "after start_sending", "after 1 sends", "before record_sends", "after record_sends"],
)
async def test_a_sweep_that_is_killed_as_well_leaves_it_to_the_next(scene: Scene, first: str, second: str) -> None:
    await scene.kill(first)
    await scene.kill(second, "1")
    for _ in range(4):
        await scene.settle()
    (record,) = await scene.worlds[0].all_bulks()
    assert {snapshot.state for snapshot in record.snapshots} == {SnapshotState.DISPATCHED}
    signals = [signal for snapshot in record.snapshots for signal in snapshot.signals]
    assert await scene.signalled() == sorted(signal.id for signal in signals)
    assert await scene.settle() == 0


async def test_before_it_was_recorded_nothing_was_accepted_and_the_key_is_free(scene: Scene) -> None:
    await scene.kill("before open")
    assert await scene.worlds[0].all_bulks() == []
    assert await scene.settle() == 0
    assert await scene.signalled() == []
    record = await scene.worlds[0].ask(*TOPICS, key=KEY)
    assert record.answered
    assert len(await scene.signalled()) == SOURCES
