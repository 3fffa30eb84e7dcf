"""Handing out signals whose sender is gone: past their lease only, to one taker each."""

import asyncio

from snapshots.following.notifications import NotificationKind
from snapshots.requesting.dispatch import Unconfirmed
from snapshots.states import SignalState
from snapshots.vocabulary import SnapshotErrorCode
from tests.support.ledger_bench import TENANT, Bench

LOST = Unconfirmed(SnapshotErrorCode.DISPATCH_TIMEOUT, "No answer.")


async def claim(bench: Bench, *, after_seconds: float, most: int = 50) -> set[tuple[str, SignalState]]:
    due = await bench.ledger.settling.claim(
        TENANT, at=bench.lease(after_seconds), lease_until=bench.lease(after_seconds + 60), most=most
    )
    return {(signal.source.id, signal.state) for signal in due}


async def test_what_is_recorded_but_not_sent_is_handed_out_after_its_lease(bench: Bench) -> None:
    await bench.open("top_src_0_0", "top_src_1_0")
    assert await claim(bench, after_seconds=29) == set()
    assert await claim(bench, after_seconds=31) == {("src_0", SignalState.PENDING), ("src_1", SignalState.PENDING)}
    assert await claim(bench, after_seconds=32) == set()


async def test_a_lost_signal_rests_a_moment_and_is_then_handed_out(bench: Bench) -> None:
    await bench.dispatch("top_src_0_0", outcome=LOST)
    assert await claim(bench, after_seconds=1) == set()
    assert await claim(bench, after_seconds=3) == {("src_0", SignalState.UNCONFIRMED)}


async def test_what_was_sent_or_has_ended_is_never_handed_out(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    assert await claim(bench, after_seconds=1e6) == set()
    await bench.tell(
        bench.notification(NotificationKind.STARTED, key.signal_id),
        bench.notification(NotificationKind.COMPLETED, key.signal_id),
    )
    assert await claim(bench, after_seconds=1e6) == set()


async def test_ten_sweeps_at_once_share_what_is_due(bench: Bench) -> None:
    await bench.open(*(f"top_src_{number}_0" for number in range(6)))
    shares = await asyncio.gather(*(claim(bench, after_seconds=31, most=2) for _ in range(10)))
    taken = [source for share in shares for source, _ in share]
    assert sorted(taken) == bench.source_ids


async def test_another_tenant_is_handed_nothing(bench: Bench) -> None:
    await bench.open("top_src_0_0")
    assert await bench.ledger.settling.claim("other", at=bench.lease(99), lease_until=bench.lease(100), most=9) == ()
