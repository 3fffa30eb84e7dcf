"""Whatever anybody sends and in whatever order it is told: no wrong verdict, no source held on, no forbidden step.

The engine is modelled on what a real Debezium 3.6 did (docs/debezium.md): one incremental snapshot at a time, which
later signals join, taking over its id; blocking ones in a queue, each notification under an id of its own; a stop
tells the end first; after a crash it reads signals again, those that had ended as well. Its notifications go to
partitions by their ids, so that they can be read in another order than told.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from random import Random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from snapshots.following.correlation import telling
from snapshots.following.external import Known, first_of_external
from snapshots.following.in_progress import EXTERNAL_SIGNAL, ActiveSignal, ActiveSnapshot, ActiveTopic
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.following.reducer import conclude, give_up, reduce_until_end
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotType, TopicSnapshotOutcome
from tests.support.sizes import examples

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SILENCE = timedelta(hours=1)
TABLES = ("public.a", "public.b", "public.c")
PARTITIONS = 3
DISORDER = timedelta(seconds=1)
"""How much later than its neighbours a partition may be read: they are fetched together, or one fetch apart."""
BY_HAND = timedelta(seconds=2)
"""What somebody does by hand, he does after a look."""
INCREMENTAL, BLOCKING = SnapshotType.INCREMENTAL, SnapshotType.BLOCKING
STATUSES = ("SUCCEEDED", "EMPTY", "SQL_EXCEPTION", "UNKNOWN_SCHEMA")
Kind = NotificationKind


@dataclass
class Job:
    """A signal that the engine has: what it will find at each table, in order."""

    id: str
    snapshot_type: SnapshotType
    scans: list[tuple[str, str]]
    asked: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        self.asked = tuple(self.scans)


@dataclass
class Engine:
    """A connector, which works off what it is sent and tells of it."""

    now: datetime = NOON
    jobs: list[Job] = field(default_factory=list)
    """The parts of the incremental snapshot under way, the first one first."""
    blocking: list[Job] = field(default_factory=list)
    """Blocking ones, the first of which is under way."""
    log: list[tuple[int, Notification]] = field(default_factory=list)
    """What was told, each with its partition."""
    truth: dict[tuple[str, str], str] = field(default_factory=dict)
    """How each table of each signal really ended; CANCELLED where it was stopped."""
    read_again: set[str] = field(default_factory=set)
    """Blocking signals that were read once more after a restart."""
    told_of: list[str] = field(default_factory=list)
    """Of which signal each notification of the log really is, empty for none."""
    received: list[Job] = field(default_factory=list)
    """Incremental signals in their order, as they were sent."""
    _numbers: Iterator[int] = field(default_factory=count)
    _begun: bool = False

    def receive(self, job: Job) -> None:
        self.now += timedelta(milliseconds=50)
        if job.snapshot_type is BLOCKING:
            self.blocking.append(job)
            return
        self.received.append(replace(job, scans=list(job.scans)))
        self._begin(job)

    def _begin(self, job: Job) -> None:
        self.jobs.append(job)
        if len(self.jobs) == 1:
            self._tell(Kind.STARTED, INCREMENTAL)

    def step(self) -> None:
        """Do the next piece of work; blocking ones go first."""
        self.now += timedelta(milliseconds=20)
        if self.blocking:
            self._step_blocking()
        elif self.jobs:
            self._step_incremental()

    def stop(self) -> None:
        if not self.jobs:
            return
        self.now += timedelta(milliseconds=20)
        left = tuple(table for job in self.jobs for table, _ in job.scans)
        for job in self.jobs:
            self.truth = {(job.id, table): "CANCELLED" for table, _ in job.scans} | self.truth  # once read stays read
        self.received = []
        last, self.jobs = self.jobs[-1], []
        self._tell(Kind.COMPLETED, INCREMENTAL, id=last.id, left=())
        self._tell(Kind.ABORTED, INCREMENTAL, id=self._random(), left=left)

    def pause(self) -> None:
        if self.jobs:
            self.now += timedelta(milliseconds=20)
            self._tell(Kind.PAUSED, INCREMENTAL)
            self.now += timedelta(milliseconds=20)
            self._tell(Kind.RESUMED, INCREMENTAL)

    def restart(self, *, reads_again: bool) -> None:
        """Start the connector anew: a blocking snapshot is forgotten, unless its signal is read once more."""
        self.now += timedelta(seconds=2)
        self._tell(Kind.SKIPPED, BLOCKING, id=self._random(), left=())
        if not (self.blocking and self._begun):
            return
        job = self.blocking[0]
        if reads_again:
            self.now += timedelta(milliseconds=20)
            self.read_again.add(job.id)
            job.scans = list(job.asked)
            self._tell(Kind.STARTED, BLOCKING, left=())
        else:
            for table, _ in job.scans:
                self.truth.setdefault((job.id, table), "NOT_REPORTED")
            self.blocking.pop(0)
            self._begun = False

    def crash(self, lost: int, steps: int) -> None:
        """Die, and begin again by offsets from before the last signals: all that had not ended, and `lost` before it.

        It does `steps` before it comes to the next signal.
        """
        self.now += timedelta(seconds=3)
        again = self.received[max(len(self.received) - len(self.jobs) - lost, 0) :]
        self.jobs = []
        self._tell(Kind.SKIPPED, BLOCKING, id=self._random(), left=())
        for job in again:
            self.now += timedelta(milliseconds=50)
            self._begin(replace(job, scans=list(job.scans)))
            for _ in range(steps):
                self.step()

    def _step_incremental(self) -> None:
        job = self.jobs[0]
        table, status = job.scans[0]
        self._tell(Kind.IN_PROGRESS, INCREMENTAL, table)
        self.now += timedelta(milliseconds=20)
        self._tell(Kind.TABLE_SCAN_COMPLETED, INCREMENTAL, table, status)
        self.truth[job.id, table] = status
        job.scans.pop(0)
        if job.scans:
            return
        if len(self.jobs) == 1:
            self._tell(Kind.COMPLETED, INCREMENTAL, left=())
        self.jobs.pop(0)

    def _step_blocking(self) -> None:
        job = self.blocking[0]
        if not self._begun:
            self._begun = True
            self._tell(Kind.STARTED, BLOCKING, left=())
        elif job.scans:
            table, status = job.scans[0]
            if status == "UNKNOWN_SCHEMA":  # of such a table nothing is told
                self.truth[job.id, table] = "NOT_REPORTED"
            else:
                self._tell(Kind.IN_PROGRESS, BLOCKING, table)
                self.now += timedelta(milliseconds=20)
                self._tell(Kind.TABLE_SCAN_COMPLETED, BLOCKING, table, status)
                self.truth[job.id, table] = status
            job.scans.pop(0)
        else:
            self._tell(Kind.COMPLETED, BLOCKING, left=())
            self.blocking.pop(0)
            self._begun = False

    def _tell(
        self,
        kind: Kind,
        snapshot_type: SnapshotType,
        table: str | None = None,
        status: str | None = None,
        *,
        id: str | None = None,
        left: tuple[str, ...] | None = None,
    ) -> None:
        incremental = snapshot_type is INCREMENTAL
        jobs = self.jobs if incremental else self.blocking[:1]
        id = id or (self.jobs[-1].id if incremental else self._random())
        partition = hash_of(id) % PARTITIONS
        notification = Notification(
            cluster_id="c",
            topic="notes",
            partition=partition,
            offset=len(self.log),
            record_timestamp_ms=0,
            prefix="shop",
            id=id,
            kind=kind,
            incremental=incremental,
            at=self.now,
            collections=tuple(name for job in jobs for name, _ in job.scans) if left is None else left,
            scanned_collection=table if kind is Kind.TABLE_SCAN_COMPLETED else None,
            current_collection=table if kind is Kind.IN_PROGRESS else None,
            status=status,
        )
        self.log.append((partition, notification))
        self.told_of.append(jobs[-1].id if jobs else "")

    def _random(self) -> str:
        return f"random-{next(self._numbers)}"


def hash_of(id: str) -> int:
    """The same in every run, as Python's own is not."""
    return sum(id.encode())


