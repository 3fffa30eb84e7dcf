"""What goes wrong for one source or table is told for it, with its code, and harms no other."""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from resolvers.following.abandon_snapshots import abandon_snapshots
from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.requesting.settle import settle
from sandbox.waiting import eventually
from snapshots.following.abandoning import AbandonRequest
from snapshots.identifiers import utc_now
from snapshots.model import Cluster
from snapshots.records import AnswerKind, SourceAnswer, SourceSnapshotRecord
from snapshots.requesting.retry_policy import RetryPolicy
from snapshots.states import BulkSnapshotState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import ConnectorState, SnapshotErrorCode, SnapshotType, TopicSnapshotOutcome
from tests.e2e.places import GHOST, LATE_KAFKA, MISSING_TABLE, MUTE_KAFKA, NO_CONNECT, NO_KAFKA, Door, seen_from
from tests.e2e.raw_signals import completed
from tests.support.debezium.gateway import CLUSTER, END_SECONDS, TENANT, Gateway, beside, part, topics_of
from tests.support.debezium.sources import DEPOT, TILL, OwnSource

pytestmark = pytest.mark.e2e


def answer_of(snapshot: SourceSnapshotRecord) -> SourceAnswer:
    assert snapshot.answer
    return snapshot.answer


def assert_failed(snapshot: SourceSnapshotRecord, code: SnapshotErrorCode, *, retryable: bool) -> SourceAnswer:
    """It failed for certain: told so, recorded so, and its source is free."""
    answer = answer_of(snapshot)
    assert (answer.kind, answer.code, answer.retryable) == (AnswerKind.FAILED, code, retryable)
    assert (snapshot.state, snapshot.code) == (SnapshotState.FAILED, code)
    assert all(topic.state is TopicSnapshotState.FAILED for topic in snapshot.topics)
    return answer


async def test_a_paused_connector_fails_alone_and_works_when_resumed(gateway: Gateway) -> None:
    watch, known = gateway.chain.arrivals.watch(TILL, DEPOT), await gateway.chain.signals(TILL)
    request = gateway.request((TILL, "vouchers"), (DEPOT, "pallets"))

    async with paused(gateway, TILL):
        refused = await gateway.call(request)

        answer = assert_failed(part(refused, TILL), SnapshotErrorCode.CONNECTOR_NOT_RUNNING, retryable=True)
        assert answer.message == "Connector till-connector is PAUSED. Start it, then send the request again."
        assert answer_of(part(refused, DEPOT)).kind is AnswerKind.DISPATCHED
        assert await gateway.chain.signals(TILL) == known
        ended = await gateway.ended(refused.id)
        assert ended.state is BulkSnapshotState.PARTIALLY_COMPLETED

    again = await gateway.ended((await gateway.call(request)).id)
    assert [(one.state, one.message) for one in again.snapshots] == [(SnapshotState.COMPLETED, None)] * 2
    assert await watch.counts() == {TILL.topic("vouchers"): 40, DEPOT.topic("pallets"): 80}


