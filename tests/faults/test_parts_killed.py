"""What Topicsnap stands on is killed or frozen in mid-snapshot: the gateway goes on by itself when it is back."""

import os
import signal

import pytest

from persistence.embedded import EmbeddedPostgresError
from sandbox.waiting import eventually
from tests.faults.counts import Mark
from tests.faults.processes import Gateway
from tests.faults.sources import BIG, DESK, MIRROR, SAFE, VAULT
from tests.faults.stand import Stand

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ASKED = ((VAULT, BIG), (DESK, BIG), (SAFE, "one"), (MIRROR, "one"))


async def begun(stand: Stand, survivor: Gateway) -> Mark:
    """Ask for tables, and return when rows of the big ones have come."""
    mark = await stand.mark()
    assert await survivor.ask(stand.ids(*ASKED)) is not None

    async def rows_have_come() -> bool:
        return all(len(stand.chain.seen.rows(source.topic(BIG), mark.seen)) > 1000 for source in (VAULT, DESK))

    await eventually(rows_have_come, 60.0, "rows of the big tables")
    return mark


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


async def test_broker_is_killed_and_its_storage_survives(stand: Stand, survivor: Gateway) -> None:
    """Its clients find it at the same address; nobody else is started again."""
    mark, broker = await begun(stand, survivor), stand.chain.broker
    broker.send_signal(signal.SIGKILL)
    asked = await survivor.ask(stand.ids((SAFE, "two"), (MIRROR, "two")), seconds=30)
    await broker.stop()
    await broker.start()
    assert asked is not None

    counts = await stand.account(mark, engine_restarted=True)

    assert (counts.lost, counts.run_twice, counts.held_by_engine) == (0, 0, 0)
    assert counts.succeeded + counts.failed == counts.accepted
    assert counts.succeeded >= len(ASKED)


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
