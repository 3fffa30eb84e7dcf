"""What Topicsnap stands on is killed or frozen in mid-snapshot: the gateway goes on by itself when it is back."""

import os
import signal

import pytest

from persistence.embedded import EmbeddedPostgresError
from sandbox.waiting import eventually
from tests.faults.counts import Mark
from tests.faults.midway import ASKED, begun
from tests.faults.processes import Gateway
from tests.faults.sources import DESK, MIRROR, SAFE
from tests.faults.stand import Stand

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGQUIT])
async def test_postgresql_of_topicsnap(stand: Stand, survivor: Gateway, number: signal.Signals) -> None:
    mark, own = await begun(stand, survivor), stand.chain.own
    assert own.pid is not None
    os.kill(own.pid, number)

    async def gone() -> bool:
        return own.pid is None

    await eventually(gone, 20.0, "the end of PostgreSQL")
    assert await survivor.ask(stand.ids((SAFE, "two")), seconds=20) is None, "accepted without a ledger"
    await own.stop()

    async def started() -> bool:
        try:
            await own.start()
        except EmbeddedPostgresError:  # the backends of the one that was killed have not all noticed
            await own.stop()
            return False
        return True

    await eventually(started, 30.0, "PostgreSQL to run again")

    counts = await stand.account(mark)

    assert (counts.accepted, counts.succeeded, counts.signals, counts.lost) == (4, 4, 4, 0)


async def kept(stand: Stand, mark: Mark) -> None:
    """Return when Kafka Connect has written the offsets of what is under way over Kafka, or it has ended.

    Until then Debezium may lose it by a crash: its reader of Kafka signals commits by a clock of its own.
    """
    [record] = await stand.records(mark)
    [signal_id] = [one.signals[0].id for one in record.snapshots if one.source.name == DESK.source.connector]

    async def written_or_ended() -> bool:
        if signal_id.encode() in stand.chain.connect.offsets.read_bytes():
            return True
        [now] = await stand.records(mark)
        return all(one.state.is_terminal for one in now.snapshots if one.source.name == DESK.source.connector)

    await eventually(written_or_ended, 20.0, "the offsets of what is under way")


async def test_kafka_connect(stand: Stand, survivor: Gateway) -> None:
    mark, connect = await begun(stand, survivor), stand.chain.connect
    await kept(stand, mark)
    connect.kill()
    await connect.start()
    for source, _ in ASKED:
        await connect.wait_running(source.source.connector)

    counts = await stand.account(mark, engine_restarted=True)

    assert (counts.accepted, counts.succeeded, counts.signals, counts.lost) == (4, 4, 4, 0)


async def test_broker_is_stopped_and_goes_on(stand: Stand, survivor: Gateway) -> None:
    """Meanwhile a signal over Kafka is asked for: it is unconfirmed until the broker answers again."""
    mark, broker = await begun(stand, survivor), stand.chain.broker
    broker.send_signal(signal.SIGSTOP)
    try:
        asked = await survivor.ask(stand.ids((SAFE, "two"), (MIRROR, "two")), seconds=30)
    finally:
        broker.send_signal(signal.SIGCONT)
    assert asked is not None

    counts = await stand.account(mark)

    assert counts.lost == 0
    assert counts.succeeded + counts.failed == counts.accepted