async def test_sources_that_cannot_be_reached_fail_alone(gateway: Gateway) -> None:
    """A connector that is gone, a Kafka that is away or mute: all in one request with a source that is well."""
    watch = gateway.chain.arrivals.watch(DEPOT, TILL)
    topics = [GHOST, *(seen_from(cluster) for cluster in (NO_KAFKA, MUTE_KAFKA))]
    request = gateway.request(*(gateway.topic_ids[topic] for topic in topics), (DEPOT, "pallets"))

    async with beside(gateway, deadline_seconds=5) as hasty:
        answered = await hasty.call(request)
        last = dataclasses.replace(
            hasty.services, retries=RetryPolicy(1), clock=lambda: utc_now() + timedelta(minutes=1)
        )
        assert await settle(last, TENANT) == 2

    ghost, no_kafka, mute_kafka, depot = answered.snapshots
    answer = assert_failed(ghost, SnapshotErrorCode.CONNECTOR_NOT_FOUND, retryable=False)
    assert answer.message == "Kafka Connect of cluster e2e has no connector ghost. Create it, or run `topicsnap sync`."
    for away in (no_kafka, mute_kafka):
        answer = answer_of(away)
        assert (answer.kind, answer.code) == (AnswerKind.UNCONFIRMED, SnapshotErrorCode.CHANNEL_UNAVAILABLE)
        assert away.state is SnapshotState.UNCONFIRMED
    assert answer_of(no_kafka).message.startswith(
        "None of the cluster's Kafka brokers can be reached. Nothing was sent. Topicsnap will try again: attempt 2 of 6"
    )
    assert answer_of(depot).kind is AnswerKind.DISPATCHED
    given_up = await gateway.record(answered.id)
    for snapshot in given_up.snapshots[1:3]:
        assert (snapshot.state, snapshot.code) == (SnapshotState.FAILED, SnapshotErrorCode.CHANNEL_UNAVAILABLE)
        assert (snapshot.message or "").endswith("Topicsnap gave up after 2 attempts.")
    ended = await gateway.ended(answered.id)
    assert ended.state is BulkSnapshotState.PARTIALLY_COMPLETED
    assert part(ended, DEPOT).state is SnapshotState.COMPLETED
    assert await watch.counts() == {DEPOT.topic("pallets"): 40}


async def test_a_kafka_that_comes_back_is_sent_to_then(gateway: Gateway, late_kafka: Door) -> None:
    """Nothing was sent while it was away, and once after that."""
    watch, known = gateway.chain.arrivals.watch(TILL), await gateway.chain.signals(TILL)
    topic_id = gateway.topic_ids[seen_from(LATE_KAFKA)]

    async with beside(gateway, deadline_seconds=1) as hasty:
        answered = await hasty.call(gateway.request(topic_id))
    [snapshot] = answered.snapshots
    answer = answer_of(snapshot)
    assert (answer.kind, answer.code) == (AnswerKind.UNCONFIRMED, SnapshotErrorCode.CHANNEL_UNAVAILABLE)
    assert "Nothing was sent. Topicsnap will try again" in answer.message
    assert await gateway.chain.signals(TILL) == known

    async with late_kafka.open():
        # As if its rest were over.
        later = dataclasses.replace(gateway.services, clock=lambda: utc_now() + timedelta(minutes=1))
        assert await settle(later, TENANT) == 1
    [snapshot] = (await gateway.record(answered.id)).snapshots
    assert snapshot.state is SnapshotState.DISPATCHED

    signal_id = snapshot.signals[0].id
    await completed(gateway.chain, TILL, signal_id)
    # Its cluster's notifications are followed by nobody.
    await abandon_snapshots(gateway.services, LOCAL_PRINCIPAL, AbandonRequest((snapshot.id,)))
    assert await gateway.chain.signals(TILL) == known + Counter([signal_id])
    assert await watch.counts() == {TILL.topic("vouchers"): 40}


async def test_without_kafka_connect_the_signal_goes_all_the_same(gateway: Gateway) -> None:
    """And is followed: the notifications tell of it, whichever cluster it was asked of."""
    watch = gateway.chain.arrivals.watch(TILL)
    topic_id = gateway.topic_ids[seen_from(NO_CONNECT)]

    answered = await gateway.call(gateway.request(topic_id))

    [snapshot] = answered.snapshots
    assert answer_of(snapshot).kind is AnswerKind.DISPATCHED
    assert " The connector's state is unknown: " in answer_of(snapshot).message
    assert (await gateway.ended(answered.id)).state is BulkSnapshotState.COMPLETED
    assert await watch.counts() == {TILL.topic("vouchers"): 40}


