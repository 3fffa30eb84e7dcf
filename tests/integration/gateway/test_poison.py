"""A notification that PostgreSQL cannot take becomes a dead letter; all others are applied, and somebody is told."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.following.careful_apply import CarefulApply, ReadNotification
from gateway.metrics import OutcomeMetrics, ProcessMetrics
from persistence.database.pool import Database
from resolvers.following.apply_notifications import apply_notifications
from resolvers.following.set_aside import set_aside, tell_dead_letters
from resolvers.health.check_health import check_health
from snapshots.following.dead_letters import DeadLetter, RecordText
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.health.findings import HealthCheck, Severity
from snapshots.states import SnapshotState
from tests.integration.resolvers.bench import CLUSTER, TENANT, World, catalogue, fill, make_world
from tests.support.databases import Administrator
from tests.support.services import no_pause

TOO_MANY = 2**70  # more than a bigint holds


@pytest.fixture
async def world(database: Database) -> World:
    world = make_world(database)
    await fill(world, catalogue(2, 2))
    return world


async def follow(world: World, *notifications: Notification) -> None:
    async def apply(cluster_id: str, batch: Sequence[Notification]) -> None:
        await apply_notifications(world.services, TENANT, cluster_id, batch)

    async def bury(letter: DeadLetter) -> None:
        await set_aside(world.services, TENANT, letter)

    careful = CarefulApply(CLUSTER, apply, bury, attempts=3, clock=world.clock, pause=no_pause)
    await careful([ReadNotification(one, lambda: RecordText.of(b"key", b"{}")) for one in notifications])
    assert await world.services.background.drain(10) == 0


async def test_it_is_set_aside_alone_and_the_others_reach_their_ends(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    bulk = await world.ask("top_0_0", "top_1_0")
    first, second = bulk.snapshots
    good = world.ended(first.signals[0].id, 0) + world.ended(second.signals[0].id, 0, source=1)
    poison = replace(good[1], rows_scanned=TOO_MANY)
    assert poison.kind is NotificationKind.TABLE_SCAN_COMPLETED
    await follow(world, good[0], poison, *good[2:])
    assert await world.services.ledger.dead_letters.count(TENANT) == 1
    after = {one.id: one.state for one in (await world.bulk(bulk.id)).snapshots}
    assert after == {first.id: SnapshotState.RUNNING, second.id: SnapshotState.COMPLETED}  # an end without its report
    assert "is now a dead letter" in caplog.text
    assert str(TOO_MANY) not in next(one.getMessage() for one in caplog.records if "dead letter" in one.getMessage())


async def test_doctor_and_readiness_tell_of_it(world: World) -> None:
    assert await tell_dead_letters(world.services, TENANT) is None
    bulk = await world.ask("top_0_0")
    scan = world.ended(bulk.snapshots[0].signals[0].id, 0)[1]
    await follow(world, replace(scan, rows_scanned=TOO_MANY))
    told = await tell_dead_letters(world.services, TENANT)
    assert told is not None
    assert told.startswith("1 notification could not be applied")
    findings = await check_health(world.services, TENANT, ["src_0", "src_1"])
    (finding,) = [one for one in findings["src_0"] if one.code is HealthCheck.DEAD_LETTERS]
    assert finding.severity is Severity.WARNING
    assert f"notifications/0@{scan.offset}" in finding.message
    assert str(TOO_MANY) not in finding.message
    assert HealthCheck.DEAD_LETTERS not in {one.code for one in findings["src_1"]}


async def test_it_is_counted_once_however_often_it_is_set_aside(world: World) -> None:
    metrics = ProcessMetrics()
    services = replace(world.services, telemetry=OutcomeMetrics(metrics))
    bulk = await world.ask("top_0_0")
    scan = world.ended(bulk.snapshots[0].signals[0].id, 0)[1]
    now = world.clock()
    letter = DeadLetter(scan, RecordText.of(b"key", b"{}"), "ValueError", "no", 3, now, now)
    await set_aside(services, TENANT, letter)
    await set_aside(services, TENANT, letter)
    assert metrics.totals() == {"dead_letters": 1}


async def test_tables_that_cannot_be_used_make_no_dead_letter(world: World, administrator: Administrator) -> None:
    bulk = await world.ask("top_0_0")
    started = world.ended(bulk.snapshots[0].signals[0].id, 0)[0]
    await administrator.execute("REVOKE SELECT ON source_snapshot FROM topicsnap_app")
    with pytest.raises(Exception, match="permission denied"):
        await follow(world, started)
    await administrator.execute("GRANT SELECT ON source_snapshot TO topicsnap_app")
    assert await world.services.ledger.dead_letters.count(TENANT) == 0
    await follow(world, started)
    assert (await world.only()).state is SnapshotState.RUNNING
