"""How often the hub looks, by a clock that the test moves."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from persistence.ledger.following.announcements import Changed, Listening
from resolvers.progress.hub import MOST_AT_ONCE, ProgressHub
from resolvers.progress.rhythm import DEAF_LOOK_SECONDS, INTERVAL_SECONDS, LINGER_SECONDS, LOOK_SECONDS
from resolvers.progress.watchers import Pace, ProgressView
from snapshots.records import BulkSnapshotRecord, SourceSnapshotRecord, TopicSnapshotRecord
from snapshots.states import SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotType, VerificationState
from tests.factories import make_source, make_topic

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STALL_SECONDS = 5.0


class Time(Pace):
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self._waiting: list[tuple[float, asyncio.Event]] = []

    def now(self) -> float:
        return self.seconds

    def of_day(self) -> datetime:
        """The time of day, which passes alike."""
        return NOW + timedelta(seconds=self.seconds)

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        self._waiting.append((self.seconds + seconds, event))
        await event.wait()

    async def settle(self) -> None:
        """Let everything run that can."""
        for _ in range(50):
            await asyncio.sleep(0)

    async def pass_by(self, seconds: float, step: float = 0.01) -> None:
        """Let the time pass in small steps."""
        for _ in range(round(seconds / step)):
            self.seconds += step
            due = [event for at, event in self._waiting if at <= self.seconds]
            self._waiting = [(at, event) for at, event in self._waiting if at > self.seconds]
            for event in due:
                event.set()
            await self.settle()


@dataclass
class Records:
    """A ledger in memory that counts how often it is read."""

    time: Time
    records: dict[str, BulkSnapshotRecord] = field(default_factory=dict)
    reads: Counter[str] = field(default_factory=Counter)
    calls: list[int] = field(default_factory=list)
    read_at: list[float] = field(default_factory=list)
    while_reading: asyncio.Event | None = None

    async def bulk_snapshots(self, tenant_id: str, ids: Sequence[str]) -> dict[str, BulkSnapshotRecord]:
        self.reads.update(ids)
        self.calls.append(len(ids))
        self.read_at.append(self.time.now())
        found = {id_: self.records[id_] for id_ in ids if id_ in self.records}
        if self.while_reading is not None:
            await self.while_reading.wait()
        return found

    def __getitem__(self, id: str) -> BulkSnapshotRecord:
        return self.records[id]

    def write(self, id: str, state: SnapshotState, message: str = "") -> None:
        """Change something; equal records are different objects, as those of a database are."""
        source = SourceSnapshotRecord(
            id="snap_1",
            bulk_snapshot_id=id,
            source=make_source(),
            snapshot_type=SnapshotType.INCREMENTAL,
            state=state,
            code=None,
            message=message,
            answer=None,
            signals=(),
            topics=(),
            requested_at=NOW,
            dispatched_at=None,
            started_at=None,
            finished_at=None,
        )
        self.records[id] = BulkSnapshotRecord(
            id=id,
            tenant_id="t",
            snapshot_type=SnapshotType.INCREMENTAL,
            requested_by="somebody",
            requested_at=NOW,
            reason=None,
            idempotency_key=None,
            request_hash=b"",
            answered=True,
            snapshots=(source,),
            skips=(),
        )


class Announced:
    """Announcements that the test makes."""

    changed: Changed
    listening: Listening

    async def follow(self, changed: Changed, listening: Listening) -> None:
        self.changed, self.listening = changed, listening
        listening(True)  # noqa: FBT003 (a state of two values)
        await asyncio.Event().wait()


@dataclass
class Bench:
    """A hub, what it reads, and who watches."""

    time: Time
    records: Records
    announced: Announced
    hub: ProgressHub
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    sights: list[ProgressView] = field(default_factory=list)
    """What the first watcher saw."""

    def watch(self, id: str) -> list[BulkSnapshotRecord | None]:
        seen: list[BulkSnapshotRecord | None] = []

        first = not self.tasks

        async def run() -> None:
            async for sight in self.hub.watch("t", id):
                if first:
                    self.sights.append(sight)
                seen.append(sight.record)

        self.tasks.append(asyncio.create_task(run()))
        return seen

    async def steady(self) -> None:
        """Let what begins settle."""
        await self.time.settle()
        await self.time.pass_by(3 * INTERVAL_SECONDS)
        self.records.reads.clear()
        self.records.calls.clear()
        self.records.read_at.clear()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    time, announced = Time(), Announced()
    records = Records(time)
    hub = ProgressHub(records, announced, time, stall_after=timedelta(seconds=STALL_SECONDS), clock=time.of_day)
    bench = Bench(time, records, announced, hub)
    yield bench
    for task in bench.tasks:
        task.cancel()
    await asyncio.gather(*bench.tasks, return_exceptions=True)
    await bench.hub.close()


async def test_a_change_is_seen_at_once_and_a_flood_four_times_a_second(bench: Bench) -> None:
    bench.records.write("b", SnapshotState.RUNNING)
    seen = bench.watch("b")
    await bench.steady()
    for number in range(300):  # three seconds of a change each hundredth
        bench.records.write("b", SnapshotState.RUNNING, str(number))
        bench.announced.changed("t", "b")
        await bench.time.pass_by(0.01)
        if number == 0:
            assert bench.records.reads["b"] == 1, "the first one does not wait"
    await bench.time.pass_by(INTERVAL_SECONDS)
    assert 12 <= bench.records.reads["b"] <= 14
    gaps = [later - earlier for earlier, later in zip(bench.records.read_at, bench.records.read_at[1:], strict=False)]
    assert min(gaps) > INTERVAL_SECONDS - 0.005
    assert seen[-1] is not None
    assert seen[-1].snapshots[0].message == "299"


async def test_many_watchers_share_each_look_and_each_record(bench: Bench) -> None:
    bench.records.write("b", SnapshotState.RUNNING)
    everybody = [bench.watch("b") for _ in range(1000)]
    await bench.time.settle()
    await bench.time.settle()
    assert bench.records.reads["b"] == 1
    assert len({id(seen[0]) for seen in everybody}) == 1
    await bench.steady()
    bench.records.write("b", SnapshotState.COMPLETED)
    bench.announced.changed("t", "b")
    await bench.time.settle()
    await bench.time.settle()
    assert bench.records.reads["b"] == 1
    assert all(task.done() for task in bench.tasks)


async def test_what_did_not_change_is_not_told_again(bench: Bench) -> None:
    bench.records.write("b", SnapshotState.RUNNING)
    seen = bench.watch("b")
    await bench.steady()
    for _ in range(5):
        bench.records.write("b", SnapshotState.RUNNING)
        bench.announced.changed("t", "b")
        await bench.time.pass_by(INTERVAL_SECONDS)
    assert bench.records.reads["b"] >= 5
    assert len(seen) == 1


async def test_who_comes_during_a_look_is_served_by_the_next(bench: Bench) -> None:
    """The look may have read before the change that the newcomer knows of."""
    bench.records.write("b", SnapshotState.RUNNING, "old")
    bench.watch("b")
    await bench.steady()
    bench.records.while_reading = asyncio.Event()
    bench.announced.changed("t", "b")
    await bench.time.settle()
    bench.records.write("b", SnapshotState.RUNNING, "new")
    seen = bench.watch("b")
    bench.records.while_reading.set()
    await bench.time.settle()
    assert seen == []
    await bench.time.pass_by(INTERVAL_SECONDS + 0.01)
    assert [one and one.snapshots[0].message for one in seen] == ["new"]


async def test_who_is_slow_gets_the_newest_and_the_last(bench: Bench) -> None:
    bench.records.write("b", SnapshotState.RUNNING, "0")
    states = bench.hub.watch("t", "b")
    first = asyncio.ensure_future(anext(states))
    await bench.time.settle()
    assert first.done()
    for number in range(1, 20):
        bench.records.write("b", SnapshotState.RUNNING, str(number))
        bench.announced.changed("t", "b")
        await bench.time.pass_by(INTERVAL_SECONDS)
    bench.records.write("b", SnapshotState.COMPLETED, "end")
    bench.announced.changed("t", "b")
    await bench.time.pass_by(2 * INTERVAL_SECONDS)
    rest = [sight.record async for sight in states]
    assert [one and one.snapshots[0].message for one in rest] == ["end"]


async def test_looks_without_a_word_are_rare_while_one_hears_and_frequent_while_not(bench: Bench) -> None:
    bench.records.write("b", SnapshotState.RUNNING)
    bench.watch("b")
    await bench.steady()
    await bench.time.pass_by(2 * LOOK_SECONDS, step=0.1)
    assert bench.records.reads["b"] == 2
    bench.announced.listening(False)  # noqa: FBT003 (a state of two values)
    await bench.steady()
    await bench.time.pass_by(10 * DEAF_LOOK_SECONDS + 1, step=0.1)
    assert 9 <= bench.records.reads["b"] <= 10
    bench.announced.listening(True)  # noqa: FBT003 (a state of two values)
    await bench.time.settle()
    await bench.time.pass_by(INTERVAL_SECONDS)
    assert bench.records.reads["b"] >= 10, "and at once when announcements come again"


async def test_looks_are_taken_together_up_to_a_number(bench: Bench) -> None:
    for number in range(MOST_AT_ONCE * 2 + 1):
        bench.records.write(f"b{number}", SnapshotState.RUNNING)
        bench.watch(f"b{number}")
    for _ in range(20):
        await bench.time.settle()
    assert bench.records.calls[:3] == [MOST_AT_ONCE, MOST_AT_ONCE, 1]


async def test_it_rests_when_nobody_watches_any_more(bench: Bench) -> None:
    bench.records.write("b", SnapshotState.RUNNING)
    bench.watch("b")
    await bench.steady()
    bench.tasks[0].cancel()
    await bench.time.settle()
    await bench.time.pass_by(LINGER_SECONDS - 1, step=0.1)
    assert bench.hub._work
    assert not bench.hub._work.done()
    await bench.time.pass_by(2, step=0.1)
    assert bench.hub._work.done()
    assert not bench.records.reads
    seen = bench.watch("b")
    await bench.time.settle()
    assert len(seen) == 1


def test_equal_records_are_equal() -> None:
    """What the hub leans on."""
    one, other = Records(Time()), Records(Time())
    one.write("b", SnapshotState.RUNNING)
    other.write("b", SnapshotState.RUNNING)
    assert one.records == other.records
    assert replace(one.records["b"], reason="x") != other.records["b"]


def silent(bench: Bench, seconds_ago: float, state: SnapshotState = SnapshotState.DISPATCHED) -> None:
    """Have the snapshot's last sign of life be so long ago."""
    bench.records.write("b", state)
    [source] = bench.records["b"].snapshots
    source = replace(source, dispatched_at=bench.time.of_day() - timedelta(seconds=seconds_ago))
    bench.records.records["b"] = replace(bench.records["b"], snapshots=(source,))


