"""The main job: one answer for each source, whatever happens to the others."""

import asyncio

import pytest

from persistence.database.pool import Database
from persistence.database.statement_counter import StatementCounter
from snapshots.engines.recording import Behaviour
from snapshots.errors import InvalidRequestError, RequestError
from snapshots.records import AnswerKind, BulkSnapshotRecord
from snapshots.states import BulkSnapshotState, SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import ConnectorState, SkipReason, SnapshotErrorCode, UserErrorCode
from tests.integration.resolvers.bench import World, catalogue, fill, make_world
from tests.support.time_limits import TimeLimits
from tests.support.waiting import until


def kinds(record: BulkSnapshotRecord) -> list[AnswerKind]:
    return [snapshot.answer.kind for snapshot in record.snapshots if snapshot.answer]


async def test_sources_are_answered_in_the_order_in_which_they_were_first_named(world: World) -> None:
    record = await world.ask("top_4_1", "top_2_0", "top_4_0", "top_0_0", "top_2_0", "top_4_1")
    assert [(s.source.id, [t.topic.id for t in s.topics]) for s in record.snapshots] == [
        ("src_4", ["top_4_1", "top_4_0"]),
        ("src_2", ["top_2_0"]),
        ("src_0", ["top_0_0"]),
    ]
    assert kinds(record) == [AnswerKind.DISPATCHED] * 3
    assert {s.state for s in record.snapshots} == {SnapshotState.DISPATCHED}
    assert record.answered


async def test_what_arrives_is_what_the_ledger_says_was_sent(world: World) -> None:
    record = await world.ask("top_0_0", "top_1_0")
    sent = {(one.source.id, one.signal.id, one.signal.data) for one in world.recording.recorded}
    assert sent == {(s.source.id, signal.id, signal.data) for s in record.snapshots for signal in s.signals}


async def test_only_skipped_topics_are_recorded_and_reach_no_source(world: World) -> None:
    record = await world.ask("nobody", "neither")
    assert record.snapshots == ()
    assert [(skip.topic_id, skip.reason) for skip in record.skips] == [
        ("nobody", SkipReason.TOPIC_NOT_FOUND),
        ("neither", SkipReason.TOPIC_NOT_FOUND),
    ]
    assert record.state is BulkSnapshotState.COMPLETED
    assert record.answered
    assert world.connectors.asked == 0
    assert await world.bulk(record.id) == record


@pytest.mark.parametrize("count", [0, 501])
async def test_a_request_of_a_wrong_size_reads_and_records_nothing(world: World, count: int) -> None:
    with StatementCounter(world.database) as statements, pytest.raises(InvalidRequestError) as caught:
        await world.ask(*["top_0_0"] * count)
    assert caught.value.code is (UserErrorCode.EMPTY_INPUT if count == 0 else UserErrorCode.TOO_MANY_TOPICS)
    assert len(statements) == 0
    assert world.connectors.asked == 0
    assert await world.all_bulks() == []


async def test_five_hundred_times_the_same_topic_is_one_topic(world: World) -> None:
    record = await world.ask(*["top_0_0"] * 500)
    assert [len(snapshot.topics) for snapshot in record.snapshots] == [1]


async def test_a_source_that_the_plan_refuses_is_recorded_and_not_held(database: Database) -> None:
    world = make_world(database)
    given = catalogue(2, 1)
    await fill(world, given)
    async with database.write() as connection:
        await connection.exec_driver_sql("UPDATE connector SET signal_channel = NULL WHERE id = 'src_0'")
    record = await world.ask("top_0_0", "top_1_0")
    refused, taken = record.snapshots
    assert (refused.state, refused.code) == (SnapshotState.FAILED, SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED)
    assert refused.answer is not None
    assert (refused.answer.kind, refused.answer.code, refused.answer.retryable) == (
        AnswerKind.FAILED,
        SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED,
        False,
    )
    assert [topic.state for topic in refused.topics] == [TopicSnapshotState.FAILED]
    assert refused.signals == ()
    assert await world.held() == {"src_1": taken.id}


