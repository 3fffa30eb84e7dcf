"""Kafka Connect killed before it wrote its offsets: Debezium runs signals again that had ended, before it goes on.

Kafka Connect writes offsets once a minute by default, Debezium's reader of Kafka signals commits every five seconds.
Here neither writes anything between its start and its death.
"""

import pytest

from sandbox.waiting import eventually
from snapshots.vocabulary import SnapshotErrorCode
from tests.faults.chain import configuration
from tests.faults.counts import Counts, Mark, tell
from tests.faults.processes import Gateway
from tests.faults.sources import BIG, DESK, MIRROR, NOTIFICATIONS, SOURCES, VAULT
from tests.faults.stand import Asked, Stand

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

NEVER_MS = 3_600_000
OVER_KAFKA = (DESK, MIRROR)


@pytest.fixture
async def forgetful(stand: Stand) -> Stand:
    """The chain with a Kafka Connect that writes no offsets but at a gentle end."""
    connect, usual = stand.chain.connect, stand.chain.connect.flush_ms
    for source in SOURCES:  # a read-only connector that has never seen a change fails when it starts in a snapshot
        await stand.chain.pass_fence(source)
    connect.flush_ms = NEVER_MS
    configure(stand, {"signal.consumer.auto.commit.interval.ms": str(NEVER_MS)})
    await connect.restart()
    await running(stand)
    connect.flush_ms = usual  # from its next start on
    configure(stand, {})
    return stand


def configure(stand: Stand, more: dict[str, str]) -> None:
    chain = stand.chain
    for source in OVER_KAFKA:
        config = configuration(source, chain.databases, chain.broker)
        chain.connect.configure(source.source.connector, config | more)


async def running(stand: Stand) -> None:
    for source in SOURCES:
        await stand.chain.connect.wait_running(source.source.connector)


async def ended(stand: Stand, survivor: Gateway, *asked: Asked) -> frozenset[str]:
    """Have tables read; return the ids of the signals that did it."""
    bulk_id = await survivor.ask(stand.ids(*asked))
    assert bulk_id
    await stand.ended_alone(bulk_id)
    return frozenset(await signals(stand, bulk_id))


async def signals(stand: Stand, bulk_id: str) -> list[str]:
    found = await stand.services.ledger.reading.bulk_snapshots("default", [bulk_id])
    return [signal.id for one in found[bulk_id].snapshots for signal in one.signals]


async def crash(stand: Stand) -> int:
    """Kill Kafka Connect and start it again; return how many notifications had come by then."""
    stand.chain.connect.kill()
    told = len(stand.chain.seen.told(NOTIFICATIONS))
    await stand.chain.connect.start()
    await running(stand)
    return told


def run_again(stand: Stand, old: frozenset[str], told: int) -> int:
    """How many of the `old` signals Debezium started since."""
    again = old & set(stand.chain.seen.started(NOTIFICATIONS, told))
    tell(f"ended signals that Debezium started again: {len(again)} of {len(old)}")
    return len(again)


def held_true(counts: Counts, accepted: int) -> None:
    assert (counts.accepted, counts.succeeded, counts.lost, counts.sent_twice) == (accepted, accepted, 0, 0)


async def test_what_was_under_way_is_not_ended_by_the_start_of_an_older_signal(
    forgetful: Stand, survivor: Gateway
) -> None:
    stand = forgetful
    old = await ended(stand, survivor, *((source, "one") for source in SOURCES))
    mark = await stand.mark()
    assert await survivor.ask(stand.ids(*((source, BIG) for source in SOURCES)))
    await rows_have_come(stand, mark)
    told = await crash(stand)

    counts = await stand.account(mark, engine_restarted=True)

    assert run_again(stand, old, told) == len(SOURCES)
    held_true(counts, len(SOURCES))
    assert counts.run_twice == len(SOURCES) or counts.again > 0


async def test_what_is_asked_for_at_once_joins_the_repetition_and_is_told_its_own(
    forgetful: Stand, survivor: Gateway
) -> None:
    stand = forgetful
    old = await ended(stand, survivor, *((source, BIG) for source in OVER_KAFKA))
    mark = await stand.mark()
    told = await crash(stand)
    asked = [(source, table) for source in OVER_KAFKA for table in ("one", BIG)]
    assert await survivor.ask(stand.ids(*asked))

    counts = await stand.account(mark, engine_restarted=True)

    assert run_again(stand, old, told) == len(old)
    held_true(counts, len(asked))


async def test_a_source_is_held_while_the_engine_runs_an_ended_signal_again(
    forgetful: Stand, survivor: Gateway
) -> None:
    stand = forgetful
    old = await ended(stand, survivor, (MIRROR, BIG), (VAULT, BIG))
    mark = await stand.mark()
    told = await crash(stand)

    async def held_by_the_engine() -> bool:
        return await stand.held() > 0

    await eventually(held_by_the_engine, 30.0, "a source that is held by what the engine runs again")
    assert await survivor.ask(stand.ids((MIRROR, "two"), (VAULT, "two")))
    await stand.chain.engine_is_done(60.0)

    counts = await stand.account(mark, engine_restarted=True)

    [record] = await stand.records(mark)
    codes = [one.code for one in record.snapshots]
    tell(f"refused because the engine was at it: {codes.count(SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING)}")
    assert run_again(stand, old, told) == len(old)
    assert set(codes) <= {None, SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING}
    assert SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING in codes
    assert counts.succeeded == codes.count(None)
    assert counts.held_by_engine >= codes.count(SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING)


async def rows_have_come(stand: Stand, mark: Mark) -> None:
    async def probe() -> bool:
        return all(len(stand.chain.seen.rows(source.topic(BIG), mark.seen)) > 1000 for source in SOURCES)

    await eventually(probe, 60.0, "rows of the big tables")
