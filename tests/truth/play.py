"""Playing one scenario: its requests, what is done to them meanwhile, the wait for the end, the judgement."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from resolvers.following.abandon_snapshots import abandon_snapshots
from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.requesting.bulk_snapshot import bulk_snapshot_topics
from sandbox.errors import SandboxError
from sandbox.waiting import eventually
from snapshots.catalog.filters import SourceFilter
from snapshots.engines.simulated import NoTrial
from snapshots.following.abandoning import AbandonRequest
from snapshots.records import AnswerKind, BulkSnapshotRecord, SourceSnapshotRecord
from snapshots.requesting.request import BulkSnapshotRequest, TopicOptions
from snapshots.states import SnapshotState
from snapshots.vocabulary import SkipReason, SnapshotErrorCode, SnapshotType
from tests.support.services import with_engine
from tests.truth.arrivals import Reader
from tests.truth.judge import Claim, Evidence, Refusal, judge
from tests.truth.lanes import Lane
from tests.truth.scenarios import Ask, Deed, Scenario, Timing
from tests.truth.stage import TENANT, Stage
from tests.truth.tables import Fate, KeyShape, Table

SCENARIO_SECONDS = 150.0
"""A scenario that has not ended by then has a snapshot that never ends."""
STALL_SECONDS = 12.0
"""How long nothing happens before the operator does what the documentation says of a snapshot that stalls."""
RESTARTS = 3
"""How often the operator restarts a connector that stalls, before abandoning its snapshot."""
_RUNNING_SECONDS = 20.0
_LATE_SECONDS = 6.0
"""How long rows are waited for that are missing behind the fence: topics are read one after the other."""
_HELD_SECONDS = 25.0


@dataclass
class Result:
    """What came of a scenario."""

    scenario: Scenario
    faults: list[str] = field(default_factory=list)
    outcomes: "Counter[str]" = field(default_factory=Counter)
    remedies: "Counter[str]" = field(default_factory=Counter)
    """What the operator had to do."""
    seconds: float = 0.0
    needs_new_lane: bool = False

    @property
    def topics(self) -> int:
        """How many accepted topics were judged."""
        return self.outcomes.total() - self.outcomes["refused"] - self.outcomes["skipped"]


async def play(stage: Stage, lane: Lane, reader: Reader, ids: Mapping[str, str], scenario: Scenario) -> Result:
    """Play a scenario on a lane that knows its tables, and judge it."""
    run = _Run(stage, lane, reader, ids, scenario)
    began = time.monotonic()
    try:
        async with asyncio.timeout(SCENARIO_SECONDS):
            await run.play()
    except (SandboxError, TimeoutError) as error:
        run.result.faults.append(f"not in time: {error}; {await run.standing()}")
    except Exception as error:  # noqa: BLE001 (an error of the gateway's is a finding; the run goes on)
        run.result.faults.append(f"{type(error).__name__}: {error}")
    run.result.needs_new_lane = bool(run.result.faults or run.result.remedies)
    run.result.seconds = time.monotonic() - began
    return run.result


class _Run:
    def __init__(self, stage: Stage, lane: Lane, reader: Reader, ids: Mapping[str, str], scenario: Scenario) -> None:
        self.result = Result(scenario)
        self._stage = stage
        # Where the sources' databases cannot be asked, a filter that they refuse gets as far as the engine.
        self._is_tried = scenario.seed % 2 == 0
        trial = stage.services.engine.source_trial if self._is_tried else NoTrial()
        self._services = with_engine(stage.services, source_trial=trial)
        self._lane = lane
        self._reader = reader
        self._ids = ids
        self._scenario = scenario
        self._bulk_ids: dict[int, str] = {}
        self._disturbed = asyncio.Event()
        self._remedied: set[int] = set()
        self._told_before = len(stage.notes.notes)

    async def play(self) -> None:
        scenario, lane = self._scenario, self._lane
        await lane.drop(*(table for table in scenario.tables if table.fate is Fate.DROPPED))
        for place, table in enumerate(scenario.tables):
            if table.fate is Fate.LATE:
                await lane.make(table, scenario.rows(place))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._ask(0))
            group.create_task(self._disturb())
            if len(scenario.asks) > 1:
                group.create_task(self._ask_again())
        for number in sorted(self._bulk_ids):
            await self._end(number)
        await self._judge()
        await self._restart_unsafe()

    async def _restart_unsafe(self) -> None:
        """Leave no connector to the next scenario that needs a restart."""
        held = await self._sources()
        for source_id in await self._services.ledger.failed_scans.requirements(TENANT, list(held)):
            connector = [one.connector for one in self._lane.sources].index(held[source_id])
            await self._lane.restart(connector)
            await self._lane.pass_fence(connector, self._reader)

        async def sound() -> bool:
            return not await self._services.ledger.failed_scans.requirements(TENANT, list(held))

        await eventually(sound, _RUNNING_SECONDS, "the restarts to be seen")

    async def standing(self) -> str:
        """Tell how the requests stand, and what their connectors told last."""
        records = [await self._record(number) for number in sorted(self._bulk_ids)]
        parts = [
            f"{one.source.name} {one.state}, signals {[signal.state.value for signal in one.signals]}, "
            f"topics {[f'{topic.data_collection} {topic.state}' for topic in one.topics]}"
            for record in records
            for one in record.snapshots
        ]
        prefixes = {self._lane.sources[connector].topic_prefix for connector in self._scenario.connectors}
        told = [note for note in self._stage.notes.notes if note.get("connector_name") in prefixes]
        states = [f"{connector}: {await self._lane.states(connector)}" for connector in self._scenario.connectors]
        return "; ".join([*parts, f"states {states}", f"told last: {told[-4:]}"])

    async def _ask(self, number: int) -> None:
        ask = self._scenario.asks[number]
        tables = {place: self._scenario.tables[place] for place in ask.places}
        ids = {place: self._ids[self._lane.topic(table)] for place, table in tables.items()}
        options = tuple(TopicOptions(ids[place], row_filter) for place, row_filter in ask.filters.items())
        request = BulkSnapshotRequest(tuple(ids.values()), ask.snapshot_type, options, reason=str(self._scenario.seed))
        record = await bulk_snapshot_topics(self._services, LOCAL_PRINCIPAL, request)
        self._bulk_ids[number] = record.id

    async def _ask_again(self) -> None:
        match self._scenario.timing:
            case Timing.DURING:
                await self._running(None)
            case Timing.AFTER:
                await self._asked()
                await self._disturbed.wait()
                await self._end(0)
        await self._ask(1)

    async def _asked(self) -> None:
        async def asked() -> bool:
            return 0 in self._bulk_ids

        await eventually(asked, _RUNNING_SECONDS * 2, "the first answer")

    async def _running(self, connector: int | None) -> None:
        """Return when the first request runs, on this or any connector, or has ended there, or will not be."""
        await self._asked()
        names = {self._lane.sources[connector].connector} if connector is not None else set()

        async def probe() -> bool:
            snapshots = [one for one in (await self._record(0)).snapshots if not names or one.source.name in names]
            return not snapshots or any(_is_begun(one) for one in snapshots)

        try:
            await eventually(probe, _RUNNING_SECONDS, "the first request to run")
        except SandboxError:
            self.result.outcomes["late start"] += 0  # whatever keeps it is the judge's business

    async def _disturb(self) -> None:
        disturbance, lane = self._scenario.disturbance, self._lane
        if disturbance is not None:
            await self._running(disturbance.connector)
            await asyncio.sleep(disturbance.after_seconds)
            match disturbance.deed:
                case Deed.STOP:
                    await lane.send(disturbance.connector, "stop-snapshot", {"type": "INCREMENTAL"})
                case Deed.STOP_ONE:
                    table = next(one for one in self._scenario.tables if one.connector == disturbance.connector)
                    data = {"type": "INCREMENTAL", "data-collections": [table.collection]}
                    await lane.send(disturbance.connector, "stop-snapshot", data)
                case Deed.RESTART:
                    await lane.restart(disturbance.connector)
                case Deed.JOIN:
                    assert self._scenario.joined
                    data = {"type": "INCREMENTAL", "data-collections": [self._scenario.joined.collection]}
                    await lane.send(disturbance.connector, "execute-snapshot", data)
        self._disturbed.set()

    async def _record(self, number: int) -> BulkSnapshotRecord:
        bulk_id = self._bulk_ids[number]
        return (await self._services.ledger.reading.bulk_snapshots(TENANT, [bulk_id]))[bulk_id]

    async def _end(self, number: int) -> None:
        """Return when a request has ended; where nothing happens any more, be the operator."""
        seen: dict[str, tuple[object, float]] = {}
        tries: Counter[str] = Counter()
        while True:
            open_ones = [one for one in (await self._record(number)).snapshots if not one.state.is_terminal]
            if not open_ones:
                return
            now = time.monotonic()
            for one in open_ones:
                life = (one.state, one.progressed_at, one.signals, one.topics)
                if seen.get(one.id, (None, 0.0))[0] != life:
                    seen[one.id] = (life, now)
                elif now - seen[one.id][1] > STALL_SECONDS and await self._may_stall(self._connector(one)):
                    await self._remedy(one, tries)
                    seen[one.id] = (life, time.monotonic())
            await asyncio.sleep(0.1)

    async def _remedy(self, snapshot: SourceSnapshotRecord, tries: "Counter[str]") -> None:
        tries[snapshot.id] += 1
        connector = self._connector(snapshot)
        self._remedied.add(connector)
        # A restart ends a blocking snapshot, and nothing goes on after it that could be waited for.
        if snapshot.snapshot_type is SnapshotType.INCREMENTAL and tries[snapshot.id] <= RESTARTS:
            self.result.remedies["restart"] += 1
            await self._lane.restart(connector)
        else:
            self.result.remedies["abandon"] += 1
            await abandon_snapshots(self._services, LOCAL_PRINCIPAL, AbandonRequest((snapshot.id,)))

    def _connector(self, snapshot: SourceSnapshotRecord) -> int:
        return [one.connector for one in self._lane.sources].index(snapshot.source.name)

    async def _may_stall(self, connector: int) -> bool:
        """Whether the documentation says that the engine may hang, or be interrupted without a word; or it has died."""
        if self._scenario.has(connector, Fate.DROPPED) or self._is(Deed.RESTART, connector):
            return True
        return connector in self._remedied or "FAILED" in await self._lane.states(connector)

    def _is(self, deed: Deed, connector: int) -> bool:
        disturbance = self._scenario.disturbance
        return disturbance is not None and (disturbance.deed, disturbance.connector) == (deed, connector)

    async def _judge(self) -> None:
        for connector in self._scenario.connectors:
            await self._lane.pass_fence(connector, self._reader)
        held = await self._held()
        claims: list[Claim] = []
        refusals: list[Refusal] = []
        for number in sorted(self._bulk_ids):
            record = await self._record(number)
            ask = self._scenario.asks[number]
            self._check_skips(record, ask)
            for snapshot in record.snapshots:
                if snapshot.answer is None or snapshot.answer.kind is AnswerKind.FAILED:
                    refusals.append(self._refusal(number, snapshot))
                    self.result.outcomes["refused"] += len(snapshot.topics)
                else:
                    claims += [self._claim(ask, snapshot, place) for place in range(len(snapshot.topics))]
        self.result.outcomes.update(str(claim.outcome or claim.state) for claim in claims)

        async def without_fault() -> bool:
            return not judge(claims, refusals, self._evidence(held))

        try:
            await eventually(without_fault, _LATE_SECONDS, "the last rows")
        except SandboxError:
            self.result.faults += judge(claims, refusals, self._evidence(held))

    async def _sources(self) -> dict[str, str]:
        """Return the names of the scenario's connectors by their ids."""
        names = {self._lane.sources[connector].connector for connector in self._scenario.connectors}
        wanted = SourceFilter(name_contains=f"truth{self._lane.number}")
        page = await self._services.catalog.sources_page(TENANT, wanted, first=500, after=None)
        return {source.id: source.name for source in page.items if source.name in names}

    async def _held(self) -> list[str]:
        sources = await self._sources()
        held: list[str] = []

        async def free() -> bool:
            held[:] = [
                sources[id] for id in await self._services.ledger.reading.active_snapshots(TENANT, list(sources))
            ]
            return not held

        try:
            await eventually(free, _HELD_SECONDS, "the sources to be free")
        except SandboxError:
            return held
        return []

    def _evidence(self, held: list[str]) -> Evidence:
        lane, scenario = self._lane, self._scenario
        topics = [lane.topic(table) for table in scenario.made]
        by_hand = {}
        if scenario.joined:
            by_hand[lane.topic(scenario.joined)] = frozenset(range(1, scenario.joined.rows + 1))
        succeeded = {
            lane.topic(table)
            for table in scenario.tables
            for note in self._stage.notes.notes
            if note.get("status") in {"SUCCEEDED", "EMPTY"}
            and note.get("connector_name") == lane.sources[table.connector].topic_prefix
            and _bare(note.get("scanned_collection", "")) == _bare(table.collection)
        }
        rows = {topic: tuple(self._reader.rows[topic]) for topic in topics if topic in self._reader.rows}
        return Evidence(rows, frozenset(succeeded), by_hand, held)

    def _claim(self, ask: Ask, snapshot: SourceSnapshotRecord, place: int) -> Claim:
        topic = snapshot.topics[place]
        at = [self._lane.topic(table) for table in self._scenario.tables].index(topic.topic.name)
        connector = self._scenario.tables[at].connector
        stopped = self._is(Deed.STOP, connector) or self._is(Deed.STOP_ONE, connector)
        return Claim(
            topic.topic.name,
            self._scenario.expected(ask, at),
            topic.state,
            topic.outcome,
            source_ended=snapshot.state.is_terminal,
            excuse=self._not_sent(snapshot, connector)
            or self._excuse(self._scenario.tables[at], snapshot.snapshot_type, topic.engine_status),
            may_cancel=(stopped and snapshot.snapshot_type is SnapshotType.INCREMENTAL)
            or snapshot.state is SnapshotState.ABANDONED,
            filtered=at in ask.filters,
        )

    def _failed_in_scan(self, connector: int) -> bool:
        """Whether the engine told during this scenario that the scan of a table failed."""
        prefix = self._lane.sources[connector].topic_prefix
        told = self._stage.notes.notes[self._told_before :]
        return any(one.get("status") == "SQL_EXCEPTION" and one.get("connector_name") == prefix for one in told)

    def _not_sent(self, snapshot: SourceSnapshotRecord, connector: int) -> str | None:
        if snapshot.code is SnapshotErrorCode.RESTART_REQUIRED and self._failed_in_scan(connector):
            return "a table failed in mid-scan before it, and the connector needs a restart"
        return None

    def _excuse(self, table: Table, snapshot_type: SnapshotType, status: str | None) -> str | None:
        if table.fate is not Fate.PRESENT:
            return f"the table is {table.fate}"
        if self._scenario.has(table.connector, Fate.DROPPED):
            return "an error of another table spreads"
        if self._is(Deed.RESTART, table.connector) and snapshot_type is SnapshotType.BLOCKING:
            return "a restart ends a blocking snapshot"
        if self._is(Deed.JOIN, table.connector) and snapshot_type is SnapshotType.BLOCKING:
            return "an error of Debezium's own, where an incremental snapshot begins beside a blocking one"
        if self._lane.sources[table.connector].read_only and status == "SQL_EXCEPTION":
            return "two threads of Debezium's read-only snapshot meet in one chunk (docs/truth.md)"
        return None

    def _refusal(self, number: int, snapshot: SourceSnapshotRecord) -> Refusal:
        code = snapshot.answer.code if snapshot.answer else snapshot.code
        connector = self._connector(snapshot)
        excuse = None
        overlaps = len(self._scenario.asks) > 1 and self._scenario.timing is not Timing.AFTER
        if code is SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING:
            if overlaps:
                excuse = "two requests at once"
            elif number == 1 and (self._is(Deed.JOIN, connector) or connector in self._remedied):
                excuse = "another snapshot goes on"
        elif code is SnapshotErrorCode.RESTART_REQUIRED:
            if self._failed_in_scan(connector):
                excuse = "a table failed in mid-scan before it"
        elif code is SnapshotErrorCode.CONNECTOR_NOT_RUNNING:
            if self._is(Deed.RESTART, connector):
                excuse = "it was being restarted"
            elif connector in self._remedied:
                excuse = "its task had died"
        return Refusal(snapshot.source.name, code, excuse)

    def _check_skips(self, record: BulkSnapshotRecord, ask: Ask) -> None:
        self.result.outcomes["skipped"] += len(record.skips)
        skipped = {skip.topic_id: skip.reason for skip in record.skips}
        expected: dict[str, SkipReason] = {}
        for place in ask.places:
            table = self._scenario.tables[place]
            topic_id = self._ids[self._lane.topic(table)]
            # Another lane's synchronisation may have retired the topic of a table that is gone.
            if table.fate is Fate.DROPPED and topic_id in skipped:
                expected[topic_id] = skipped[topic_id]
            elif ask.snapshot_type is SnapshotType.INCREMENTAL and (reason := _skip_reason(table)):
                expected[topic_id] = reason
            elif place in ask.refused and self._is_tried and table.fate in {Fate.PRESENT, Fate.LATE}:
                expected[topic_id] = SkipReason.FILTER_REJECTED
        if skipped != expected:
            self.result.faults.append(f"skipped were {skipped}, and had to be {expected}")


def _skip_reason(table: Table) -> SkipReason | None:
    """Why an incremental snapshot must not read `table`."""
    if table.key is KeyShape.KEYLESS:
        return SkipReason.KEYLESS_TABLE
    return SkipReason.UNSAFE_NAME if " " in table.name or "'" in table.name else None


def _is_begun(snapshot: SourceSnapshotRecord) -> bool:
    return snapshot.state in {SnapshotState.RUNNING, SnapshotState.PAUSED} or snapshot.state.is_terminal


def _bare(collection: str) -> str:
    """Return the name without what escapes and quotes in notifications are made of."""
    return collection.replace("(?-i)", "").translate({ord(one): None for one in "\\\"'`"})
