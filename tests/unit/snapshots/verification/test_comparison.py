"""The comparison of source and topic against a model of both: no wrong COMPLETE, and no wrong INCOMPLETE."""

from dataclasses import dataclass, field

import pytest
from hypothesis import event, example, given
from hypothesis import strategies as st

from snapshots.ports.source_rows import RowCounts, SourceRow
from snapshots.ports.topic_reader import EventKind, TopicEvent
from snapshots.verification.arrivals import Arrivals, TooManyKeysError, Window
from snapshots.verification.comparison import Comparison, is_untouched, judge_counts
from snapshots.vocabulary import SnapshotVerdict

KEYS = 5
BEGAN, ENDED = 1000, 2000
"""When the engine was at work, in ms."""


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


@dataclass
class World:
    """A table of `KEYS` possible rows, the log of its changes, a connector that streams it, and the topic."""

    first_xid: int
    present: dict[int, int] = field(default_factory=dict)
    """The keys that are there, each with the transaction that wrote it."""
    log: list[tuple[int, EventKind]] = field(default_factory=list)
    streamed: int = 0
    topic: list[TopicEvent] = field(default_factory=list)
    lost: set[int] = field(default_factory=set)
    scanned: int = 0
    """How many rows the engine says that it read."""
    now_ms: int = 0

    def transaction(self, number: int) -> int:
        """Return the number of the n-th transaction: the first three of each 2^32 are never given out."""
        xid = self.first_xid + number
        return xid + 3 if self.first_xid < 1 << 32 <= xid else xid

    def change(self, number: int, *, deletes: bool, xid: int) -> None:
        if deletes and number in self.present:
            del self.present[number]
            self.log.append((number, EventKind.DELETED))
        elif not deletes:
            self.present[number] = self.transaction(xid)
            self.log.append((number, EventKind.WRITTEN))

    def stream(self, changes: int) -> set[int]:
        """Let the connector stream so many changes; return their keys."""
        due = self.log[self.streamed : self.streamed + changes]
        self.topic += [TopicEvent(kind, key(number), self.now_ms) for number, kind in due]
        self.streamed += len(due)
        return {number for number, _ in due}

    def read(self, number: int, *, loses: bool) -> None:
        """Read one row as an incremental snapshot does: up to its watermark, the log comes first, and wins."""
        is_there = number in self.present
        self.scanned += is_there
        behind = len(self.log) - self.streamed
        in_window = self.stream(behind)
        if not is_there or number in in_window:
            return
        if loses:
            self.lost.add(number)
        else:
            self.topic.append(TopicEvent(EventKind.READ, key(number), self.now_ms))


changes = st.lists(st.tuples(st.integers(0, KEYS - 1), st.booleans()), max_size=3)


@st.composite
def histories(draw: st.DrawFn) -> tuple[World, int, list[tuple[int, int]]]:
    """A whole history: changes before, during and after a snapshot that may lose rows, and a connector that lags.

    Returned with the horizon at the dispatch and the rows (key, 64-bit transaction) that the source has at the look.
    """
    world = World(first_xid=draw(st.sampled_from([10, (1 << 32) - 4, (7 << 32) + 100])))
    world.present = dict.fromkeys(draw(st.sets(st.integers(0, KEYS - 1), min_size=2)), world.first_xid - 1)
    before, during, after = draw(changes), draw(st.lists(changes, min_size=KEYS, max_size=KEYS)), draw(changes)
    total = len(before) + sum(map(len, during)) + len(after)
    # Transactions commit in another order than they began; the horizon is below every one that has yet to commit.
    xids = draw(st.permutations(range(total)))
    numbers = iter(xids)
    for number, deletes in before:
        world.change(number, deletes=deletes, xid=next(numbers))
    horizon = world.transaction(min(xids[len(before) :], default=total))
    for number in draw(st.sets(st.integers(0, KEYS - 1))):  # an earlier snapshot, where the noted offset is too low
        world.topic.append(TopicEvent(EventKind.READ, key(number), draw(st.integers(0, BEGAN - 1))))
    world.stream(draw(st.integers(0, 6)))
    world.now_ms = draw(st.integers(BEGAN, ENDED))
    for number, meanwhile in zip(draw(st.permutations(range(KEYS))), during, strict=True):
        for changed, deletes in meanwhile:
            world.change(changed, deletes=deletes, xid=next(numbers))
        world.stream(draw(st.integers(0, 3)))
        world.read(number, loses=draw(st.booleans()))
    world.now_ms = ENDED + 1
    world.stream(draw(st.integers(0, 6)))
    for number in draw(st.sets(st.sampled_from(sorted(world.present)))) if world.present else ():
        world.topic.append(TopicEvent(EventKind.READ, key(number), ENDED + 1))  # a later snapshot
    cut = draw(st.integers(0, len(after)))
    for changed, deletes in after[:cut]:
        world.change(changed, deletes=deletes, xid=next(numbers))
    rows = list(world.present.items())
    for changed, deletes in after[cut:]:  # while and after the source is looked at
        world.change(changed, deletes=deletes, xid=next(numbers))
    world.stream(draw(st.integers(0, 12)))
    return world, horizon, rows


