"""One look at a topic and its table: what each contains, and what that proves."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime

from resolvers.services import Services
from snapshots.errors import UnreadableError
from snapshots.filters import RowFilter
from snapshots.model import SourceConnector
from snapshots.ports.topic_reader import KeyShape, TopicReading
from snapshots.records import SourceSnapshotRecord, TopicSnapshotRecord
from snapshots.states import TopicSnapshotState
from snapshots.verification.arrivals import MAX_KEYS, Arrivals, TooManyKeysError, Window
from snapshots.verification.comparison import Comparison, Judgement, judge_counts
from snapshots.verification.verdicts import Mark, Verification
from snapshots.vocabulary import SnapshotVerdict


async def look(
    services: Services, snapshot: SourceSnapshotRecord, topic: TopicSnapshotRecord, mark: Mark
) -> Verification:
    """Compare the rows of the source with the events of its topic, as both are now; report failures in the result."""
    if topic.state is not TopicSnapshotState.COMPLETED:
        return Verification(
            SnapshotVerdict.NOT_PROVABLE,
            f"The snapshot did not read the table to its end ({topic.outcome or topic.state}).",
        )
    arrivals = Arrivals(_window(snapshot, topic))
    since = snapshot.started_at or snapshot.requested_at
    expected = emitted = None
    reading: TopicReading | None = None
    try:
        async with services.engine.topic_reader.read(
            snapshot.source, topic.topic.name, topic.data_collection, start=mark.offsets, since=since
        ) as reading:
            await reading.advance(arrivals.add)
            emitted = arrivals.reads
            table = _Table(services, snapshot.source, topic.data_collection, topic.filter)
            judgement, expected = await _compare(reading, arrivals, table, mark, topic)
            emitted = arrivals.reads
            if judgement.verdict is SnapshotVerdict.INCOMPLETE and await table.is_remade(mark):
                judgement = _not_proved(judgement)
            if reading.obstacles and judgement.verdict is SnapshotVerdict.NOT_PROVABLE:
                judgement = replace(judgement, passing=False)  # records that are gone from a topic do not come back
    except TooManyKeysError:
        judgement = _unprovable(
            f"The topic has more than {MAX_KEYS} distinct keys, the most that one verification can hold."
        )
    except UnreadableError as error:
        sentence = f"{str(error)[0].upper()}{str(error)[1:]}."
        judgement = _unprovable(sentence, passing=error.passing)
    ends = reading.positions if reading is not None else None
    return Verification(judgement.verdict, judgement.reason, expected, emitted, ends, judgement.passing)


@dataclass(frozen=True, slots=True)
class _Table:
    services: Services
    source: SourceConnector
    collection: str
    row_filter: RowFilter | None

    async def is_remade(self, mark: Mark) -> bool:
        """Whether it may be another table than at the time of the dispatch. Raises UnreadableError."""
        horizon = mark.horizon
        return horizon is None or await self.services.engine.source_rows.is_remade(
            self.source, self.collection, horizon
        )


async def _compare(
    reading: TopicReading, arrivals: Arrivals, table: _Table, mark: Mark, topic: TopicSnapshotRecord
) -> tuple[Judgement, int]:
    """Compare by key if possible, otherwise by number; return the judgement and the number of rows."""
    source_rows = table.services.engine.source_rows
    shape, why = await _shape(reading, arrivals, table)
    if shape is None:
        counts = await source_rows.counts(table.source, table.collection, table.row_filter, mark.horizon)
        await reading.advance(arrivals.add)
        obstacles = _obstacles(reading, arrivals, topic, mark)
        return judge_counts(arrivals, counts, why, obstacles, scanned=topic.rows_scanned), counts.rows
    comparison = Comparison(arrivals, mark.horizon)
    async with aclosing(source_rows.rows(table.source, table.collection, table.row_filter, shape)) as rows:
        async for row in rows:
            comparison.add(row)
    judgement = comparison.judge(_obstacles(reading, arrivals, topic, mark))
    if judgement.verdict is not SnapshotVerdict.COMPLETE:
        await reading.advance(arrivals.add)  # records that were on their way while the table was read
        judgement = comparison.judge(_obstacles(reading, arrivals, topic, mark))
    return judgement, comparison.rows


async def _shape(reading: TopicReading, arrivals: Arrivals, table: _Table) -> tuple[KeyShape | None, str]:
    """Return the key shape for comparing rows, or None and why they cannot be compared."""
    if arrivals.keyless:
        return None, "the records have no key"
    if not reading.shapes:
        return None, "no record has a key"
    if len(reading.shapes) > 1:
        return None, "the records' keys differ in their structure"
    [shape] = reading.shapes
    problem = await table.services.engine.source_rows.key_problem(table.source, table.collection, shape)
    return (shape, "") if problem is None else (None, problem)


def _obstacles(reading: TopicReading, arrivals: Arrivals, topic: TopicSnapshotRecord, mark: Mark) -> Sequence[str]:
    """Return why a missing row may have been on the topic, may be elsewhere, or may not have existed then."""
    obstacles = list(reading.obstacles)
    if mark.offsets is None:
        obstacles.append(
            "the topic's offsets before the snapshot were not recorded: only a verification that is requested "
            "together with the snapshot can prove a loss"
        )
    if not arrivals.reads and topic.rows_scanned != 0:
        obstacles.append(
            "none of the rows that the engine reported is on the topic: the topic may have been deleted and "
            "created again, or the rows go to another topic"
        )
    if reading.awaited:
        obstacles.append(reading.awaited)
    return obstacles


def _window(snapshot: SourceSnapshotRecord, topic: TopicSnapshotRecord) -> Window:
    if not snapshot.followed:
        return Window()  # its times are not from the engine
    ended = next((signal.ended_at for signal in snapshot.signals if signal.id == topic.signal_id), None)
    return Window(_ms(snapshot.started_at), _ms(ended or snapshot.finished_at))


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _not_proved(judgement: Judgement) -> Judgement:
    reason = (
        f"{judgement.reason.removesuffix('.')}; but the table was recreated or rewritten after the dispatch, so "
        "the rows may have been in another table then."
    )
    return _unprovable(reason)


def _unprovable(reason: str, *, passing: bool = False) -> Judgement:
    return Judgement(SnapshotVerdict.NOT_PROVABLE, reason, passing)