async def test_a_stall_is_told_at_its_moment_and_once_though_nobody_announces_it(bench: Bench) -> None:
    silent(bench, 0)
    seen = bench.watch("b")
    await bench.steady()
    await bench.time.pass_by(STALL_SECONDS - 3 * INTERVAL_SECONDS - 0.1)
    assert len(seen) == 1
    reads = bench.records.reads["b"]
    await bench.time.pass_by(0.2)
    assert len(seen) == 2
    assert bench.records.reads["b"] == reads + 1, "one look, at its moment"
    assert [bool(sight.stalled[0]) for sight in bench.sights] == [False, True]
    await bench.time.pass_by(2 * LOOK_SECONDS, step=0.1)
    assert len(seen) == 2


async def test_a_sign_of_life_clears_it_and_the_time_begins_anew(bench: Bench) -> None:
    silent(bench, STALL_SECONDS + 1)
    bench.watch("b")
    await bench.steady()
    for _ in range(2):
        assert bench.sights[-1].stalled[0] is not None
        silent(bench, 0)
        bench.announced.changed("t", "b")
        await bench.time.pass_by(2 * INTERVAL_SECONDS)
        assert bench.sights[-1].stalled == (None,)
        await bench.time.pass_by(STALL_SECONDS)
    assert [bool(sight.stalled[0]) for sight in bench.sights] == [True, False, True, False, True]