def judge(world: World, horizon: int | None, rows: list[tuple[int, int]]) -> SnapshotVerdict:
    arrivals = Arrivals(Window(BEGAN, ENDED))
    for one in world.topic:
        arrivals.add(one)
    comparison = Comparison(arrivals, horizon)
    for number, xid in rows:
        comparison.add(SourceRow(key(number), xid & 0xFFFFFFFF))
    return comparison.judge().verdict


@given(histories())
def test_no_verdict_is_wrong(history: tuple[World, int, list[tuple[int, int]]]) -> None:
    world, horizon, rows = history
    verdict = judge(world, horizon, rows)
    event(verdict)

    # What a consumer has who reads from the snapshot's first event on, and passes over later and earlier snapshots.
    consumer: set[bytes] = set()
    for one in world.topic:
        if one.at_ms is None or one.at_ms < BEGAN or (one.kind is EventKind.READ and one.at_ms > ENDED):
            continue
        assert one.key
        (consumer.discard if one.kind is EventKind.DELETED else consumer.add)(one.key)
    if verdict is SnapshotVerdict.COMPLETE:
        assert {key(number) for number, _ in rows} <= consumer
    if verdict is SnapshotVerdict.INCOMPLETE:
        assert {key(number) for number in world.lost} - consumer, "nothing was lost"


@given(histories())
def test_without_a_horizon_no_loss_is_proved(history: tuple[World, int, list[tuple[int, int]]]) -> None:
    world, _, rows = history

    assert judge(world, None, rows) is not SnapshotVerdict.INCOMPLETE


@given(histories())
def test_numbers_alone_prove_no_loss_where_there_is_none(history: tuple[World, int, list[tuple[int, int]]]) -> None:
    world, horizon, rows = history
    arrivals = Arrivals(Window(BEGAN, ENDED))
    for one in world.topic:
        arrivals.add(TopicEvent(one.kind, None, one.at_ms))
    untouched = sum(is_untouched(xid & 0xFFFFFFFF, horizon) for _, xid in rows)
    verdict = judge_counts(arrivals, RowCounts(len(rows), untouched), "…", scanned=world.scanned).verdict
    event(verdict)

    if verdict is SnapshotVerdict.INCOMPLETE:
        assert world.lost
    if verdict is SnapshotVerdict.COMPLETE:
        assert not world.lost & {number for number, _ in rows}


@given(st.sets(st.integers(0, 50), min_size=1), st.data())
def test_a_table_at_rest_is_always_decided(numbers: set[int], data: st.DataObject) -> None:
    world = World(first_xid=10, present=dict.fromkeys(numbers, 10), now_ms=BEGAN)
    for number in numbers:
        world.read(number, loses=data.draw(st.booleans()))

    expected = SnapshotVerdict.INCOMPLETE if world.lost else SnapshotVerdict.COMPLETE
    assert judge(world, 11, list(world.present.items())) is expected


def test_a_change_that_took_the_place_of_the_read_counts() -> None:
    arrivals = Arrivals(Window(BEGAN, ENDED))
    arrivals.add(TopicEvent(EventKind.WRITTEN, key(1), BEGAN))
    comparison = Comparison(arrivals, 100)
    comparison.add(SourceRow(key(1), 5))

    assert comparison.judge().verdict is SnapshotVerdict.COMPLETE


def test_what_arrives_after_the_rows_were_looked_at_counts() -> None:
    arrivals = Arrivals(Window(BEGAN, ENDED))
    comparison = Comparison(arrivals, 100)
    comparison.add(SourceRow(key(1), 200))
    assert comparison.judge().verdict is SnapshotVerdict.NOT_PROVABLE

    arrivals.add(TopicEvent(EventKind.WRITTEN, key(1), ENDED + 5))

    assert comparison.judge().verdict is SnapshotVerdict.COMPLETE


def test_an_obstacle_keeps_a_loss_from_being_proved() -> None:
    comparison = Comparison(Arrivals(Window(BEGAN, ENDED)), 100)
    comparison.add(SourceRow(key(1), 5))

    judgement = comparison.judge(["the topic is compacted"])

    assert judgement.verdict is SnapshotVerdict.NOT_PROVABLE
    assert "the topic is compacted" in judgement.reason