async def test_without_its_signal_table_a_source_fails_alone(gateway: Gateway) -> None:
    """Renamed away rather than dropped, since Debezium watches the table itself, not its name."""
    watch, known = gateway.chain.arrivals.watch(DEPOT, TILL), await gateway.chain.signals(DEPOT)
    request = gateway.request((DEPOT, "pallets"), (TILL, "vouchers"))

    async with without_signal_table(gateway, DEPOT):
        answered = await gateway.call(request)
        answer = assert_failed(part(answered, DEPOT), SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, retryable=False)
        assert "the signal table does not exist" in answer.message
        assert (await gateway.ended(answered.id)).state is BulkSnapshotState.PARTIALLY_COMPLETED

    assert await gateway.chain.signals(DEPOT) == known
    assert await watch.counts() == {TILL.topic("vouchers"): 40}


@pytest.mark.parametrize("snapshot_type", list(SnapshotType))
async def test_a_table_that_does_not_exist_fails_alone(gateway: Gateway, snapshot_type: SnapshotType) -> None:
    """Named first, so that it could spoil the others; of a blocking snapshot Debezium tells nothing of such a table."""
    told = {
        SnapshotType.INCREMENTAL: TopicSnapshotOutcome.UNKNOWN_TABLE,
        SnapshotType.BLOCKING: TopicSnapshotOutcome.NOT_REPORTED,
    }[snapshot_type]
    watch = gateway.chain.arrivals.watch(DEPOT, TILL)

    answered = await gateway.call(
        gateway.request(
            (DEPOT, MISSING_TABLE),
            (DEPOT, "pallets"),
            (TILL, MISSING_TABLE),
            (DEPOT, "orders"),
            snapshot_type=snapshot_type,
        )
    )

    ended = await gateway.ended(answered.id)
    depot, till = ended.snapshots
    assert (depot.state, depot.code) == (SnapshotState.PARTIALLY_COMPLETED, SnapshotErrorCode.TABLES_FAILED)
    assert (till.state, till.code) == (SnapshotState.FAILED, SnapshotErrorCode.TABLES_FAILED)
    assert {name: topic.outcome for name, topic in topics_of(depot).items()} == {
        MISSING_TABLE: told,
        "pallets": TopicSnapshotOutcome.SUCCEEDED,
        "orders": TopicSnapshotOutcome.SUCCEEDED,
    }
    assert topics_of(till)[MISSING_TABLE].outcome is told
    rows = {table.name: table.rows for table in DEPOT.tables}
    assert await watch.counts() == {DEPOT.topic(name): rows[name] for name in ("pallets", "orders")}


@asynccontextmanager
async def paused(gateway: Gateway, source: OwnSource) -> AsyncIterator[None]:
    """Pause its connector, so that the gateway knows it; at the end, so that it knows that it runs again."""
    connect, name = gateway.chain.sandbox.connect, source.source.connector
    await connect.pause(name)
    await asyncio.gather(connect.wait_for_state(name, "PAUSED"), seen_as(gateway, name, ConnectorState.PAUSED))
    try:
        yield
    finally:
        await connect.resume(name)
        await asyncio.gather(connect.wait_running(name), seen_as(gateway, name, ConnectorState.RUNNING))


async def seen_as(gateway: Gateway, connector: str, state: ConnectorState) -> None:
    """Wait until the gateway sees the connector in this state: it keeps what it has seen for two seconds."""
    clusters = await gateway.services.catalog.clusters(TENANT)
    [cluster] = [one for one in clusters if one.name == CLUSTER]

    async def seen() -> bool:
        return await _state(gateway, cluster, connector) is state

    await eventually(seen, END_SECONDS, f"{connector} to be seen as {state}")


async def _state(gateway: Gateway, cluster: Cluster, connector: str) -> ConnectorState:
    return (await gateway.services.engine.connector_states.observe(cluster))[connector].state


@asynccontextmanager
async def without_signal_table(gateway: Gateway, source: OwnSource) -> AsyncIterator[None]:
    await gateway.chain.execute(source, "ALTER TABLE public.debezium_signal RENAME TO put_away")
    try:
        yield
    finally:
        await gateway.chain.execute(source, "ALTER TABLE public.put_away RENAME TO debezium_signal")
