"""Opening a bulk snapshot: recorded whole, each source taken by one snapshot at a time."""

import asyncio
import random

from persistence.ledger.requesting.sending import SignalKey
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SkipReason, SnapshotErrorCode
from tests.support.ledger_bench import TENANT, Bench


async def test_everything_asked_is_recorded_in_the_order_of_the_request(bench: Bench) -> None:
    opened = await bench.open("top_src_1_0", "nobody", "top_src_0_2", "top_src_1_1")
    record = (await bench.ledger.reading.bulk_snapshots(TENANT, [opened.id]))[opened.id]
    assert [(s.source.id, [t.topic.id for t in s.topics]) for s in record.snapshots] == [
        ("src_1", ["top_src_1_0", "top_src_1_1"]),
        ("src_0", ["top_src_0_2"]),
    ]
    assert [(skip.topic_id, skip.reason) for skip in record.skips] == [("nobody", SkipReason.TOPIC_NOT_FOUND)]
    assert {s.state for s in record.snapshots} == {SnapshotState.PENDING}
    assert not record.answered


async def test_another_tenant_sees_nothing_of_it(bench: Bench) -> None:
    opened = await bench.open("top_src_1_0")
    assert await bench.ledger.reading.bulk_snapshots("other", [opened.id]) == {}
    assert await bench.ledger.reading.source_snapshots("other", [opened.sources[0].source_snapshot_id]) == {}
    assert await bench.ledger.reading.active_snapshots("other", ["src_1"]) == {}
    assert await bench.ledger.reading.last_topic_snapshots("other", ["top_src_1_0"]) == {}


async def test_a_source_that_is_held_fails_and_the_others_go_on(bench: Bench) -> None:
    first = await bench.open("top_src_0_0")
    second = await bench.open("top_src_0_1", "top_src_1_0")
    refused, free = second.sources
    assert refused.refusal is not None
    assert refused.refusal.code is SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING
    assert first.sources[0].source_snapshot_id in refused.refusal.message
    assert free.refusal is None
    record = (await bench.ledger.reading.bulk_snapshots(TENANT, [second.id]))[second.id]
    assert [s.state for s in record.snapshots] == [SnapshotState.FAILED, SnapshotState.PENDING]
    assert record.snapshots[0].topics[0].state is TopicSnapshotState.FAILED
    held = await bench.ledger.reading.active_snapshots(TENANT, bench.source_ids)
    assert {source: snapshot.bulk_snapshot_id for source, snapshot in held.items()} == {
        "src_0": first.id,
        "src_1": second.id,
    }


async def test_one_of_fifty_calls_with_the_same_key_opens(bench: Bench) -> None:
    new = bench.request(["top_src_0_0", "top_src_1_0"], key="once")
    opened = await asyncio.gather(*(bench.ledger.opening.open(new, lease_until=bench.lease()) for _ in range(50)))
    assert sum(one is not None for one in opened) == 1
    record = await bench.ledger.opening.find_by_key(TENANT, "somebody", "bulkSnapshotTopics", "once", at=bench.now)
    assert record is not None
    assert record.request_hash == new.request.hash


async def test_a_key_is_forgotten_after_its_days(bench: Bench) -> None:
    new = bench.request(["top_src_0_0"], key="once")
    assert await bench.ledger.opening.open(new, lease_until=bench.lease()) is not None
    bench.now = bench.lease(6.9 * 86_400)
    assert (
        await bench.ledger.opening.open(bench.request(["top_src_1_0"], key="once"), lease_until=bench.lease()) is None
    )
    bench.now = bench.lease(0.2 * 86_400)
    assert (
        await bench.ledger.opening.open(bench.request(["top_src_1_0"], key="once"), lease_until=bench.lease())
        is not None
    )


async def test_a_hundred_requests_over_overlapping_sources_neither_deadlock_nor_double(bench: Bench) -> None:
    order = random.Random(7)  # noqa: S311 (an order, not a secret)

    async def ask() -> int:
        sources = order.sample(range(6), k=order.randint(2, 6))
        opened = await bench.open(*(f"top_src_{number}_0" for number in sources))
        return sum(source.refusal is None for source in opened.sources)

    won = await asyncio.gather(*(ask() for _ in range(100)))
    assert sum(won) == len(await bench.ledger.reading.active_snapshots(TENANT, bench.source_ids)) == 6


async def test_sending_is_begun_once_by_whoever_comes_first(bench: Bench) -> None:
    opened = await bench.open("top_src_0_0")
    source = opened.sources[0]
    key = SignalKey(source.source_snapshot_id, source.signals[0][0])
    begun = await asyncio.gather(
        *(
            bench.ledger.sending.start(TENANT, [key], at=bench.now, lease_until=bench.lease(), cause="test")
            for _ in range(10)
        )
    )
    assert sorted(map(len, begun)) == [0] * 9 + [1]
    record = (await bench.ledger.reading.source_snapshots(TENANT, [key.source_snapshot_id]))[key.source_snapshot_id]
    assert record.state is SnapshotState.SENDING
    assert record.signals[0].state is SignalState.SENDING