def test_keys_that_the_source_does_not_have_keep_a_loss_from_being_proved() -> None:
    arrivals = Arrivals(Window(BEGAN, ENDED))
    arrivals.add(TopicEvent(EventKind.READ, key(2), BEGAN))  # how the records write what the source calls 1
    comparison = Comparison(arrivals, 100)
    comparison.add(SourceRow(key(1), 5))

    assert comparison.judge().verdict is SnapshotVerdict.NOT_PROVABLE


def test_rows_beyond_those_that_are_kept_stay_missing() -> None:
    arrivals = Arrivals(Window(BEGAN, ENDED))
    comparison = Comparison(arrivals, 100, max_missing=1)
    comparison.add(SourceRow(key(1), 200))
    comparison.add(SourceRow(key(2), 200))
    for number in (1, 2):
        arrivals.add(TopicEvent(EventKind.WRITTEN, key(number), ENDED))

    assert comparison.judge().verdict is SnapshotVerdict.NOT_PROVABLE


def test_a_truncated_table_proves_nothing() -> None:
    arrivals = Arrivals(Window(BEGAN, ENDED))
    arrivals.add(TopicEvent(EventKind.TRUNCATED, None, BEGAN))

    assert Comparison(arrivals, 100).judge().verdict is SnapshotVerdict.NOT_PROVABLE
    assert judge_counts(arrivals, RowCounts(0, 0), "…").verdict is SnapshotVerdict.NOT_PROVABLE


def test_the_memory_of_keys_is_bounded() -> None:
    arrivals = Arrivals(max_keys=2)
    for number in (1, 2, 1):
        arrivals.add(TopicEvent(EventKind.READ, key(number), 1))

    with pytest.raises(TooManyKeysError):
        arrivals.add(TopicEvent(EventKind.READ, key(3), 1))


@given(st.integers(3, 1 << 40), st.integers(1, (1 << 31) - 1))
@example(1 << 32, 1)
def test_transactions_are_told_apart_across_the_wraparound(horizon: int, distance: int) -> None:
    older, newer = (horizon - distance) & 0xFFFFFFFF, (horizon + distance) & 0xFFFFFFFF

    assert is_untouched(older, horizon)
    assert is_untouched(newer, horizon) is (newer < 3)
    assert not is_untouched(older, None)


def counted(reads: int, rows: RowCounts, *, scanned: int | None, deletes: int = 0) -> SnapshotVerdict:
    arrivals = Arrivals(Window(BEGAN, ENDED))
    for _ in range(reads):
        arrivals.add(TopicEvent(EventKind.READ, None, BEGAN))
    for _ in range(deletes):
        arrivals.add(TopicEvent(EventKind.DELETED, None, BEGAN))
    return judge_counts(arrivals, rows, "there is no key", scanned=scanned).verdict


@pytest.mark.parametrize(
    ("reads", "rows", "scanned", "verdict"),
    [
        (2, RowCounts(2, 2), 2, SnapshotVerdict.COMPLETE),
        (3, RowCounts(0, 0), 3, SnapshotVerdict.COMPLETE),
        (1, RowCounts(2, 2), 2, SnapshotVerdict.INCOMPLETE),
        # Seven rows were lost, and seven deleted whose deletion has yet to come.
        (3, RowCounts(3, 3), 10, SnapshotVerdict.NOT_PROVABLE),
        (2, RowCounts(2, 2), None, SnapshotVerdict.NOT_PROVABLE),
        (2, RowCounts(2, None), 2, SnapshotVerdict.NOT_PROVABLE),
        (2, RowCounts(2, 1), 2, SnapshotVerdict.NOT_PROVABLE),
        (2, RowCounts(1, 1), 2, SnapshotVerdict.NOT_PROVABLE),
        (1, RowCounts(2, 0), 1, SnapshotVerdict.NOT_PROVABLE),
    ],
)
def test_numbers_decide_only_where_nothing_else_explains_them(
    reads: int, rows: RowCounts, scanned: int | None, verdict: SnapshotVerdict
) -> None:
    assert counted(reads, rows, scanned=scanned) is verdict


def test_a_deletion_that_came_makes_equal_numbers_mean_nothing() -> None:
    assert counted(2, RowCounts(2, 2), scanned=2, deletes=1) is SnapshotVerdict.NOT_PROVABLE


def test_rows_that_share_a_key_are_neither_lost_nor_proved() -> None:
    arrivals = Arrivals(Window(BEGAN, ENDED))
    for number in range(4):
        arrivals.add(TopicEvent(EventKind.READ, key(number % 2), BEGAN))

    judgement = judge_counts(arrivals, RowCounts(4, 4), "the key is not unique", scanned=4)

    assert judgement.verdict is SnapshotVerdict.NOT_PROVABLE
    assert judgement.reason.startswith("4 snapshot events with 2 different keys, 4 rows in the source")
    assert "share a key" in judgement.reason
