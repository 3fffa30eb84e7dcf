"""`watch`, the subscription and `bulkSnapshot` show the same at every step of a bulk snapshot that meets everything."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.cli.exits import Exit
from resolvers.following.abandon_snapshots import abandon_snapshots
from resolvers.requesting.bulk_snapshot import bulk_snapshot_topics
from snapshots.engines.recording import Behaviour
from snapshots.following.abandoning import AbandonRequest
from snapshots.following.notifications import NotificationKind
from snapshots.records import BulkSnapshotRecord
from snapshots.requesting.request import BulkSnapshotRequest
from snapshots.verification.verdicts import Verification
from snapshots.vocabulary import SnapshotVerdict
from tests.databases import Administrator
from tests.graphql.streams import Served
from tests.integration.agreement.conftest import STALL_AFTER
from tests.integration.agreement.views import State, Views, looking
from tests.integration.resolvers.bench import SOMEBODY, TENANT, World
from tests.support.waiting import FAULT_SECONDS, until

K = NotificationKind
TOPICS = ("top_0_0", "top_0_1", "top_1_0", "top_1_1", "top_2_0", "top_3_0", "top_4_0", "top_5_0", "top_unknown")


@dataclass
class Gate:
    """Holds the work at the steps that were named, until it is let on."""

    held: dict[str, asyncio.Event]
    reached: dict[str, asyncio.Event] = field(default_factory=dict)

    @classmethod
    def at(cls, *steps: str) -> "Gate":
        return cls({step: asyncio.Event() for step in steps}, {step: asyncio.Event() for step in steps})

    async def __call__(self, step: str) -> None:
        if step in self.held:
            self.reached[step].set()
            await self.held[step].wait()

    async def until(self, step: str) -> None:
        async with asyncio.timeout(FAULT_SECONDS):
            await self.reached[step].wait()


@dataclass
class Stage:
    """The bulk snapshot, the engine behind it, and everybody who looks."""

    world: World
    administrator: Administrator
    views: Views
    record: BulkSnapshotRecord

    async def are(self, *expected: str) -> State:
        """Wait until the sources are in the states `expected`, and all views show the same."""
        return await self.views.agree(lambda state: [one["state"] for one in state["snapshots"]] == list(expected))

    async def shows(self, source: int, **expected: object) -> State:
        """Wait until the query shows `expected` of a source, and all views the same."""
        return await self.views.agree(lambda state: state["snapshots"][source] | expected == state["snapshots"][source])

    def signal(self, source: int, place: int = 0) -> str:
        return self.record.snapshots[source].signals[place].id

    async def tell(self, source: int, kind: NotificationKind, place: int = 0, **more: object) -> None:
        """Have the engine of a source tell of one of its signals."""
        await self.world.tell(self.world.notification(kind, self.signal(source, place), source, **more))

    async def scanned(self, source: int, table: int, place: int = 0, status: str = "SUCCEEDED") -> None:
        more = {"scanned_collection": f"public.table{table}", "status": status, "rows_scanned": 5}
        await self.tell(source, K.TABLE_SCAN_COMPLETED, place, **more)

    async def settle(self) -> None:
        """Have the sweep take up what rests."""
        await self.administrator.execute(
            "UPDATE signal SET lease_until = now() - interval '1 s' WHERE lease_until IS NOT NULL AND state <> 'SENT'"
        )
        await self.world.settle()


async def test_at_every_step(world: World, gateway: Served, administrator: Administrator, database_url: str) -> None:
    for source, behaviour in enumerate(
        (Behaviour.ACCEPT, Behaviour.LOSE, Behaviour.REFUSE, Behaviour.UNREACHABLE, Behaviour.LOSE_ANSWER)
    ):
        world.recording.behave(f"src_{source}", behaviour)
    gate = Gate.at("after open", "after start_sending", "after record_sends")
    world.gate.probe = gate
    request = BulkSnapshotRequest(TOPICS, reason="To see everything.", verify=True)
    asked = asyncio.create_task(bulk_snapshot_topics(world.services, SOMEBODY, request))
    await gate.until("after open")
    (record,) = await world.all_bulks()
    async with looking(gateway, record.id, database_url, STALL_AFTER) as views:
        stage = Stage(world, administrator, views, record)
        await _dispatch(stage, gate, asked)
        await _settle(stage)
        await _read(stage)
        await _end(stage)
        state = await _verify(stage)
        await _all_have_ended(stage, state)
    events = await _paths(administrator)
    for name, history in views.histories().items():
        _never_goes_back(name, history, events)


async def _dispatch(stage: Stage, gate: Gate, asked: "asyncio.Task[BulkSnapshotRecord]") -> None:
    await stage.are(*["PENDING"] * 6)
    gate.held["after open"].set()
    await gate.until("after start_sending")
    await stage.are(*["SENDING"] * 6)
    gate.held["after start_sending"].set()
    await gate.until("after record_sends")
    states = ["DISPATCHED", "UNCONFIRMED", "FAILED", "UNCONFIRMED", "UNCONFIRMED", "DISPATCHED"]
    state = await stage.are(*states)
    assert [one["code"] for one in state["snapshots"]][1:4] == [
        "DISPATCH_TIMEOUT", "SIGNAL_REJECTED", "CHANNEL_UNAVAILABLE"
    ]  # fmt: skip
    gate.held["after record_sends"].set()
    answered = await asked
    state = await stage.are(*states)
    assert [one["message"] for one in state["results"]] == [
        one.answer and one.answer.message for one in answered.snapshots
    ]
    assert [one["reason"] for one in state["skippedTopics"]] == ["TOPIC_NOT_FOUND"]


async def _settle(stage: Stage) -> None:
    """Sends that were lost are looked for; those that never left are sent again, and fail once more."""
    stage.world.recording.behave("src_1", Behaviour.ACCEPT)
    await stage.settle()
    state = await stage.are("DISPATCHED", "DISPATCHED", "FAILED", "UNCONFIRMED", "DISPATCHED", "DISPATCHED")
    assert "attempt 3" in state["snapshots"][3]["message"], "it says which attempt is next"
    stage.world.recording.behave("src_3", Behaviour.ACCEPT)
    await stage.settle()
    await stage.are("DISPATCHED", "DISPATCHED", "FAILED", "DISPATCHED", "DISPATCHED", "DISPATCHED")


async def _read(stage: Stage) -> None:
    for source in (0, 1, 3, 5):
        await stage.tell(source, K.STARTED)
    await stage.are("RUNNING", "RUNNING", "FAILED", "RUNNING", "DISPATCHED", "RUNNING")
    # What comes by the time alone, and who never began as well.
    silent = lambda state: all(state["snapshots"][one]["stalledSince"] for one in (0, 1, 3, 4, 5))  # noqa: E731
    stalled = await stage.views.agree(silent)
    assert stalled["snapshots"][2]["stalledSince"] is None
    await stage.tell(0, K.IN_PROGRESS, current_collection="public.table0")
    cleared = await stage.views.agree(lambda state: state["snapshots"][0]["topics"][0]["state"] == "RUNNING")
    assert cleared["snapshots"][0]["stalledSince"] is None or _moment(cleared) > _moment(stalled)
    await stage.scanned(0, 0)
    await stage.views.agree(lambda state: state["snapshots"][0]["topics"][0]["rowsScanned"] == "5")
    await _send_next(stage)
    await stage.tell(3, K.PAUSED)
    await stage.are("RUNNING", "RUNNING", "FAILED", "PAUSED", "DISPATCHED", "RUNNING")
    await stage.shows(3, stalledSince=None)
    await stage.tell(3, K.RESUMED)
    await stage.are("RUNNING", "RUNNING", "FAILED", "RUNNING", "DISPATCHED", "RUNNING")


async def _send_next(stage: Stage) -> None:
    """The end of a signal that is not the last: the next is sent, and the source stays in the state that it has."""

    def signals(*expected: str) -> Callable[[State], bool]:
        return lambda state: [one["state"] for one in state["snapshots"][0]["signals"]] == list(expected)

    gate = Gate.at("before start_sending", "before record_sends")
    stage.world.gate.probe = gate
    telling = asyncio.create_task(stage.tell(0, K.COMPLETED))
    await gate.until("before start_sending")
    await stage.views.agree(signals("ENDED", "PENDING"))
    gate.held["before start_sending"].set()
    await stage.views.agree(signals("ENDED", "SENDING"))
    gate.held["before record_sends"].set()
    await telling
    await stage.views.agree(signals("ENDED", "SENT"))


async def _end(stage: Stage) -> None:
    await stage.tell(0, K.STARTED, 1)
    await stage.scanned(0, 1, 1)
    await stage.tell(0, K.COMPLETED, 1)
    await stage.are("COMPLETED", "RUNNING", "FAILED", "RUNNING", "DISPATCHED", "RUNNING")
    await stage.scanned(1, 0, status="UNKNOWN_SCHEMA")
    await stage.views.agree(lambda state: state["snapshots"][1]["topics"][0]["state"] == "FAILED")
    await stage.tell(1, K.COMPLETED)
    for kind in (K.STARTED, K.TABLE_SCAN_COMPLETED, K.COMPLETED):
        more = {"scanned_collection": "public.table1", "status": "EMPTY", "rows_scanned": 0}
        await stage.tell(1, kind, 1, **(more if kind is K.TABLE_SCAN_COMPLETED else {}))
    await stage.are("COMPLETED", "PARTIALLY_COMPLETED", "FAILED", "RUNNING", "DISPATCHED", "RUNNING")
    # A stop is told as an end, and then as what it was.
    await stage.tell(3, K.COMPLETED)
    await stage.world.tell(stage.world.notification(K.ABORTED, "a random id", 3))
    await stage.are("COMPLETED", "PARTIALLY_COMPLETED", "FAILED", "CANCELLED", "DISPATCHED", "RUNNING")
    await stage.scanned(5, 0, status="UNKNOWN_SCHEMA")
    await stage.tell(5, K.COMPLETED)
    state = await stage.are("COMPLETED", "PARTIALLY_COMPLETED", "FAILED", "CANCELLED", "DISPATCHED", "FAILED")
    assert (state["state"], state["snapshots"][5]["code"]) == ("IN_PROGRESS", "TABLES_FAILED")
    await abandon_snapshots(
        stage.world.services, SOMEBODY, AbandonRequest((stage.record.snapshots[4].id,), "It is over.")
    )
    state = await stage.are("COMPLETED", "PARTIALLY_COMPLETED", "FAILED", "CANCELLED", "ABANDONED", "FAILED")
    assert state["state"] == "PARTIALLY_COMPLETED"


async def _verify(stage: Stage) -> State:
    """One verdict after another: PENDING, RUNNING, given back, RUNNING again, found."""
    ledger, clock = stage.world.ledger, stage.world.clock
    verdicts = [SnapshotVerdict.COMPLETE, SnapshotVerdict.INCOMPLETE, SnapshotVerdict.NOT_PROVABLE]

    def verifications(state: State) -> list[str]:
        return [topic["verification"] for one in state["snapshots"] for topic in one["topics"]]

    assert set(verifications(await stage.views.query())) == {"PENDING"}
    done = 0
    while True:
        claimed = await ledger.verifying.claim(TENANT, at=clock(), lease_until=clock() + 10 * STALL_AFTER, most=1)
        if not claimed:
            break
        await stage.views.agree(lambda state: verifications(state).count("RUNNING") == 1)
        assert not any(one.ended for one in stage.views.pushed)
        if done == 0:
            await ledger.verifying.postpone(TENANT, claimed[0], due_at=clock())
            await stage.views.agree(lambda state: "RUNNING" not in verifications(state))
            claimed = await ledger.verifying.claim(TENANT, at=clock(), lease_until=clock() + 10 * STALL_AFTER, most=1)
        found = Verification(verdicts[done % 3], f"Verdict {done}.", 5 + done, 5)
        await ledger.verifying.record(TENANT, claimed[0], found, at=clock())
        done += 1
        state = await stage.views.agree(lambda state: verifications(state).count("DONE") == done)  # noqa: B023
    assert done == 8
    return state


async def _all_have_ended(stage: Stage, state: State) -> None:
    """What is final is final in all, and the programs say so by their exit codes."""
    async with asyncio.timeout(FAULT_SECONDS):
        for running in (*stage.views.printed.values(), stage.views.text):
            assert await running.process.wait() == Exit.FAILED, running.text
    await until(lambda: all(one.ended for one in stage.views.pushed))
    assert state == await stage.views.query()
    assert stage.views._differing(state) == []
    assert stage.views.text.out[-1].startswith(f"{stage.record.id}: partially completed, 3 of 8 topics read, 1 skipped")


def _moment(state: State) -> datetime:
    return datetime.fromisoformat(state["snapshots"][0]["stalledSince"])


async def _paths(administrator: Any) -> dict[str, list[str]]:  # noqa: ANN401 (asyncpg's connection)
    """The states that each source snapshot really had, in order, by its id: the ledger's own events."""
    rows = await administrator.fetch(
        "SELECT subject_id, to_state FROM ledger_event WHERE subject_kind = 'SOURCE_SNAPSHOT' ORDER BY id"
    )
    paths: dict[str, list[str]] = {}
    for row in rows:
        paths.setdefault(row["subject_id"], []).append(row["to_state"])
    return paths


def _never_goes_back(name: str, history: Iterable[State], paths: dict[str, list[str]]) -> None:
    """Each state that `name` has shown of a source is one that it had, later than the one shown before or the same."""
    for id_, path in paths.items():
        place = 0
        for state in history:
            shown = next(one["state"] for one in state["snapshots"] if one["id"] == id_)
            assert shown in path[place:], f"{name} showed {shown} of {id_} after {path[place]}; it went by {path}"
            place = path.index(shown, place)
