"""Dispatching again what failed, and nothing else: as it was asked for before, once, and by the catalogue of today."""

import asyncio

import pytest
from sqlalchemy import text

from resolvers.requesting.retry_bulk_snapshot import retry_bulk_snapshot
from resolvers.verification.verify_snapshot import verify_snapshot
from snapshots.engines.recording import Behaviour
from snapshots.errors import FieldPath, RequestError
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.following.notifications import NotificationKind
from snapshots.records import BulkSnapshotRecord
from snapshots.requesting.request import TopicOptions
from snapshots.requesting.retry import RetryRequest
from snapshots.states import SnapshotState
from snapshots.vocabulary import ConnectorState, SnapshotErrorCode, SnapshotType, UserErrorCode, VerificationState
from tests.integration.resolvers.bench import SOMEBODY, TENANT, World
from tests.integration.resolvers.conftest import MakeReplica

FILTER = RowFilter((RowCondition("id", FilterOperator.GT, ("5",)),))


async def retry(world: World, bulk_id: str, *snapshot_ids: str, key: str | None = None) -> BulkSnapshotRecord:
    request = RetryRequest(bulk_id, snapshot_ids or None, key, "once more")
    return await retry_bulk_snapshot(world.services, SOMEBODY, request)


async def refused(world: World, bulk_id: str, *snapshot_ids: str) -> tuple[UserErrorCode, FieldPath | None]:
    with pytest.raises(RequestError) as caught:
        await retry(world, bulk_id, *snapshot_ids)
    return caught.value.code, caught.value.field


def topics(record: BulkSnapshotRecord) -> list[str]:
    return [topic.topic.id for snapshot in record.snapshots for topic in snapshot.topics]


async def busy(world: World, *topic_ids: str, **more: object) -> BulkSnapshotRecord:
    """Ask while connector-0 is paused, so that its part fails and may succeed later; it runs again then."""
    world.connectors.states["connector-0"] = ConnectorState.PAUSED
    record = await world.ask(*topic_ids, **more)  # type: ignore[arg-type]
    world.connectors.states["connector-0"] = ConnectorState.RUNNING
    assert record.snapshots[0].code is SnapshotErrorCode.CONNECTOR_NOT_RUNNING
    return record


async def test_only_the_source_that_failed_is_asked_again(world: World) -> None:
    first = await busy(world, "top_0_0", "top_0_1", "top_1_0")
    again = await retry(world, first.id)
    assert (again.retry_of, again.reason, again.snapshot_type) == (first.id, "once more", SnapshotType.INCREMENTAL)
    assert topics(again) == ["top_0_0", "top_0_1"]
    assert again.snapshots[0].state is SnapshotState.DISPATCHED
    assert (await world.services.ledger.auditing.retries(TENANT, [first.id]))[first.id] == (again,)
    assert (await world.bulk(first.id)).retry_of is None


async def test_filters_surrogate_keys_and_type_are_as_before(world: World) -> None:
    options = (TopicOptions("top_0_0", FILTER), TopicOptions("top_0_1", None, "code"))
    first = await busy(world, "top_0_0", "top_0_1", "top_0_2", options=options)
    (snapshot,) = (await retry(world, first.id)).snapshots
    assert [(topic.filter, topic.surrogate_key) for topic in snapshot.topics] == [
        (FILTER, None),
        (None, "code"),
        (None, None),
    ]
    blocking = await busy(world, "top_0_0", snapshot_type=SnapshotType.BLOCKING)
    world.recording.behave("src_0", Behaviour.REFUSE)
    assert (await retry(world, blocking.id)).snapshot_type is SnapshotType.BLOCKING


@pytest.mark.parametrize(
    ("at_once", "later", "expected"),
    [
        (True, False, VerificationState.PENDING),
        (False, True, VerificationState.PENDING),
        (False, False, VerificationState.NOT_REQUESTED),
    ],
)
async def test_what_was_to_be_verified_is_again(
    world: World, expected: VerificationState, *, at_once: bool, later: bool
) -> None:
    first = await busy(world, "top_0_0", verify=at_once)
    if later:
        await verify_snapshot(world.services, SOMEBODY, first.id)
    again = await retry(world, first.id)
    assert again.verify is (expected is VerificationState.PENDING)
    assert [topic.verification for topic in again.snapshots[0].topics] == [expected]


async def test_of_one_that_completed_in_part_only_the_topics_that_failed(world: World) -> None:
    first = await world.ask("top_0_0", "top_0_1", "top_0_2")
    (signal,) = first.snapshots[0].signals
    told = [
        world.notification(
            NotificationKind.TABLE_SCAN_COMPLETED, signal.id, scanned_collection=f"public.table{number}", status=status
        )
        for number, status in enumerate(("SUCCEEDED", "SQL_EXCEPTION", "UNKNOWN_SCHEMA"))
    ]
    told.append(world.notification(NotificationKind.COMPLETED, signal.id))
    await world.tell(*told)
    assert (await world.only()).state is SnapshotState.PARTIALLY_COMPLETED
    assert topics(await retry(world, first.id)) == ["top_0_1", "top_0_2"]


