"""Verifying that every row of the source has arrived: what the worker does with snapshots that have ended."""

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from persistence.ledger.verifying import DueVerification
from resolvers.services import Services
from snapshots.arrivals import MAX_KEYS, Arrivals, TooManyKeysError, Window
from snapshots.filters import RowFilter
from snapshots.model import SourceConnector
from snapshots.records import SourceSnapshotRecord, TopicSnapshotRecord
from snapshots.states import TopicSnapshotState
from snapshots.verdicts import Mark, SnapshotVerdict, Verification
from snapshots.verification import Comparison, Judgement, judge_counts
from snapshots.verification_ports import KeyShape, TopicReading, UnreadableError

logger = logging.getLogger(__name__)

TOPIC_SECONDS = 300.0
"""How long the look at one topic may take."""
AT_ONCE = 2
"""How many topics one process looks at at the same time: each may keep `MAX_KEYS` keys in memory."""
ATTEMPTS = 5
"""How often a topic is looked at whose verdict may pass."""
CONFIRMATIONS = 2
"""How often a topic is looked at before INCOMPLETE is told."""
ROUNDS = 50
"""How many times one sweep takes up topics; what is left is taken up by the next."""
_LEASE = timedelta(seconds=TOPIC_SECONDS + 60)
_REST_SECONDS = (5.0, 15.0, 30.0, 60.0)
_BEFORE = timedelta(minutes=1)
"""How much earlier reading starts than the snapshot, where no offsets were noted before its dispatch."""


async def verify_due(services: Services, tenant_id: str) -> int:
    """Look at every topic whose verification was asked for and whose snapshot has ended; return how many looks.

    Each verdict is recorded. One that may pass is found again some seconds later before it is told. Any number of
    replicas may run this at once; one that dies has its topics taken over. Raises DatabaseError.
    """
    looks = 0
    for _ in range(ROUNDS):
        now = services.clock()
        claimed = await services.ledger.claim_verifications(tenant_id, at=now, lease_until=now + _LEASE, most=AT_ONCE)
        if not claimed:
            break
        records = await services.ledger.source_snapshots(tenant_id, [due.source_snapshot_id for due in claimed])
        async with asyncio.TaskGroup() as group:
            for due in claimed:
                group.create_task(_verify(services, tenant_id, due, records[due.source_snapshot_id]))
        looks += len(claimed)
    return looks


async def _verify(services: Services, tenant_id: str, due: DueVerification, snapshot: SourceSnapshotRecord) -> None:
    topic = next(one for one in snapshot.topics if one.id == due.topic_snapshot_id)
    try:
        async with asyncio.timeout(TOPIC_SECONDS):
            found = await _look(services, snapshot, topic, due.mark)
    except TimeoutError:
        found = _not_provable(f"The look at topic and table took longer than {TOPIC_SECONDS:g} s.")
    except Exception:
        logger.exception("the verification of %s failed unexpectedly", due.topic_snapshot_id)
        found = _not_provable("The verification failed unexpectedly; see the log.", passing=True)
    now = services.clock()
    looks = CONFIRMATIONS if found.verdict is SnapshotVerdict.INCOMPLETE else ATTEMPTS
    if found.passing and due.attempt < looks:
        rest = timedelta(seconds=_REST_SECONDS[min(due.attempt, len(_REST_SECONDS)) - 1])
        await services.ledger.verify_again(tenant_id, due, due_at=now + rest)
    else:
        await services.ledger.record_verification(tenant_id, due, found, at=now)


