"""While a bulk snapshot moves, whoever looks sees states that it really had, in their order, and in the end the last.

The ledger's events say which states those are: they are written in the transactions of the changes themselves.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from persistence.database.pool import Database
from persistence.ledger.following.announcements import Announcements
from resolvers.following.apply_notifications import apply_notifications
from resolvers.principal import Principal
from resolvers.progress.hub import ProgressHub
from snapshots.channels import SignalChannelKind
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.records import BulkSnapshotFilter, BulkSnapshotRecord, SourceSnapshotRecord
from snapshots.states import TopicSnapshotState
from tests.integration.agreement.conftest import RealClock
from tests.integration.resolvers.bench import CLUSTER, World, catalogue, fill, make_world
from tests.support.agreement.moments import Moment, check_order, moments_of, of_record
from tests.support.sizes import examples
from tests.support.waiting import FAULT_SECONDS

_TENANTS = count(1)
SOURCES, TABLES = 3, 3


@dataclass
class Looker:
    """Looks at a bulk snapshot for as long as it moves."""

    name: str
    seen: list[BulkSnapshotRecord] = field(default_factory=list)


@pytest.fixture
async def hubs(database_url: str, database: Database) -> AsyncIterator[list[ProgressHub]]:
    """Those of two gateways."""
    world = make_world(database)
    hubs = [
        ProgressHub(world.ledger.reading, Announcements.at(database_url), stall_after=world.services.stall_after)
        for _ in range(2)
    ]
    yield hubs
    for hub in hubs:
        await hub.close()


# What an engine tells of a signal and its one table, and how it may go wrong.
ENDS = ("SUCCEEDED", "EMPTY", "SQL_EXCEPTION", "STOPPED")


# Without shrinking: what runs at the same time is another thing each time.
@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
)
@given(
    ends=st.lists(st.sampled_from(ENDS), min_size=SOURCES * TABLES, max_size=SOURCES * TABLES),
    seed=st.integers(0, 2**32),
)
async def test_nobody_sees_what_was_not(
    database: Database, hubs: list[ProgressHub], ends: Sequence[str], seed: int
) -> None:
    tenant = f"tenant-{next(_TENANTS)}"
    world = make_world(database, clock=RealClock())
    given = catalogue(SOURCES, TABLES, channel=SignalChannelKind.SOURCE_TABLE, signal_data_limit=70)
    await fill(world, given, tenant)
    topics = [f"top_{source}_{table}" for source in range(SOURCES) for table in range(TABLES)]
    lookers = [Looker("the query"), Looker("one gateway"), Looker("another gateway")]
    asking = asyncio.create_task(world.ask(*topics, principal=Principal(tenant, "somebody")))
    bulk_id = await _id_of(world, tenant)
    looking = [asyncio.create_task(_query(world, tenant, bulk_id, lookers[0]))]
    looking += [
        asyncio.create_task(_watch(hub, tenant, bulk_id, looker)) for hub, looker in zip(hubs, lookers[1:], strict=True)
    ]
    record = await asking
    chance = random.Random(seed)  # noqa: S311 - no secret
    await asyncio.gather(
        *(
            _play(world, tenant, number, one, ends[number * TABLES :], random.Random(chance.random()))  # noqa: S311
            for number, one in enumerate(record.snapshots)
        )
    )
    async with asyncio.timeout(FAULT_SECONDS):
        await asyncio.gather(*looking)

    last = await world.bulk(bulk_id, tenant)
    [audited] = [one async for one in world.ledger.auditing.audited(tenant, BulkSnapshotFilter())]
    for looker in lookers:
        assert looker.seen[-1] == last, looker.name
        for number, one in enumerate(last.snapshots):
            moments = list(moments_of(one, audited.events))
            _check(looker, [record.snapshots[number] for record in looker.seen], moments)


async def _id_of(world: World, tenant: str) -> str:
    """Wait until there is a bulk snapshot."""
    async with asyncio.timeout(FAULT_SECONDS):
        while True:
            if found := await world.all_bulks(tenant):
                return found[0].id


async def _query(world: World, tenant: str, bulk_id: str, looker: Looker) -> None:
    while not looker.seen or not looker.seen[-1].is_final:
        looker.seen.append(await world.bulk(bulk_id, tenant))


async def _watch(hub: ProgressHub, tenant: str, bulk_id: str, looker: Looker) -> None:
    async for sight in hub.watch(tenant, bulk_id):
        assert sight.record is not None
        looker.seen.append(sight.record)


async def _play(
    world: World, tenant: str, number: int, snapshot: SourceSnapshotRecord, ends: Sequence[str], chance: random.Random
) -> None:
    """Have one source tell of its signals, one after the other, at a pace of its own."""
    kinds = NotificationKind
    for signal, topic, end in zip(snapshot.signals, snapshot.topics, ends, strict=False):
        more: dict[str, Any] = {"scanned_collection": topic.data_collection, "status": end, "rows_scanned": 5}
        told = [
            world.notification(kinds.STARTED, signal.id, number),
            world.notification(kinds.IN_PROGRESS, signal.id, number, current_collection=topic.data_collection),
            world.notification(kinds.PAUSED, signal.id, number),
            world.notification(kinds.RESUMED, signal.id, number),
            *([] if end == "STOPPED" else [world.notification(kinds.TABLE_SCAN_COMPLETED, signal.id, number, **more)]),
            world.notification(kinds.COMPLETED, signal.id, number),
            *([world.notification(kinds.ABORTED, "a random id", number)] if end == "STOPPED" else []),
        ]
        while told:
            batch = [told.pop(0) for _ in range(min(len(told), chance.choice([1, 1, 2, 7])))]
            await _tell(world, tenant, batch)
            await asyncio.sleep(chance.choice([0, 0, 0.01]))
        if end == "STOPPED":
            return


async def _tell(world: World, tenant: str, batch: Sequence[Notification]) -> None:
    await apply_notifications(world.services, tenant, CLUSTER, batch)
    await world.services.background.drain(10)


def _check(looker: Looker, seen: Sequence[SourceSnapshotRecord], moments: Sequence[Moment]) -> None:
    check_order(looker.name, map(of_record, seen), moments)
    for one in seen:
        assert (one.finished_at is None) == (not one.state.is_terminal)
        for topic in one.topics:
            assert (topic.finished_at is None) == (not topic.state.is_terminal), looker.name
            assert topic.state is not TopicSnapshotState.RUNNING or not one.state.is_terminal, looker.name