@pytest.mark.parametrize("state", list(ConnectorState))
async def test_a_connector_that_would_not_read_the_signal_is_refused(world: World, state: ConnectorState) -> None:
    world.connectors.states["connector-0"] = state
    record = await world.ask("top_0_0", "top_1_0")
    first, second = record.snapshots
    if state.reads_signals:
        assert first.state is SnapshotState.DISPATCHED
    else:
        assert (first.state, first.code) == (SnapshotState.FAILED, SnapshotErrorCode.CONNECTOR_NOT_RUNNING)
        assert first.answer is not None
        assert first.answer.retryable
        assert "src_0" not in await world.held()
    assert second.state is SnapshotState.DISPATCHED


async def test_a_connector_that_kafka_connect_does_not_know_is_refused(world: World) -> None:
    del world.connectors.states["connector-1"]
    record = await world.ask("top_0_0", "top_1_0")
    assert record.snapshots[1].code is SnapshotErrorCode.CONNECTOR_NOT_FOUND
    assert await world.held() == {"src_0": record.snapshots[0].id}


async def test_a_source_that_is_held_is_refused_and_its_holder_named(world: World) -> None:
    first = await world.ask("top_0_0")
    second = await world.ask("top_0_1", "top_1_0")
    refused, taken = second.snapshots
    assert refused.answer is not None
    assert (refused.state, refused.code) == (SnapshotState.FAILED, SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING)
    assert refused.answer.retryable
    assert first.snapshots[0].id in refused.answer.message
    assert await world.held() == {"src_0": first.snapshots[0].id, "src_1": taken.id}


async def test_each_source_has_the_outcome_of_its_own(world: World) -> None:
    world.recording.behave("src_0", Behaviour.REFUSE)
    world.recording.behave("src_1", Behaviour.UNREACHABLE)
    world.recording.behave("src_2", Behaviour.LOSE)
    world.recording.behave("src_3", Behaviour.LOSE_ANSWER)
    record = await world.ask(*(f"top_{n}_0" for n in range(6)))
    assert [(s.state, s.answer and s.answer.kind) for s in record.snapshots] == [
        (SnapshotState.FAILED, AnswerKind.FAILED),
        (SnapshotState.UNCONFIRMED, AnswerKind.UNCONFIRMED),
        (SnapshotState.UNCONFIRMED, AnswerKind.UNCONFIRMED),
        (SnapshotState.UNCONFIRMED, AnswerKind.UNCONFIRMED),
        (SnapshotState.DISPATCHED, AnswerKind.DISPATCHED),
        (SnapshotState.DISPATCHED, AnswerKind.DISPATCHED),
    ]
    assert not any(s.answer and s.answer.retryable for s in record.snapshots)
    assert set(await world.held()) == {"src_1", "src_2", "src_3", "src_4", "src_5"}
    assert record.state is BulkSnapshotState.IN_PROGRESS


async def test_a_channel_that_hangs_is_unconfirmed_at_the_deadline_and_holds_up_nobody(database: Database) -> None:
    time_limits = TimeLimits()
    world = make_world(database, time_limit=time_limits)
    await fill(world, catalogue(3, 1))
    world.recording.behave("src_1", Behaviour.HANG)
    asking = asyncio.create_task(world.ask("top_0_0", "top_1_0", "top_2_0"))
    await until(lambda: len(world.recording.recorded) == 2)
    assert time_limits.under_way == 1
    time_limits.expire()
    record = await asking
    assert [s.state for s in record.snapshots] == [
        SnapshotState.DISPATCHED,
        SnapshotState.UNCONFIRMED,
        SnapshotState.DISPATCHED,
    ]
    answer = record.snapshots[1].answer
    assert answer is not None
    assert answer.code is SnapshotErrorCode.DISPATCH_TIMEOUT
    assert record.snapshots[1].id == (await world.held())["src_1"]


