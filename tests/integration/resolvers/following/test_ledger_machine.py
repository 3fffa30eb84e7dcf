"""Any steps in any order by anybody: the ledger takes only what its state machines allow, and nothing is ever stuck."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from itertools import count, pairwise
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from persistence.database.pool import Database
from persistence.ledger.requesting.opening_rows import NewBulkSnapshot, OpenedBulkSnapshot
from persistence.ledger.requesting.sending import SendRecord, SignalKey
from resolvers.following.end_unreported import end_unreported
from resolvers.requesting.settle import settle
from snapshots.channels import SignalChannelKind
from snapshots.engines.recording import Behaviour
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.plan import Refusal
from snapshots.ports.signal_channel import Receipt
from snapshots.records import SourceSnapshotRecord
from snapshots.requesting.dispatch import Outcome, Unconfirmed, Unreached
from snapshots.requesting.planning import make_plan
from snapshots.requesting.request import BulkSnapshotRequest
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode, SnapshotOrigin, SnapshotType
from tests.integration.resolvers.bench import CLUSTER, NOW, World, catalogue, fill, make_world
from tests.support.sizes import examples

T = TypeVar("T")

SOURCES, TABLES = 3, 3
_TENANTS = count(1)
_STATEMENTS = {
    "snapshots": "SELECT id, connector_id, state, origin, finished_at FROM source_snapshot WHERE tenant_id = $1",
    "active": "SELECT connector_id, source_snapshot_id FROM active_snapshot WHERE tenant_id = $1",
    "events": (
        "SELECT subject_kind, subject_id, from_state, to_state FROM ledger_event WHERE tenant_id = $1 ORDER BY id"
    ),
    "signals": "SELECT id, source_snapshot_id, state, lease_until FROM signal WHERE tenant_id = $1",
    "topics": "SELECT source_snapshot_id, state FROM snapshot_topic WHERE tenant_id = $1",
}

KINDS = [*NotificationKind, NotificationKind.TABLE_SCAN_COMPLETED, NotificationKind.COMPLETED]
UNDER_WAY = {SignalState.SENDING, SignalState.UNCONFIRMED, SignalState.SENT}
OUTCOMES: list[Outcome] = [
    Receipt("the channel"),
    Refusal(SnapshotErrorCode.CHANNEL_UNAVAILABLE, "Away.", retryable=True),
    Unconfirmed(SnapshotErrorCode.DISPATCH_TIMEOUT, "No answer."),
    Unreached(SnapshotErrorCode.CHANNEL_UNAVAILABLE, "Away; tried again.", NOW + timedelta(minutes=1)),
]


class LedgerMachine(RuleBasedStateMachine):
    """Openers, senders, followers and sweeps that know of each other only by the ledger."""

    runner: asyncio.Runner
    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.tenant = f"machine-{next(_TENANTS)}"
        self.world: World = self.run(self._make())
        self.known: list[tuple[int, SignalKey]] = []
        """Every signal that there is, with its source."""
        self.seen: dict[str, list[int]] = {}
        """By signal id, how often its sending had been begun each time that somebody looked."""
        self.attempts: list[tuple[SignalKey, int]] = []
        """Sends that were begun, each with its attempt."""
        self.told: list[Notification] = []

    @classmethod
    def run(cls, work: Coroutine[Any, Any, T]) -> T:
        return cls.runner.run(work)

    async def _make(self) -> World:
        world = make_world(self.database)
        given = catalogue(SOURCES, TABLES, channel=SignalChannelKind.SOURCE_TABLE, signal_data_limit=70)
        await fill(world, given, self.tenant)
        return world

    @rule(
        topics=st.lists(st.tuples(st.integers(0, SOURCES - 1), st.integers(0, TABLES - 1)), min_size=1, max_size=5),
        snapshot_type=st.sampled_from([SnapshotType.INCREMENTAL] * 3 + [SnapshotType.BLOCKING]),
        key=st.sampled_from([None, None, "k"]),
    )
    def open(self, topics: list[tuple[int, int]], snapshot_type: SnapshotType, key: str | None) -> None:
        request = BulkSnapshotRequest(tuple(f"top_{n}_{t}" for n, t in topics), snapshot_type, idempotency_key=key)
        opened = self.run(self._open(request))
        for source in opened.sources if opened else ():
            number = int(source.job.source.id.removeprefix("src_"))
            self.known += [(number, SignalKey(source.source_snapshot_id, id)) for id, _ in source.signals]

    async def _open(self, request: BulkSnapshotRequest) -> OpenedBulkSnapshot | None:
        routes = await self.world.services.catalog.routes(self.tenant, request.distinct_ids)
        new = NewBulkSnapshot(self.tenant, "test", "somebody", self.world.clock(), request, make_plan(request, routes))
        return await self.world.ledger.opening.open(new, lease_until=self.lease())

    def lease(self) -> datetime:
        return self.world.services.dispatcher.lease_until(self.world.clock(), 1)

    @precondition(lambda self: self.known)
    @rule(place=st.integers(0, 99), stale=st.sampled_from([False, False, True]))
    def start(self, place: int, stale: bool) -> None:  # noqa: FBT001
        """Begin to send what waits for it, by what one sees now or by what somebody saw before."""
        waiting = self.run(self._waiting())
        if not waiting:
            return
        key, begun = waiting[place % len(waiting)]
        seen = self.seen.setdefault(key.signal_id, [])
        seen.append(begun)
        started = self.run(
            self.world.ledger.sending.start(
                self.tenant,
                [key],
                at=self.world.clock(),
                lease_until=self.lease(),
                cause="start",
                begun={key.signal_id: seen[0] if stale else begun},
            )
        )
        if seen[0] != begun and stale:
            assert not started
        self.attempts += [(key, attempt) for attempt in started.values()]

    async def _waiting(self) -> list[tuple[SignalKey, int]]:
        """The first signal of each active snapshot that has not ended, whatever it waits for."""
        done = {SignalState.ENDED, SignalState.REFUSED}
        ids = [next(s.id for s in record.signals if s.state not in done) for record in await self._active()]
        due = await self.world.ledger.settling.signals(self.tenant, ids)
        return [(signal.key, signal.attempt) for signal in due]

    @precondition(lambda self: self.attempts)
    @rule(place=st.sampled_from([-1, -1, -1, 0, 1, 2, 3]), outcome=st.sampled_from(OUTCOMES))
    def record(self, place: int, outcome: Outcome) -> None:
        """Record an outcome: in time or late, for the first time or not."""
        attempt = self.attempts[place % len(self.attempts) if place >= 0 else -1]
        records = [SendRecord(*attempt, outcome)]
        self.run(self.world.ledger.sending.record(self.tenant, records, at=self.world.clock(), cause="record"))

    @precondition(lambda self: self.known)
    @rule(
        place=st.none() | st.none() | st.integers(0, 9),
        kinds=st.lists(st.sampled_from(KINDS), min_size=1, max_size=4),
        table=st.integers(0, TABLES - 1),
        status=st.sampled_from(["SUCCEEDED", "SUCCEEDED", "EMPTY", "SQL_EXCEPTION"]),
        rows=st.integers(0, 9) | st.none(),
        mine=st.sampled_from([True, True, True, False]),
    )
    def tell(
        self,
        place: int | None,
        kinds: list[NotificationKind],
        table: int,
        status: str,
        rows: int | None,
        mine: bool,  # noqa: FBT001
    ) -> None:
        """Tell of a signal, most often of one that an engine may have got."""
        active = self.run(self._active())
        if not mine and table == 0:
            self._tell_of_another([place or 0, *range(len(kinds))], kinds)
            return
        flying = [(record, signal) for record in active for signal in record.signals if signal.state in UNDER_WAY]
        if place is None and flying:
            record, signal = flying[table % len(flying)]
            source, signal_id = int(record.source.id.removeprefix("src_")), signal.id
            collection = next(topic.data_collection for topic in record.topics if topic.signal_id == signal_id)
            incremental = record.snapshot_type is SnapshotType.INCREMENTAL
        else:
            source, key = self.known[(place or 0) % len(self.known)]
            signal_id, incremental, collection = key.signal_id, table > 0, f"public.table{table}"
        batch = [
            self.world.notification(
                kind,
                signal_id if mine else "random",
                source,
                incremental=incremental,
                scanned_collection=collection if kind is NotificationKind.TABLE_SCAN_COMPLETED else None,
                current_collection=collection if kind is NotificationKind.IN_PROGRESS else None,
                status=status,
                rows_scanned=rows,
            )
            for kind in kinds
        ]
        self.told += batch
        self._apply(batch)

    def _tell_of_another(self, numbers: list[int], kinds: list[NotificationKind]) -> None:
        """Tell of a signal of somebody else's, from its start."""
        source = numbers[0] % SOURCES
        batch = [
            self.world.notification(
                kind,
                "another's",
                source,
                collections=("public.table0",),
                scanned_collection="public.table0" if kind is NotificationKind.TABLE_SCAN_COMPLETED else None,
                status="SUCCEEDED",
            )
            for kind in [NotificationKind.STARTED, *kinds]
        ]
        self.told += batch
        self._apply(batch)

    @rule(many=st.integers(1, 10))
    def tell_again(self, many: int) -> None:
        """A follower that had not committed its offsets starts anew; nothing of it is new."""
        if self.told:
            before = self.run(self._everything())
            assert self._apply(self.told[-many:]) == ()
            assert self.run(self._everything()) == before

    def _apply(self, batch: list[Notification]) -> tuple[SignalKey, ...]:
        return self.run(
            self.world.ledger.following.apply(
                self.tenant,
                CLUSTER,
                batch,
                at=self.world.clock(),
                lease_until=self.lease(),
                silence=self.world.services.silence,
            )
        )

    @rule(seconds=st.sampled_from([1, 3, 3600]))
    def wait(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    @rule(source=st.integers(0, SOURCES - 1), behaviour=st.sampled_from([b for b in Behaviour if b != Behaviour.HANG]))
    def behave(self, source: int, behaviour: Behaviour) -> None:
        self.world.recording.behave(f"src_{source}", behaviour)

    @rule()
    def sweep(self) -> None:
        self.run(settle(self.world.services, self.tenant))
        self.run(end_unreported(self.world.services, self.tenant))
        assert self.run(self.world.services.background.drain(10)) == 0

    @invariant()
    def every_promise_holds(self) -> None:
        found = self.run(self._everything())
        states = {row["id"]: SnapshotState(row["state"]) for row in found["snapshots"]}
        outside = {row["id"] for row in found["snapshots"] if row["origin"] == SnapshotOrigin.EXTERNAL}
        check_events(found, states, outside)
        check_locks(found, states)
        check_parts(found, states, outside)

    async def _everything(self) -> dict[str, Any]:
        async with self.database.read() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            return {name: await driver.fetch(statement, self.tenant) for name, statement in _STATEMENTS.items()}

    def teardown(self) -> None:
        """Whatever has happened: once the channels work, sweeps and engines bring everything to its end."""
        for source in range(SOURCES):
            self.world.recording.behave(f"src_{source}", Behaviour.ACCEPT)
        for _ in range(2 * TABLES + 1):
            self.world.clock.advance(3600)
            self.sweep()
            for record in self.run(self._active()):
                self._tell_a_good_end(record)
        self.every_promise_holds()
        assert self.run(self._active()) == []

    def _tell_a_good_end(self, record: SourceSnapshotRecord) -> None:
        source = int(record.source.id.removeprefix("src_"))
        incremental = record.snapshot_type is SnapshotType.INCREMENTAL
        signal_id = next((signal.id for signal in record.signals if signal.state is SignalState.SENT), "another's")
        told = [
            self.world.notification(
                NotificationKind.TABLE_SCAN_COMPLETED,
                signal_id,
                source,
                incremental=incremental,
                scanned_collection=topic.data_collection,
                status="SUCCEEDED",
                rows_scanned=1,
            )
            for topic in record.topics
            if topic.signal_id == signal_id or record.origin is SnapshotOrigin.EXTERNAL
        ]
        completed = self.world.notification(NotificationKind.COMPLETED, signal_id, source, incremental=incremental)
        self._apply([*told, completed])

    async def _active(self) -> list[SourceSnapshotRecord]:
        active = await self.world.ledger.reading.active_snapshots(self.tenant, [f"src_{n}" for n in range(SOURCES)])
        return list(active.values())


def check_events(found: dict[str, Any], states: dict[str, SnapshotState], outside: set[str]) -> None:
    """Every change is one that the machine allows, and begins where the one before has ended."""
    chains: dict[tuple[str, str], list[str | None]] = {("SOURCE_SNAPSHOT", id): [None] for id in states}
    chains |= {("SIGNAL", row["id"]): [SignalState.PENDING.value] for row in found["signals"]}
    for event in found["events"]:
        if event["subject_kind"] != "TOPICS":  # one event for many
            chain = chains[event["subject_kind"], event["subject_id"]]
            assert chain[-1] == event["from_state"]
            chain.append(event["to_state"])
    for row in found["signals"]:
        chain = chains["SIGNAL", row["id"]]
        assert chain[-1] == row["state"]
        sent = [SignalState(step) for step in chain if step is not None]
        assert all(before is after or before.can_become(after) for before, after in pairwise(sent))
    for id, state in states.items():
        _, *chain = chains["SOURCE_SNAPSHOT", id]
        steps = [SnapshotState(step or "") for step in chain]
        first = {SnapshotState.RUNNING} if id in outside else {SnapshotState.PENDING, SnapshotState.FAILED}
        assert steps[0] in first
        assert steps[-1] is state
        assert all(before.can_become(after) for before, after in pairwise(steps))


def check_locks(found: dict[str, Any], states: dict[str, SnapshotState]) -> None:
    """Exactly what has not ended holds its source, and no source is held twice."""
    active = {row["source_snapshot_id"]: row["connector_id"] for row in found["active"]}
    assert set(active) == {id for id, state in states.items() if state.holds_source}
    assert len(set(active.values())) == len(active)
    assert all(active.get(row["id"], row["connector_id"]) == row["connector_id"] for row in found["snapshots"])


def check_parts(found: dict[str, Any], states: dict[str, SnapshotState], outside: set[str]) -> None:
    """An end is the end of every part; before it one signal at most is under way, and somebody will see to it."""
    signals: dict[str, list[Any]] = {id: [] for id in states}
    for row in found["signals"]:
        signals[row["source_snapshot_id"]].append((SignalState(row["state"]), row["lease_until"]))
    topics: dict[str, list[TopicSnapshotState]] = {id: [] for id in states}
    for row in found["topics"]:
        topics[row["source_snapshot_id"]].append(TopicSnapshotState(row["state"]))
    for row in found["snapshots"]:
        id = row["id"]
        if id not in outside:  # of an external one an end that was told is kept there meanwhile
            assert (row["finished_at"] is not None) == states[id].is_terminal
        assert sum(state in UNDER_WAY for state, _ in signals[id]) <= 1
        if states[id].is_terminal:
            assert all(state in {SignalState.ENDED, SignalState.REFUSED} for state, _ in signals[id])
            assert all(state.is_terminal for state in topics[id])
        elif id not in outside:
            assert any(
                state is SignalState.SENT or (lease and state not in {SignalState.ENDED, SignalState.REFUSED})
                for state, lease in signals[id]
            )


def test_no_order_of_steps_breaks_the_ledger(database_url: str) -> None:
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        LedgerMachine.runner, LedgerMachine.database = runner, Database.connect(database_url)
        try:
            run_state_machine_as_test(
                LedgerMachine, settings=settings(max_examples=examples(15), stateful_step_count=60)
            )
        finally:
            runner.run(LedgerMachine.database.close())
