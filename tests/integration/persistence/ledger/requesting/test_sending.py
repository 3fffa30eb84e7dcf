"""Recording what came of a send: by guarded moves, so that evidence that came first stands."""

from persistence.ledger.requesting.sending import SendRecord, SignalKey
from snapshots.following.notifications import NotificationKind
from snapshots.plan import Refusal
from snapshots.records import AnswerKind, SourceAnswer
from snapshots.requesting.dispatch import Outcome, Unconfirmed
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode
from tests.support.databases import Administrator
from tests.support.ledger_bench import SENT, TENANT, Bench

REFUSED = Refusal(SnapshotErrorCode.CHANNEL_UNAVAILABLE, "The database is away.", retryable=True)
LOST = Unconfirmed(SnapshotErrorCode.DISPATCH_TIMEOUT, "No answer.")


async def test_a_receipt_makes_it_dispatched_and_keeps_the_source(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0", outcome=SENT)
    record = await bench.record(key.source_snapshot_id)
    assert record.state is SnapshotState.DISPATCHED
    assert record.dispatched_at == bench.now
    assert (record.signals[0].state, record.signals[0].destination) == (SignalState.SENT, "the channel")
    assert "src_0" in await bench.ledger.reading.active_snapshots(TENANT, bench.source_ids)


async def test_a_refusal_fails_its_topics_and_frees_the_source(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0", "top_src_0_1", outcome=REFUSED)
    record = await bench.record(key.source_snapshot_id)
    assert (record.state, record.code, record.message) == (SnapshotState.FAILED, REFUSED.code, REFUSED.message)
    assert {topic.state for topic in record.topics} == {TopicSnapshotState.FAILED}
    assert record.signals[0].state is SignalState.REFUSED
    assert await bench.ledger.reading.active_snapshots(TENANT, bench.source_ids) == {}


async def test_an_unknown_fate_keeps_the_source(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0", outcome=LOST)
    record = await bench.record(key.source_snapshot_id)
    assert (record.state, record.code) == (SnapshotState.UNCONFIRMED, LOST.code)
    assert record.signals[0].state is SignalState.UNCONFIRMED
    assert "src_0" in await bench.ledger.reading.active_snapshots(TENANT, bench.source_ids)


async def test_one_source_fails_and_the_other_goes_on(bench: Bench) -> None:
    opened = await bench.open("top_src_0_0", "top_src_1_0")
    keys = [SignalKey(source.source_snapshot_id, source.signals[0][0]) for source in opened.sources]
    attempts = await bench.start(keys)
    outcomes: list[Outcome] = [REFUSED, SENT]
    records = [SendRecord(key, attempts[key.signal_id], outcome) for key, outcome in zip(keys, outcomes, strict=True)]
    await bench.ledger.sending.record(TENANT, records, at=bench.now, cause="test")
    assert [(await bench.record(key.source_snapshot_id)).state for key in keys] == [
        SnapshotState.FAILED,
        SnapshotState.DISPATCHED,
    ]


async def test_evidence_that_came_before_the_outcome_stands(bench: Bench) -> None:
    opened = await bench.open("top_src_0_0")
    key = SignalKey(opened.sources[0].source_snapshot_id, opened.sources[0].signals[0][0])
    attempts = await bench.start([key])
    await bench.tell(bench.notification(NotificationKind.STARTED, key.signal_id))
    await bench.ledger.sending.record(
        TENANT, [SendRecord(key, attempts[key.signal_id], LOST)], at=bench.now, cause="test"
    )
    record = await bench.record(key.source_snapshot_id)
    assert record.state is SnapshotState.RUNNING
    assert record.signals[0].state is SignalState.SENT
    assert record.dispatched_at is not None


async def test_whoever_was_overtaken_records_nothing(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0", outcome=LOST)
    again = await bench.start([key], begun=1)
    assert again[key.signal_id] == 2
    await bench.ledger.sending.record(TENANT, [SendRecord(key, 1, REFUSED)], at=bench.now, cause="late")
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.SENDING


async def test_answers_are_kept_as_they_were_given(bench: Bench) -> None:
    opened = await bench.open("top_src_0_0", "top_src_1_0")
    first, second = (source.source_snapshot_id for source in opened.sources)
    given = [
        (first, SourceAnswer(AnswerKind.DISPATCHED, "The channel accepted the signal.")),
        (second, SourceAnswer(AnswerKind.FAILED, REFUSED.message, REFUSED.code, retryable=True)),
    ]
    await bench.ledger.sending.record_answers(TENANT, opened.id, given, at=bench.now)
    record = (await bench.ledger.reading.bulk_snapshots(TENANT, [opened.id]))[opened.id]
    assert record.answered
    assert [(snapshot.id, snapshot.answer) for snapshot in record.snapshots] == given


async def test_every_step_is_in_the_ledger_with_its_cause(bench: Bench, administrator: Administrator) -> None:
    (key,) = await bench.dispatch("top_src_0_0", outcome=REFUSED)
    steps = await administrator.fetchval(
        "SELECT string_agg(subject_kind || ': ' || coalesce(from_state, '') || '>' || to_state || ' ' || cause, ', '"
        " ORDER BY id) FROM ledger_event WHERE source_snapshot_id = $1",
        key.source_snapshot_id,
    )
    assert steps == (
        "SOURCE_SNAPSHOT: >PENDING requested by somebody, "
        "SIGNAL: PENDING>SENDING test, SOURCE_SNAPSHOT: PENDING>SENDING test, "
        "SIGNAL: SENDING>REFUSED test, TOPICS: PENDING>FAILED test, SOURCE_SNAPSHOT: SENDING>FAILED test"
    )
