"""The stand-in for Debezium tells what Debezium would."""

import asyncio
from collections.abc import Sequence

import pytest

from gateway.demo.simulator import Simulator
from snapshots.channels import SignalChannelKind
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.signal_channel import OutgoingSignal
from tests.support.waiting import FAULT_SECONDS

K = NotificationKind
SOURCE = SourceConnector(
    "src_1",
    Cluster("clu_1", "demo", None, None),
    "shop-connector",
    topic_prefix="shop",
    notification_topic="shop.notifications",
    signal_channel=SignalChannelKind.RECORDING,
)


async def play(snapshot_type: str) -> list[Notification]:
    told: list[Notification] = []
    ended = asyncio.Event()

    async def apply(cluster_id: str, notifications: Sequence[Notification]) -> None:
        assert cluster_id == "clu_1"
        told.extend(notifications)
        if notifications[-1].kind is K.COMPLETED:
            ended.set()

    simulator = Simulator({("shop", "public.orders"): 100}, rows_a_second=100_000)
    simulator.report_to(apply)
    data = f'{{"data-collections":["public.orders","public.empty"],"type":"{snapshot_type}"}}'
    await simulator.channel.send(SOURCE, OutgoingSignal("sig_1", "execute-snapshot", data))
    async with asyncio.timeout(FAULT_SECONDS):
        await ended.wait()
    await simulator.close()
    return told


async def test_an_incremental_snapshot_from_its_start_to_its_end() -> None:
    told = await play("INCREMENTAL")
    assert [notification.kind for notification in told] == [
        K.STARTED,
        K.IN_PROGRESS,
        K.TABLE_SCAN_COMPLETED,
        K.IN_PROGRESS,
        K.TABLE_SCAN_COMPLETED,
        K.COMPLETED,
    ]
    scanned = [(one.scanned_collection, one.status, one.rows_scanned) for one in told if one.scanned_collection]
    assert scanned == [("public.orders", "SUCCEEDED", 100), ("public.empty", "EMPTY", 0)]
    assert {one.id for one in told} == {"sig_1"}
    assert [one.offset for one in told] == list(range(6))


async def test_a_blocking_snapshot_does_not_tell_whose_it_is() -> None:
    told = await play("BLOCKING")
    assert all(not one.incremental for one in told)
    assert len({one.id for one in told}) == len(told)


@pytest.mark.parametrize("moment", [0.0, 0.35])
async def test_closing_ends_what_is_under_way(moment: float) -> None:
    simulator = Simulator({("shop", "t"): 10**9})
    data = '{"data-collections":["t"],"type":"INCREMENTAL"}'
    await simulator.channel.send(SOURCE, OutgoingSignal("sig_1", "execute-snapshot", data))
    await asyncio.sleep(moment)
    async with asyncio.timeout(FAULT_SECONDS):
        await simulator.close()
