"""What a crash or a passed deadline left open is settled by looking: nothing is lost, and nothing is sent twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from persistence.embedded.sessions import connected
from persistence.ledger.requesting.opening_rows import NewBulkSnapshot, OpenedBulkSnapshot
from persistence.ledger.requesting.sending import SignalKey
from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.requesting.bulk_snapshot import OPERATION
from resolvers.requesting.settle import settle
from sandbox.waiting import eventually
from snapshots.ports.signal_channel import OutgoingSignal, Presence, Receipt
from snapshots.records import AnswerKind
from snapshots.requesting.dispatch import Send
from snapshots.requesting.planning import make_plan
from snapshots.requesting.request import BulkSnapshotRequest
from snapshots.signalling.packing import EXECUTE_SNAPSHOT
from snapshots.states import BulkSnapshotState, SignalState, SnapshotState
from snapshots.vocabulary import SnapshotErrorCode
from tests.support.debezium.chain import Chain
from tests.support.debezium.gateway import END_SECONDS, TENANT, Gateway, beside, part
from tests.support.debezium.sources import ARCHIVE, DEPOT, TILL, OwnSource

pytestmark = pytest.mark.e2e

SOURCES = (DEPOT, TILL)
"""One for each channel."""
EXPECTED = {DEPOT.topic("pallets"): 40, TILL.topic("vouchers"): 40}


def request(gateway: Gateway) -> BulkSnapshotRequest:
    return gateway.request((DEPOT, "pallets"), (TILL, "vouchers"))


async def open_only(gateway: Gateway) -> OpenedBulkSnapshot:
    """Record a bulk snapshot as a gateway does that dies just then; its lease is over."""
    services, asked = gateway.services, request(gateway)
    now = services.clock()
    plan = make_plan(asked, await services.catalog.routes(TENANT, asked.distinct_ids))
    new = NewBulkSnapshot(TENANT, OPERATION, LOCAL_PRINCIPAL.subject, now, asked, plan)
    opened = await services.ledger.opening.open(new, lease_until=now - timedelta(seconds=1))
    assert opened
    return opened


async def start_sending(gateway: Gateway, opened: OpenedBulkSnapshot) -> None:
    """Write SENDING for it as well; again its lease is over."""
    keys = [SignalKey(one.source_snapshot_id, one.signals[0][0]) for one in opened.sources]
    now = gateway.services.clock()
    attempts = await gateway.services.ledger.sending.start(
        TENANT, keys, at=now, lease_until=now - timedelta(seconds=1), cause="dispatch"
    )
    assert len(attempts) == len(keys)


def sends(opened: OpenedBulkSnapshot) -> list[Send]:
    found = []
    for one in opened.sources:
        signal_id, draft = one.signals[0]
        channel = one.job.source.signal_channel
        assert channel
        found.append(Send(one.job.source, OutgoingSignal(signal_id, EXECUTE_SNAPSHOT, draft.data), channel))
    return found


async def assert_sent_once(gateway: Gateway, opened: OpenedBulkSnapshot, known: dict[OwnSource, Counter[str]]) -> None:
    ids = [one.signals[0][0] for one in opened.sources]
    assert [await gateway.chain.signals(source) for source in SOURCES] == [
        known[source] + Counter([signal_id]) for source, signal_id in zip(SOURCES, ids, strict=True)
    ]


async def known_signals(chain: Chain) -> dict[OwnSource, Counter[str]]:
    return {source: await chain.signals(source) for source in SOURCES}


async def test_what_was_recorded_and_never_sent_is_sent_once(gateway: Gateway) -> None:
    """Two replicas sweep at the same time."""
    watch, known = gateway.chain.arrivals.watch(*SOURCES), await known_signals(gateway.chain)
    opened = await open_only(gateway)

    async with beside(gateway) as second:
        taken = await asyncio.gather(settle(gateway.services, TENANT), settle(second.services, TENANT))

    assert sum(taken) == 2
    ended = await gateway.ended(opened.id)
    assert ended.state is BulkSnapshotState.COMPLETED
    assert await settle(gateway.services, TENANT) == 0
    await assert_sent_once(gateway, opened, known)
    assert await watch.counts() == EXPECTED


async def test_what_was_about_to_be_sent_is_proved_absent_and_sent_once(gateway: Gateway) -> None:
    watch, known = gateway.chain.arrivals.watch(*SOURCES), await known_signals(gateway.chain)
    opened = await open_only(gateway)
    await start_sending(gateway, opened)

    assert await settle(gateway.services, TENANT) == 2

    ended = await gateway.ended(opened.id)
    assert ended.state is BulkSnapshotState.COMPLETED
    assert await settle(gateway.services, TENANT) == 0
    await assert_sent_once(gateway, opened, known)
    assert await watch.counts() == EXPECTED


async def test_what_was_sent_and_never_recorded_is_found(gateway: Gateway) -> None:
    """The connectors are paused meanwhile, so that no notification tells sooner; then they read what waits."""
    watch, known = gateway.chain.arrivals.watch(*SOURCES), await known_signals(gateway.chain)
    async with paused(gateway.chain, *SOURCES):
        opened = await open_only(gateway)
        await start_sending(gateway, opened)
        dispatcher, wanted = gateway.services.dispatcher, sends(opened)
        outcomes = await dispatcher.dispatch(wanted, dispatcher.lease(gateway.services.clock(), len(wanted)))
        assert all(isinstance(outcome, Receipt) for outcome in outcomes)

        assert await settle(gateway.services, TENANT) == 2

        settled = await gateway.record(opened.id)
        for source in SOURCES:
            snapshot = part(settled, source)
            assert snapshot.state is SnapshotState.DISPATCHED
            assert [(signal.state, signal.destination) for signal in snapshot.signals] == [
                (SignalState.SENT, "found in its channel")
            ]
        await assert_sent_once(gateway, opened, known)

    ended = await gateway.ended(opened.id)
    assert ended.state is BulkSnapshotState.COMPLETED
    await assert_sent_once(gateway, opened, known)
    assert await watch.counts() == EXPECTED


async def test_a_passed_deadline_is_unconfirmed_then_settled(gateway: Gateway) -> None:
    """The signal table is locked until after the deadline; whether the insert arrived is for settle to find out."""
    watch, known = gateway.chain.arrivals.watch(DEPOT), await gateway.chain.signals(DEPOT)

    async with beside(gateway, deadline_seconds=1) as hasty, locked(gateway.chain, DEPOT):
        answered = await hasty.call(gateway.request((DEPOT, "pallets")))
        snapshot = part(answered, DEPOT)
        assert snapshot.answer
        assert snapshot.answer.kind is AnswerKind.UNCONFIRMED
        assert snapshot.answer.code is SnapshotErrorCode.DISPATCH_TIMEOUT
        assert snapshot.state is SnapshotState.UNCONFIRMED

    async def settled() -> bool:
        await settle(gateway.services, TENANT)
        return part(await gateway.record(answered.id), DEPOT).state is not SnapshotState.UNCONFIRMED

    await eventually(settled, END_SECONDS, "the unconfirmed signal to be settled")
    ended = await gateway.ended(answered.id)
    assert ended.state is BulkSnapshotState.COMPLETED
    assert part(ended, DEPOT).code is None
    assert await gateway.chain.signals(DEPOT) == known + Counter([snapshot.signals[0].id])
    assert await watch.counts() == {DEPOT.topic("pallets"): 40}


async def test_what_is_not_there_is_proved_absent(gateway: Gateway) -> None:
    """Over topics that hold a history, with the markers of searches before: the ground that settling stands on."""
    asked = gateway.request((DEPOT, "pallets"), (TILL, "vouchers"), (ARCHIVE, "wills"))
    routes = await gateway.services.catalog.routes(TENANT, asked.distinct_ids)
    for job in make_plan(asked, routes).jobs:
        channel = job.source.signal_channel
        assert channel
        signal = OutgoingSignal(gateway.services.ids("sig"), EXECUTE_SNAPSHOT, job.signals[0].data)
        assert await gateway.services.dispatcher.find(Send(job.source, signal, channel)) is Presence.ABSENT


@asynccontextmanager
async def paused(chain: Chain, *sources: OwnSource) -> AsyncIterator[None]:
    connect = chain.sandbox.connect
    await asyncio.gather(*(connect.pause(source.source.connector) for source in sources))
    await asyncio.gather(*(connect.wait_for_state(source.source.connector, "PAUSED") for source in sources))
    try:
        yield
    finally:
        await asyncio.gather(*(connect.resume(source.source.connector) for source in sources))
        await asyncio.gather(*(connect.wait_running(source.source.connector) for source in sources))


@asynccontextmanager
async def locked(chain: Chain, source: OwnSource) -> AsyncIterator[None]:
    """Hold a lock on the signal table that lets nobody write."""
    async with connected(chain.database_url(source)) as connection:
        await connection.execute("BEGIN")
        await connection.execute(f"LOCK TABLE {source.source.signal_table} IN SHARE ROW EXCLUSIVE MODE")
        yield
        await connection.execute("ROLLBACK")