async def test_a_sight_is_as_of_before_its_reading(bench: Bench) -> None:
    """Else what was told in between would count as silence."""
    silent(bench, STALL_SECONDS - 1)
    reading = bench.records.while_reading = asyncio.Event()
    bench.watch("b")
    await bench.time.settle()
    began = bench.time.of_day()
    await bench.time.pass_by(2)
    bench.records.while_reading = asyncio.Event()  # the next look lasts
    reading.set()
    await bench.time.settle()
    [sight] = bench.sights
    assert sight.at == began
    assert sight.stalled == (None,)


async def test_1000_watchers_of_a_stall_cost_one_look(bench: Bench) -> None:
    silent(bench, 0)
    everybody = [bench.watch("b") for _ in range(1000)]
    await bench.steady()
    await bench.time.pass_by(STALL_SECONDS, step=0.05)
    assert bench.records.reads["b"] == 1
    assert {len(seen) for seen in everybody} == {2}


async def test_what_has_ended_is_watched_until_its_verdicts(bench: Bench) -> None:
    silent(bench, 0, SnapshotState.COMPLETED)
    ended = bench.records["b"]
    topic = TopicSnapshotRecord(
        "t", "snap_1", None, make_topic(), "public.t", None, None, TopicSnapshotState.COMPLETED,
        5, None, None, None, None, VerificationState.PENDING,
    )  # fmt: skip
    for verification in (VerificationState.PENDING, VerificationState.RUNNING, VerificationState.DONE):
        topics = (replace(topic, verification=verification),)
        bench.records.records["b"] = replace(ended, snapshots=(replace(ended.snapshots[0], topics=topics),))
        if verification is VerificationState.PENDING:
            bench.watch("b")
        else:
            assert not bench.tasks[0].done()
            bench.announced.changed("t", "b")
        await bench.time.pass_by(2 * INTERVAL_SECONDS)
    assert bench.tasks[0].done()
    assert len(bench.sights) == 3