async def test_named_source_snapshots_only(world: World) -> None:
    world.connectors.states["connector-1"] = ConnectorState.PAUSED
    first = await busy(world, "top_0_0", "top_1_0")
    world.connectors.states["connector-1"] = ConnectorState.RUNNING
    assert topics(await retry(world, first.id, first.snapshots[1].id)) == ["top_1_0"]
    assert topics(await retry(world, first.id)) == ["top_0_0"]


async def test_what_a_retry_has_taken_up_is_not_retried_again(world: World) -> None:
    first = await busy(world, "top_0_0")
    again = await retry(world, first.id)
    assert await refused(world, first.id) == (UserErrorCode.NOTHING_TO_RETRY, ())
    await world.tell(*world.ended(again.snapshots[0].signals[0].id, 0))
    assert await refused(world, first.id) == (UserErrorCode.NOTHING_TO_RETRY, ())


async def test_a_retry_that_failed_as_well_can_be_retried_from_either_end(world: World) -> None:
    first = await busy(world, "top_0_0")
    world.connectors.states["connector-0"] = ConnectorState.PAUSED
    second = await retry(world, first.id)
    third = await retry(world, second.id)
    world.connectors.states["connector-0"] = ConnectorState.RUNNING
    fourth = await retry(world, first.id)
    assert (second.retry_of, third.retry_of, fourth.retry_of) == (first.id, second.id, first.id)
    assert fourth.snapshots[0].state is SnapshotState.DISPATCHED


async def test_what_was_refused_for_good_or_goes_on_is_nothing_to_retry(world: World) -> None:
    world.recording.behave("src_0", Behaviour.REFUSE)
    first = await world.ask("top_0_0", "top_1_0")
    assert first.snapshots[0].state is SnapshotState.FAILED
    assert await refused(world, first.id) == (UserErrorCode.NOTHING_TO_RETRY, ())


async def test_what_does_not_exist_or_is_another_tenants_is_not_found(world: World) -> None:
    assert await refused(world, "bulk_none") == (UserErrorCode.NOT_FOUND, ("bulk_snapshot_id",))
    assert await refused(world, "") == (UserErrorCode.NOT_FOUND, ("bulk_snapshot_id",))
    first = await busy(world, "top_0_0")
    wrong = await refused(world, first.id, first.snapshots[0].id, "snap_none")
    assert wrong == (UserErrorCode.NOT_FOUND, ("snapshot_ids", 1))


async def test_routes_are_loaded_anew(world: World) -> None:
    first = await busy(world, "top_0_0", "top_0_1")
    async with world.database.write() as connection:
        await connection.execute(text("UPDATE topic SET data_collection = 'public.moved' WHERE id = 'top_0_0'"))
        await connection.execute(text("UPDATE topic SET keyless = true WHERE id = 'top_0_1'"))
    again = await retry(world, first.id)
    assert [topic.data_collection for topic in again.snapshots[0].topics] == ["public.moved"]
    assert [skip.topic_id for skip in again.skips] == ["top_0_1"]


async def test_a_key_is_replayed_and_its_reuse_refused(world: World) -> None:
    first = await busy(world, "top_0_0", "top_1_0")
    again = await retry(world, first.id, key="k")
    assert await retry(world, first.id, key="k") == again
    with pytest.raises(RequestError) as caught:
        await retry(world, first.id, first.snapshots[0].id, key="k")
    assert caught.value.code is UserErrorCode.IDEMPOTENCY_KEY_REUSED
    assert len(await world.all_bulks()) == 2


async def test_a_call_with_a_key_whose_first_call_has_just_left_nothing_to_retry_replays_it(
    world: World, replica: MakeReplica
) -> None:
    first = await busy(world, "top_0_0")
    late = replica()
    retried: list[BulkSnapshotRecord] = []

    async def overtaken(step: str) -> None:
        if step == "before retries" and not retried:
            retried.append(await retry(world, first.id, key="k"))

    late.gate.probe = overtaken
    assert [await retry(late, first.id, key="k")] == retried
    assert len(world.recording.recorded) == 1


async def test_ten_at_once_with_one_key_retry_once(world: World) -> None:
    first = await busy(world, "top_0_0")
    records = await asyncio.gather(*(retry(world, first.id, key="k") for _ in range(10)))
    assert len({record.id for record in records}) == 1
    assert len(world.recording.recorded) == 1
