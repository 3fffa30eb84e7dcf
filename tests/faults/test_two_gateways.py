"""Two gateways on one database under load, both serving, following and settling; then one of them is killed."""

import asyncio
import random

import pytest

from sandbox.waiting import eventually
from snapshots.records import BulkSnapshotRecord
from snapshots.vocabulary import SnapshotErrorCode
from tests.faults.counts import Mark, tell
from tests.faults.processes import Gateway
from tests.faults.sources import SMALL, SOURCES
from tests.faults.stand import Stand

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

REQUESTS = 30
AT_ONCE = 4


async def test_thirty_requests(stand: Stand, survivor: Gateway) -> None:
    mark = await stand.mark()
    async with stand.gateway() as second:
        asked = await load(stand, [survivor, second], REQUESTS)
        counts = await stand.account(mark)
    records = await stand.records(mark)
    tell(f"requests: {REQUESTS}, recorded: {len(records)}, source snapshots refused because busy: {busy(records)}")
    assert busy(records), "no two of them met at a source"
    assert None not in asked
    assert len(set(asked)) == len(records) == REQUESTS
    assert counts.lost == 0
    assert counts.signals >= REQUESTS // 4
    assert counts.signals + busy(records) == sum(len(record.snapshots) for record in records)


async def test_one_of_them_is_killed_under_load(stand: Stand, survivor: Gateway) -> None:
    """Its callers get no answer; what it had accepted is ended by the other, which nothing keeps from going on."""
    mark = await stand.mark()
    async with stand.gateway() as second:
        loading = asyncio.create_task(load(stand, [survivor, second], REQUESTS))
        while not await accepted(stand, mark, 5):  # noqa: ASYNC110 - asked of a database
            await asyncio.sleep(0.05)
        assert not loading.done()
        second.running.process.kill()
        asked = await loading
    counts = await stand.account(mark)
    records = await stand.records(mark)
    tell(f"answered: {len([one for one in asked if one])} of {len(asked)}, recorded: {len(records)}")
    assert {one for one in asked if one} <= {record.id for record in records}
    assert counts.lost == 0
    assert counts.signals + busy(records) == sum(len(record.snapshots) for record in records)


async def load(stand: Stand, gateways: list[Gateway], requests: int) -> list[str | None]:
    """Ask a few at a time, each for topics of two or three sources, some of which are busy."""
    chance = random.Random(7)  # noqa: S311 - no secret
    places = asyncio.Semaphore(AT_ONCE)

    async def a_source_is_free() -> bool:
        return await stand.held() < len(SOURCES)

    async def ask(number: int) -> str | None:
        sources = chance.sample(SOURCES, chance.choice((2, 3)))
        ids = stand.ids(*((source, table) for source in sources for table in chance.sample(SMALL, 2)))
        async with places:
            await eventually(a_source_is_free, 60.0, "a source that is free")
            asked = await gateways[number % len(gateways)].ask(ids)
            if asked:
                await stand.ended_alone(asked)
            return asked

    return await asyncio.gather(*(ask(number) for number in range(requests)))


async def accepted(stand: Stand, mark: Mark, number: int) -> bool:
    return len(await stand.records(mark)) >= number


def busy(records: list[BulkSnapshotRecord]) -> int:
    """Count the source snapshots that were refused because another one held their source."""
    code = SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING
    return sum(1 for record in records for one in record.snapshots if one.code is code)
