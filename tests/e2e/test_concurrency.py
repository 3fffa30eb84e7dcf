"""Who wins when several ask at once: one snapshot a source, and one dispatch for an idempotency key."""

import asyncio
from collections import Counter

import pytest

from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.requesting.bulk_snapshot import bulk_snapshot_topics
from snapshots.records import AnswerKind
from snapshots.states import BulkSnapshotState, SnapshotState
from snapshots.vocabulary import SnapshotErrorCode
from tests.support.debezium.gateway import Gateway, beside, part
from tests.support.debezium.sources import DEPOT, NARROW, TILL

pytestmark = pytest.mark.e2e

CALLS = 50
STATION = "measurements_of_station_07"


async def test_of_two_requests_for_one_source_one_wins(gateway: Gateway) -> None:
    """The loser's other source is untouched, and the source is free again when the winner has ended."""
    watch = gateway.chain.arrivals.watch(DEPOT, TILL)

    both = await asyncio.gather(
        gateway.call(gateway.request((DEPOT, "crates"))),
        gateway.call(gateway.request((DEPOT, "pallets"), (TILL, "vouchers"))),
    )

    answers = [part(record, DEPOT).answer for record in both]
    kinds = [answer.kind for answer in answers if answer]
    assert sorted(kinds) == [AnswerKind.DISPATCHED, AnswerKind.FAILED]
    winner, loser = (part(both[kinds.index(kind)], DEPOT) for kind in (AnswerKind.DISPATCHED, AnswerKind.FAILED))
    assert loser.state is SnapshotState.FAILED
    assert loser.answer
    assert loser.answer.code is SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING
    assert loser.answer.retryable
    assert winner.id in loser.answer.message
    assert loser.signals == ()
    other = part(both[1], TILL).answer
    assert other
    assert other.kind is AnswerKind.DISPATCHED

    await asyncio.gather(*(gateway.ended(record.id) for record in both))
    again = await gateway.call(gateway.request((DEPOT, "pallets")))
    assert (await gateway.ended(again.id)).state is BulkSnapshotState.COMPLETED
    table, rows = [("crates", 2000), ("pallets", 40)][kinds.index(AnswerKind.DISPATCHED)]
    expected = {DEPOT.topic(table): rows, TILL.topic("vouchers"): 40}
    expected[DEPOT.topic("pallets")] = expected.get(DEPOT.topic("pallets"), 0) + 40
    assert await watch.counts() == expected


async def test_one_key_is_dispatched_once_by_two_gateways(gateway: Gateway) -> None:
    """Fifty calls at once, half of them at a second gateway over the same database."""
    watch = gateway.chain.arrivals.watch(DEPOT, TILL, NARROW)
    known = {source: await gateway.chain.signals(source) for source in (DEPOT, TILL, NARROW)}
    request = gateway.request(
        (DEPOT, "pallets"), (TILL, "vouchers"), (NARROW, STATION), "top_unknown", idempotency_key="once"
    )

    async with beside(gateway) as second:
        answered = await asyncio.gather(
            *(
                bulk_snapshot_topics((gateway, second)[call % 2].services, LOCAL_PRINCIPAL, request)
                for call in range(CALLS)
            )
        )

    [bulk_id] = {record.id for record in answered}
    assert all(record.answered for record in answered)
    told = {tuple(snapshot.answer for snapshot in record.snapshots) for record in answered}
    assert len(told) == 1
    assert all(answer and answer.kind is AnswerKind.DISPATCHED for answer in told.pop())
    ended = await gateway.ended(bulk_id)
    assert ended.state is BulkSnapshotState.COMPLETED
    for source, before in known.items():
        assert await gateway.chain.signals(source) == before + Counter([part(ended, source).signals[0].id])
    replayed = await gateway.call(request)
    assert replayed == ended
    assert await watch.counts() == {
        DEPOT.topic("pallets"): 40,
        TILL.topic("vouchers"): 40,
        NARROW.topic(STATION): 7,
    }