async def test_a_channel_that_fails_unexpectedly_leaves_its_source_unconfirmed(world: World) -> None:
    async def fail(source_id: str) -> None:
        if source_id == "src_0":
            message = "postgresql://user:secret@host"
            raise ZeroDivisionError(message)

    world.channel.before_send = fail
    record = await world.ask("top_0_0", "top_1_0")
    failed, sent = record.snapshots
    assert (failed.state, failed.code) == (SnapshotState.UNCONFIRMED, SnapshotErrorCode.CHANNEL_UNAVAILABLE)
    assert failed.answer is not None
    assert "secret" not in failed.answer.message
    assert sent.state is SnapshotState.DISPATCHED


async def test_an_unreachable_kafka_connect_is_a_warning_only(world: World) -> None:
    world.connectors.unreachable = True
    record = await world.ask("top_0_0")
    (snapshot,) = record.snapshots
    assert snapshot.answer is not None
    assert snapshot.state is SnapshotState.DISPATCHED
    assert "does not answer" in snapshot.answer.message
    assert "does not answer" in (snapshot.message or "")


async def test_a_fault_in_asking_kafka_connect_is_a_warning_only(world: World) -> None:
    async def fail(cluster_id: str) -> None:
        message = "http://user:secret@host"
        raise ZeroDivisionError(message)

    world.connectors.on_ask = fail
    (snapshot,) = (await world.ask("top_0_0")).snapshots
    assert snapshot.answer is not None
    assert snapshot.state is SnapshotState.DISPATCHED
    assert "state is unknown" in snapshot.answer.message
    assert "secret" not in snapshot.answer.message


async def test_several_signals_are_announced_and_only_the_first_is_sent(database: Database) -> None:
    world = make_world(database)
    await fill(world, catalogue(1, 3))
    async with database.write() as connection:
        await connection.exec_driver_sql(
            "UPDATE connector SET signal_channel = 'SOURCE_TABLE', signal_data_limit = 70 WHERE id = 'src_0'"
        )
    (snapshot,) = (await world.ask("top_0_0", "top_0_1", "top_0_2")).snapshots
    assert [signal.state for signal in snapshot.signals] == [SignalState.SENT, SignalState.PENDING, SignalState.PENDING]
    assert len(world.recording.recorded) == 1
    assert snapshot.answer is not None
    assert "first of 3 signals" in snapshot.answer.message


async def test_a_topic_of_another_tenant_does_not_exist(world: World) -> None:
    await fill(world, catalogue(1, 1), tenant_id="other")
    async with world.database.write() as connection:
        await connection.exec_driver_sql("UPDATE topic SET id = 'theirs' WHERE tenant_id = 'other'")
    record = await world.ask("theirs")
    assert [skip.reason for skip in record.skips] == [SkipReason.TOPIC_NOT_FOUND]
    assert [skip.topic for skip in record.skips] == [None]


async def test_the_statements_of_the_main_job_are_few_whatever_the_number_of_topics(database: Database) -> None:
    world = make_world(database)
    await fill(world, catalogue(50, 10))
    counted: list[int] = []
    for sources, tables in ((1, 1), (50, 10)):
        with StatementCounter(database) as statements:
            record = await world.ask(*(f"top_{n}_{t}" for n in range(sources) for t in range(tables)), key=f"{sources}")
        counted.append(len(statements))
        await end_all(world, record, tables)
    assert counted[0] == counted[1] == STATEMENTS


STATEMENTS = 23
"""With an idempotency key; of them 5 read the record that is answered, 1 the connectors that need a restart."""


async def end_all(world: World, record: BulkSnapshotRecord, tables: int) -> None:
    for snapshot in record.snapshots:
        source = int(snapshot.source.id.removeprefix("src_"))
        await world.tell(*world.ended(snapshot.signals[0].id, *range(tables), source=source))
    assert await world.held() == {}


async def test_a_reused_key_is_told_before_anything_is_recorded(world: World) -> None:
    await world.ask("top_0_0", key="k")
    with pytest.raises(RequestError) as caught:
        await world.ask("top_1_0", key="k")
    assert caught.value.code is UserErrorCode.IDEMPOTENCY_KEY_REUSED
    assert len(await world.all_bulks()) == 1