class TruthMachine(RuleBasedStateMachine):
    """Somebody who asks, somebody who sends by hand, an engine, and a follower with the rules of the ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.read = [0] * PARTITIONS
        self.held: ActiveSnapshot | None = None
        self.ended: list[ActiveSnapshot] = []
        self.sent: set[str] = set()
        self.states: dict[str, list[SnapshotState]] = {}
        self.statuses: dict[str, dict[str, str]] = {}
        self.ids = count()
        self.by_hand: list[Job] = []

    # Those who send.

    @rule(
        signals=st.lists(
            st.dictionaries(st.sampled_from(TABLES), st.sampled_from(STATUSES), min_size=1), min_size=1, max_size=2
        ),
        snapshot_type=st.sampled_from([INCREMENTAL, INCREMENTAL, BLOCKING]),
    )
    def ask(self, signals: list[dict[str, str]], snapshot_type: SnapshotType) -> None:
        """Ask Topicsnap: refused where the source is held, else sent at once.

        Not for a blocking one while another is under way of which nothing was read: the two cannot be told apart.
        """
        unseen = self.engine.blocking or any(self._unread(partition) for partition in range(PARTITIONS))
        if self.held is not None or (snapshot_type is BLOCKING and unseen):
            return
        number = next(self.ids)
        names = [f"sig-{number}-{position}" for position in range(len(signals))]
        self.statuses |= dict(zip(names, signals, strict=True))
        self.held = ActiveSnapshot(
            source_snapshot_id=f"snap-{number}",
            snapshot_type=snapshot_type,
            state=SnapshotState.DISPATCHED,
            sending_since=None,
            signals=tuple(ActiveSignal(id, position, SignalState.PENDING) for position, id in enumerate(names)),
            topics=tuple(
                ActiveTopic(f"{id}-{table}", id, table)
                for id, tables in zip(names, signals, strict=True)
                for table in tables
            ),
        )
        self.states[self.held.source_snapshot_id] = [self.held.state]
        self._send(names[0])

    @rule(
        tables=st.dictionaries(st.sampled_from(TABLES), st.sampled_from(STATUSES), min_size=1),
        snapshot_type=st.sampled_from([INCREMENTAL, INCREMENTAL, INCREMENTAL, BLOCKING]),
    )
    def send_by_hand(self, tables: dict[str, str], snapshot_type: SnapshotType) -> None:
        """One at a time of each kind: what two of them make of each other is for nobody to tell apart."""
        busy = self.engine.jobs if snapshot_type is INCREMENTAL else self.engine.blocking
        ours_waits = self.held is not None and not self.held.external and self.held.snapshot_type is BLOCKING
        if any(job in busy for job in self.by_hand) or (snapshot_type is BLOCKING and ours_waits):
            return
        job = Job(f"hand-{next(self.ids)}", snapshot_type, list(tables.items()))
        self.by_hand.append(job)
        self.engine.now += BY_HAND
        self.engine.receive(job)

    @rule()
    def stop_by_hand(self) -> None:
        self.engine.now += BY_HAND
        self.engine.stop()

    @rule()
    def pause_and_resume_by_hand(self) -> None:
        self.engine.now += BY_HAND
        self.engine.pause()

    @rule(reads_again=st.booleans())
    def restart(self, *, reads_again: bool) -> None:
        self.engine.restart(reads_again=reads_again)

    @rule(lost=st.integers(0, 2), steps=st.integers(0, 3))
    def crash(self, lost: int, steps: int) -> None:
        """Signals by hand are not run again here: they are told from ours by what comes within seconds."""
        if self.engine.blocking or self.by_hand_is_among(self.engine.received[-lost - len(self.engine.jobs) :]):
            return
        self.engine.crash(lost, steps)

    def by_hand_is_among(self, jobs: Sequence[Job]) -> bool:
        return any(job.id not in self.sent for job in jobs)

    @rule(steps=st.integers(1, 6))
    def work(self, steps: int) -> None:
        for _ in range(steps):
            self.engine.step()

    # The follower.

    @rule(
        random=st.randoms(use_true_random=False),
        most=st.integers(1, 20),
        partitions=st.sets(st.integers(0, PARTITIONS - 1), min_size=1),
    )
    def follow(self, random: Random, most: int, partitions: set[int]) -> None:
        """Read some of what some partitions have: in order within one, in any order between them."""
        self._follow(random, most, partitions)

    @precondition(lambda self: self.engine.log)
    @rule(place=st.integers(0, 99), many=st.integers(1, 5))
    def tell_again(self, place: int, many: int) -> None:
        """What was read before, once more; the ledger's cursors would pass it over."""
        read = [one for partition, one in self.engine.log if one.offset in self._offsets_read(partition)]
        told = read[place % len(read) :][:many] if read else []
        if self.held is None or self.held.external or not told:
            return
        before = self.held
        self._apply_to_held([one for one in told if self.held.snapshot_type is INCREMENTAL or one.incremental])
        if self.held is not None:
            ends = [topic.outcome for topic in before.topics if topic.state.is_terminal]
            assert [topic.outcome for topic in self.held.topics if topic.state.is_terminal][: len(ends)] or not ends

    @rule()
    def wait(self) -> None:
        """Longer than late reports are waited for; by then all partitions were read."""
        self._follow(None, 10_000, range(PARTITIONS))
        self.engine.now += timedelta(seconds=30)
        self._sweep()

    def _follow(self, random: Random | None, most: int, partitions: Collection[int]) -> None:
        batch: list[Notification] = []
        queues = {
            partition: self._unread(partition)[:most] if partition in partitions else []
            for partition in range(PARTITIONS)
        }
        latest = max((queue[-1].at for queue in queues.values() if queue), default=NOON)
        for partition in range(PARTITIONS):
            overdue = [one for one in self._unread(partition) if one.at < latest - DISORDER]
            queues[partition] = max(queues[partition], overdue, key=len)
        while any(queues.values()):
            waiting = [partition for partition, queue in queues.items() if queue]
            partition = random.choice(waiting) if random else waiting[0]
            batch.append(queues[partition].pop(0))
            self.read[partition] += 1
        # As the ledger does: what comes in one batch is put into the order of its times.
        self._apply(sorted(batch, key=lambda one: one.at))

    def _unread(self, partition: int) -> list[Notification]:
        return [one for place, one in self.engine.log if place == partition][self.read[partition] :]

    def _offsets_read(self, partition: int) -> set[int]:
        return {one.offset for place, one in self.engine.log if place == partition} - {
            one.offset for one in self._unread(partition)
        }

    def _apply(self, batch: Sequence[Notification]) -> None:
        while batch:
            if self.held is None and (batch := self._open_external(batch)) == ():
                return
            batch = self._apply_to_held(batch)

    def _open_external(self, batch: Sequence[Notification]) -> Sequence[Notification]:
        last_end = max((one.finished_at for one in self.ended if one.finished_at and one.started_at), default=None)
        ended = {one.id for held in self.ended for one in held.signals if one.state is SignalState.ENDED}
        known = Known(self.sent, last_end, self.engine.now - SILENCE, ended)
        place = first_of_external(batch, known)
        if place is None:
            return ()
        first = batch[place]
        # Ours that had ended by all reports, and begins once more, is for the ledger to hold the source for.
        is_begun_anew = known.is_repeated(first) or self.engine.told_of[first.offset] in self.engine.read_again
        assert self.engine.told_of[first.offset] not in self.sent or is_begun_anew
        id = f"external-{next(self.ids)}"
        self.held = ActiveSnapshot(
            source_snapshot_id=id,
            snapshot_type=INCREMENTAL if first.incremental else BLOCKING,
            state=SnapshotState.RUNNING,
            sending_since=None,
            signals=(ActiveSignal(EXTERNAL_SIGNAL, 0, SignalState.SENT),),
            topics=(),
            started_at=first.at,
            external=True,
        )
        self.states[id] = [SnapshotState.RUNNING]
        return batch[place:]

    def _apply_to_held(self, batch: Sequence[Notification]) -> Sequence[Notification]:
        assert self.held is not None
        taken = {topic.data_collection for topic in self.held.topics}
        candidates = [ActiveTopic(f"found-{table}", None, table) for table in TABLES if table not in taken]
        after, changes, rest = reduce_until_end(self.held, telling(self.held, batch, self._senders()), candidates)
        self._take(after, changes.steps)
        if changes.next_signal_id is not None:
            self._send(changes.next_signal_id)
        return rest

    def _senders(self) -> dict[str, str]:
        ours = [*self.ended, *([self.held] if self.held else [])]
        return {one.id: snapshot.source_snapshot_id for snapshot in ours for one in snapshot.signals if one.id}

    def _sweep(self) -> None:
        if self.held is None:
            return
        signal = next((one for one in self.held.signals if one.in_flight), None)
        if signal is not None and signal.ended_at is not None:
            after, changes = conclude(self.held)
            self._take(after, changes.steps)
            if changes.next_signal_id is not None:
                self._send(changes.next_signal_id)

    def _take(self, after: ActiveSnapshot, steps: Sequence[SnapshotState]) -> None:
        if self.held is not None and not after.external:
            check_parts(self.held, after)
        self.states[after.source_snapshot_id] += steps
        self.held = after
        if after.state.is_terminal:
            self.ended.append(after)
            self.held = None

    def _send(self, id: str) -> None:
        assert self.held is not None
        now = self.engine.now
        self.held = replace(
            self.held,
            sending_since=now,
            signals=tuple(replace(one, state=SignalState.SENT) if one.id == id else one for one in self.held.signals),
        )
        self.sent.add(id)
        self.engine.receive(Job(id, self.held.snapshot_type, list(self.statuses[id].items())))

    # What has to hold.

    @invariant()
    def every_step_is_allowed(self) -> None:
        for states in self.states.values():
            assert all(before.can_become(after) for before, after in pairwise(states))

    @invariant()
    def no_verdict_is_wrong(self) -> None:
        for snapshot in self.ended:
            if snapshot.external:
                continue
            for topic in snapshot.topics:
                really = self.engine.truth.get((topic.signal_id or "", topic.data_collection))
                told = topic.outcome.value if topic.outcome else topic.state.value
                assert really is not None or topic.state is TopicSnapshotState.CANCELLED
                if topic.outcome in {TopicSnapshotOutcome.SUCCEEDED, TopicSnapshotOutcome.EMPTY}:
                    assert really == told, (topic, really)
                elif topic.state is TopicSnapshotState.FAILED:
                    # A stop that was read before anything else of ours could be that of an older snapshot: then a table
                    # that it names counts as not reported.
                    assert really not in {"SUCCEEDED", "EMPTY"}, (topic, really)

    def teardown(self) -> None:
        """The engine works off what it has, all of it is read, and nothing is held any more."""
        for _ in range(4):
            while self.engine.jobs or self.engine.blocking:
                self.engine.step()
            self.wait()
        self.every_step_is_allowed()
        self.no_verdict_is_wrong()
        if self.held is not None and self.held.external:
            # Its end was read before its start, or not at all: silence releases it.
            self._take(*released(self.held, self.engine.now))
        assert self.held is None, self.held
        for snapshot in self.ended:
            assert all(topic.state.is_terminal for topic in snapshot.topics)


def check_parts(before: ActiveSnapshot, after: ActiveSnapshot) -> None:
    """Signals and topics go from state to state as their machines allow."""
    for was, now in zip(before.signals, after.signals, strict=True):
        assert was.state is now.state or was.state.can_become(now.state)
    topics = {topic.id: topic.state for topic in after.topics}
    for topic in before.topics:
        assert topic.state is topics[topic.id] or topic.state.can_become(topics[topic.id])


def released(held: ActiveSnapshot, now: datetime) -> tuple[ActiveSnapshot, tuple[SnapshotState, ...]]:
    after, changes = give_up(held, now, "Silent.")
    return after, changes.steps


def test_nothing_that_is_told_makes_the_ledger_say_what_is_not_so() -> None:
    run_state_machine_as_test(
        TruthMachine, settings=settings(max_examples=examples(100), stateful_step_count=40, deadline=None)
    )