async def _look(
    services: Services, snapshot: SourceSnapshotRecord, topic: TopicSnapshotRecord, mark: Mark
) -> Verification:
    if topic.state is not TopicSnapshotState.COMPLETED:
        return _not_provable(f"The topic was not read to its end ({topic.outcome or topic.state}).")
    arrivals = Arrivals(_window(snapshot, topic))
    since = (snapshot.started_at or snapshot.requested_at) - _BEFORE
    expected = emitted = None
    reading: TopicReading | None = None
    try:
        async with services.topic_reader.read(
            snapshot.source.cluster, topic.topic.name, topic.data_collection, start=mark.offsets, since=since
        ) as reading:
            await reading.advance(arrivals.add)
            emitted = arrivals.reads
            table = _Table(snapshot.source, topic.data_collection, topic.filter)
            judgement, expected = await _compare(services, reading, arrivals, table, mark, topic)
            emitted = arrivals.reads
            if reading.obstacles and judgement.verdict is SnapshotVerdict.NOT_PROVABLE:
                judgement = replace(judgement, passing=False)  # what is gone from a topic does not come back
    except TooManyKeysError:
        judgement = _unprovable(f"The topic has more than {MAX_KEYS} distinct keys.")
    except UnreadableError as error:
        sentence = f"{str(error)[0].upper()}{str(error)[1:]}."
        judgement = _unprovable(sentence, passing=error.passing)
    ends = reading.positions if reading is not None else None
    return Verification(judgement.verdict, judgement.reason, expected, emitted, ends, judgement.passing)


@dataclass(frozen=True, slots=True)
class _Table:
    source: SourceConnector
    collection: str
    row_filter: RowFilter | None


async def _compare(
    services: Services,
    reading: TopicReading,
    arrivals: Arrivals,
    table: _Table,
    mark: Mark,
    topic: TopicSnapshotRecord,
) -> tuple[Judgement, int]:
    """Compare by key where that can be done, else by number; return the judgement and how many rows there are."""
    shape, why = await _shape(services, reading, arrivals, table)
    if shape is None:
        counts = await services.source_rows.counts(table.source, table.collection, table.row_filter, mark.horizon)
        await reading.advance(arrivals.add)
        return judge_counts(arrivals, counts, why, _obstacles(reading, arrivals, topic, mark)), counts.rows
    comparison = Comparison(arrivals, mark.horizon)
    async with aclosing(services.source_rows.rows(table.source, table.collection, table.row_filter, shape)) as rows:
        async for row in rows:
            comparison.add(row)
    judgement = comparison.judge(_obstacles(reading, arrivals, topic, mark))
    if judgement.verdict is not SnapshotVerdict.COMPLETE:
        await reading.advance(arrivals.add)  # what was on its way while the table was read
        judgement = comparison.judge(_obstacles(reading, arrivals, topic, mark))
    return judgement, comparison.rows


async def _shape(
    services: Services, reading: TopicReading, arrivals: Arrivals, table: _Table
) -> tuple[KeyShape | None, str]:
    """Return the shape by which rows are compared, or None and why they cannot be."""
    if arrivals.keyless:
        return None, "the records have no key"
    if not reading.shapes:
        return None, "there are no records with a key"
    if len(reading.shapes) > 1:
        return None, "the records' keys do not look alike"
    [shape] = reading.shapes
    problem = await services.source_rows.key_problem(table.source, table.collection, shape)
    return (shape, "") if problem is None else (None, problem)


def _obstacles(reading: TopicReading, arrivals: Arrivals, topic: TopicSnapshotRecord, mark: Mark) -> list[str]:
    """Why a row that is not on the topic may have been there, or may be elsewhere, or may have been no row then."""
    obstacles = list(reading.obstacles)
    if mark.offsets is None:
        obstacles.append(
            "the topic's offsets before the snapshot were not noted: only a verification that is asked for together "
            "with the snapshot can prove a loss"
        )
    if not arrivals.reads and topic.rows_scanned:
        obstacles.append(
            "none of the rows that the engine says it read is on the topic: it may have been deleted and made anew, "
            "or the rows go to another topic"
        )
    return obstacles


def _window(snapshot: SourceSnapshotRecord, topic: TopicSnapshotRecord) -> Window:
    if not snapshot.followed:
        return Window()  # its times are not the engine's
    ended = next((signal.ended_at for signal in snapshot.signals if signal.id == topic.signal_id), None)
    return Window(_ms(snapshot.started_at), _ms(ended or snapshot.finished_at))


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _unprovable(reason: str, *, passing: bool = False) -> Judgement:
    return Judgement(SnapshotVerdict.NOT_PROVABLE, reason, passing)


def _not_provable(reason: str, *, passing: bool = False) -> Verification:
    return Verification(SnapshotVerdict.NOT_PROVABLE, reason, passing=passing)
