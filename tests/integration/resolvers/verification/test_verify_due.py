"""Who verifies, how often, and what is told in the end: a topic and a table of the test's own behind a real ledger."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from sqlalchemy import text

from persistence.database.errors import DatabaseUnavailableError
from persistence.ledger.verification.verifying import DueVerification
from resolvers.services import Services
from resolvers.verification import verify_due as verify
from snapshots.errors import UnreadableError
from snapshots.filters import RowFilter
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.source_rows import RowCounts, SourceRow
from snapshots.ports.topic_reader import EventKind, KeyShape, Offsets, TopicEvent, TopicReading
from snapshots.records import TopicSnapshotRecord
from snapshots.requesting.dispatch import TimeLimit
from snapshots.verification.verdicts import Verification
from snapshots.vocabulary import SnapshotVerdict, VerificationState
from tests.integration.resolvers.bench import TENANT, World
from tests.integration.resolvers.conftest import MakeReplica
from tests.support.services import with_engine
from tests.support.time_limits import TimeLimits
from tests.support.waiting import FAULT_SECONDS

ROWS = 5
HORIZON = 1000


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


@dataclass
class Place:
    """A topic and a table; implements the ports of a verification."""

    on_topic: int = ROWS
    """How many of the rows have come, each look one more where `trickles`."""
    trickles: bool = False
    away: bool = False
    remade: bool = False
    looks: int = 0
    began: asyncio.Event = field(default_factory=asyncio.Event)
    passes: asyncio.Event = field(default_factory=asyncio.Event)
    """Each look waits for it."""
    obstacles: Sequence[str] = ()
    awaited: str | None = None
    shapes: frozenset[KeyShape] = frozenset({KeyShape(("id",), ("int",))})
    positions: Offsets = field(default_factory=lambda: {0: ROWS})

    def __post_init__(self) -> None:
        self.passes.set()

    async def ends(self, cluster: Cluster, topics: Sequence[str]) -> dict[str, Offsets]:
        return {topic: {0: 0} for topic in topics}

    @asynccontextmanager
    async def read(
        self, source: SourceConnector, topic: str, collection: str, *, start: Offsets | None, since: datetime
    ) -> AsyncIterator[TopicReading]:
        self.looks += 1
        self.on_topic += self.trickles
        self.began.set()
        await self.passes.wait()
        if self.away:
            raise UnreadableError("the source database cannot be read", passing=True)
        self.at_ms = round(since.timestamp() * 1000)
        yield self

    async def advance(self, see: Callable[[TopicEvent], None]) -> None:
        for number in range(self.on_topic):
            see(TopicEvent(EventKind.READ, key(number), self.at_ms))

    async def horizon(self, source: SourceConnector) -> int | None:
        return HORIZON

    async def is_remade(self, source: SourceConnector, collection: str, horizon: int) -> bool:
        return self.remade

    async def key_problem(self, source: SourceConnector, collection: str, shape: KeyShape) -> str | None:
        return None

    async def rows(
        self, source: SourceConnector, collection: str, row_filter: RowFilter | None, shape: KeyShape
    ) -> AsyncGenerator[SourceRow, None]:
        for number in range(ROWS):
            yield SourceRow(key(number), HORIZON - 1)

    async def counts(
        self, source: SourceConnector, collection: str, row_filter: RowFilter | None, horizon: int | None
    ) -> RowCounts:
        raise AssertionError


def over(world: World, place: Place) -> Services:
    return with_engine(world.services, topic_reader=place, source_rows=place)


async def completed(world: World, place: Place) -> None:
    """Snapshot a topic that is to be verified, to its end."""
    world.services = over(world, place)
    record = await world.ask("top_0_0", verify=True)
    await world.tell(*world.ended(record.snapshots[0].signals[0].id, 0))


async def topic_of(world: World) -> TopicSnapshotRecord:
    (topic,) = (await world.only()).topics
    return topic


async def told(world: World) -> list[str]:
    """The verdicts of which the ledger tells."""
    async with world.database.read() as connection:
        rows = await connection.execute(text("SELECT to_state FROM ledger_event WHERE subject_kind = 'VERIFICATION'"))
        return [row.to_state for row in rows]


async def sweep(
    world: World,
    services: Services | None = None,
    *,
    hold: verify.Pause = asyncio.sleep,
    time_limit: TimeLimit = asyncio.timeout,
) -> int:
    async def confirm(seconds: float) -> None:
        world.clock.advance(seconds)

    pace = verify.VerificationPace(confirm, hold, time_limit)
    return await verify.verify_due(services or world.services, TENANT, pace=pace)


async def test_a_verdict_is_told_once(world: World) -> None:
    await completed(world, Place())
    assert await sweep(world) == 1
    assert await sweep(world) == 0
    topic = await topic_of(world)
    assert (topic.verdict, topic.expected_rows, topic.emitted_rows) == (SnapshotVerdict.COMPLETE, ROWS, ROWS)
    assert await told(world) == ["COMPLETE"]


async def test_a_loss_is_found_twice_before_it_is_told(world: World) -> None:
    place = Place(on_topic=3)
    await completed(world, place)
    await sweep(world)
    assert place.looks == 2
    assert await told(world) == ["INCOMPLETE"]


async def test_a_loss_that_another_worker_finds_is_found_twice_by_it(world: World, replica: MakeReplica) -> None:
    """The look of a worker that died, or that could not see, is no first look."""
    place = Place(on_topic=3, away=True)
    await completed(world, place)
    await sweep(world)
    place.away, place.looks = False, 0
    world.clock.advance(100)
    await sweep(world, over(replica(), place))
    assert place.looks == 2
    assert await told(world) == ["INCOMPLETE"]


async def test_rows_that_still_arrive_are_no_loss(world: World) -> None:
    place = Place(on_topic=0, trickles=True)
    await completed(world, place)
    await sweep(world)
    assert (place.looks, await told(world)) == (ROWS, ["COMPLETE"])


async def test_a_table_that_was_made_anew_explains_what_is_missing(world: World) -> None:
    await completed(world, Place(on_topic=3, remade=True))
    await sweep(world)
    topic = await topic_of(world)
    assert topic.verdict is SnapshotVerdict.NOT_PROVABLE
    assert "the table was recreated" in (topic.verdict_reason or "")


async def test_what_can_never_be_read_ends_as_not_provable(world: World) -> None:
    place = Place(away=True)
    await completed(world, place)
    for _ in range(20):
        await sweep(world)
        world.clock.advance(61)
    topic = await topic_of(world)
    assert place.looks == verify.ATTEMPTS
    assert (topic.verdict, topic.verdict_reason) == (
        SnapshotVerdict.NOT_PROVABLE,
        "The source database cannot be read.",
    )
    assert await told(world) == ["NOT_PROVABLE"]


async def test_looks_that_kill_whoever_looks_end_as_not_provable(world: World) -> None:
    await completed(world, Place())
    ledger = world.services.ledger
    for _ in range(verify.MAX_ATTEMPTS):
        now = world.clock()
        assert await ledger.verifying.claim(TENANT, at=now, lease_until=now + verify.LEASE, most=2)
        assert (await topic_of(world)).verification is VerificationState.RUNNING
        assert await sweep(world) == 0
        world.clock.advance(verify.LEASE.total_seconds() + 1)
    await sweep(world)
    topic = await topic_of(world)
    assert topic.verdict is SnapshotVerdict.NOT_PROVABLE
    assert "never finished" in (topic.verdict_reason or "")


async def test_a_look_that_takes_too_long_is_given_up(world: World) -> None:
    place, time_limits = Place(), TimeLimits()
    place.passes.clear()
    await completed(world, place)
    sweeping = asyncio.create_task(sweep(world, time_limit=time_limits))
    await place.began.wait()
    time_limits.expire()
    await sweeping
    assert "took longer than" in ((await topic_of(world)).verdict_reason or "")


async def test_whoever_is_at_work_keeps_the_topic(world: World, replica: MakeReplica) -> None:
    place = Place()
    place.passes.clear()
    await completed(world, place)
    sweeping = asyncio.create_task(sweep(world, hold=lambda _: asyncio.sleep(0.01)))
    await place.began.wait()
    other = over(replica(), place)
    for _ in range(3):
        world.clock.advance(verify.LEASE.total_seconds() - 1)
        await _held_until(world, world.clock() + verify.LEASE)
        assert await sweep(world, other) == 0
    place.passes.set()
    await sweeping
    assert (place.looks, await told(world)) == (1, ["COMPLETE"])


async def _held_until(world: World, moment: datetime) -> None:
    """Return when the topic is held until then."""
    query = text("SELECT verify_lease_until FROM snapshot_topic WHERE verify_requested_at IS NOT NULL")
    async with asyncio.timeout(FAULT_SECONDS):
        while True:
            async with world.database.read() as connection:
                if (await connection.execute(query)).scalar_one() >= moment:
                    return


async def test_whoever_was_overtaken_tells_nothing(world: World, replica: MakeReplica) -> None:
    """As a process that was stopped, and goes on when another has done its work."""
    hung, goes_on = Place(on_topic=0), asyncio.Event()
    hung.passes.clear()
    await completed(world, hung)
    sweeping = asyncio.create_task(sweep(world, hold=lambda _: goes_on.wait()))
    await hung.began.wait()
    world.clock.advance(verify.LEASE.total_seconds() + 1)
    await sweep(world, over(replica(), Place()))
    goes_on.set()
    await sweeping
    assert await told(world) == ["COMPLETE"]


async def test_a_worker_that_is_ended_leaves_the_topic_to_others(world: World) -> None:
    place = Place()
    place.passes.clear()
    await completed(world, place)
    sweeping = asyncio.create_task(sweep(world))
    await place.began.wait()
    sweeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sweeping
    place.passes.set()
    assert await sweep(world) == 0
    world.clock.advance(verify.LEASE.total_seconds() + 1)
    assert await sweep(world) == 1
    assert await told(world) == ["COMPLETE"]


async def test_a_verdict_that_cannot_be_recorded_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.services = over(world, Place())
    record = await world.ask("top_0_0", "top_0_1", verify=True)
    await world.tell(*world.ended(record.snapshots[0].signals[0].id, 0, 1))
    ledger = world.services.ledger
    recording = ledger.verifying.record
    faults = iter([DatabaseUnavailableError("away")])

    async def fail_once(tenant_id: str, due: DueVerification, found: Verification, *, at: datetime) -> None:
        if fault := next(faults, None):
            raise fault
        await recording(tenant_id, due, found, at=at)

    monkeypatch.setattr(ledger.verifying, "record", fail_once)
    assert await sweep(world) == 2
    assert await told(world) == ["COMPLETE"]
    world.clock.advance(verify.LEASE.total_seconds() + 1)
    assert await sweep(world) == 1
    assert await told(world) == ["COMPLETE", "COMPLETE"]
