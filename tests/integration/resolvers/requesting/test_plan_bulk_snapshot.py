"""Planning tells what would be done, and does nothing."""

import pytest

from resolvers.requesting.plan_bulk_snapshot import plan_bulk_snapshot
from snapshots.errors import InvalidRequestError
from snapshots.requesting.request import BulkSnapshotRequest
from snapshots.vocabulary import ConnectorState, SkipReason, SnapshotErrorCode
from tests.integration.resolvers.bench import SOMEBODY, World


async def test_a_plan_is_what_is_then_sent(world: World) -> None:
    asked = ("top_1_0", "nobody", "top_0_1", "top_1_2")
    planned = await plan_bulk_snapshot(world.services, SOMEBODY, BulkSnapshotRequest(asked))
    assert world.channel.sends.total() == 0
    assert await world.all_bulks() == []
    assert await world.held() == {}
    record = await world.ask(*asked)
    assert [
        (job.source.id, [topic.id for topic in job.topics], [signal.data for signal in job.signals])
        for job in planned.jobs
    ] == [
        (s.source.id, [topic.topic.id for topic in s.topics], [signal.data for signal in s.signals])
        for s in record.snapshots
    ]
    assert [skip.reason for skip in planned.skips] == [SkipReason.TOPIC_NOT_FOUND]
    assert [job.conflict for job in planned.jobs] == [None, None]


async def test_a_plan_shows_who_holds_a_source(world: World) -> None:
    holder = (await world.ask("top_0_0")).snapshots[0]
    planned = await plan_bulk_snapshot(world.services, SOMEBODY, BulkSnapshotRequest(("top_0_1", "top_1_0")))
    conflicts = {job.source.id: job.conflict.id for job in planned.jobs if job.conflict}
    assert conflicts == {"src_0": holder.id}
    assert len(await world.all_bulks()) == 1


async def test_a_plan_shows_what_would_be_refused(world: World) -> None:
    world.connectors.states["connector-0"] = ConnectorState.PAUSED
    planned = await plan_bulk_snapshot(world.services, SOMEBODY, BulkSnapshotRequest(("top_0_1", "top_1_0")))
    refused, free = planned.jobs
    assert refused.refusal is not None
    assert refused.refusal.code is SnapshotErrorCode.CONNECTOR_NOT_RUNNING
    assert free.refusal is None


async def test_a_plan_of_nothing_is_refused_as_the_operation_itself_is(world: World) -> None:
    with pytest.raises(InvalidRequestError):
        await plan_bulk_snapshot(world.services, SOMEBODY, BulkSnapshotRequest(()))


async def test_a_plan_with_a_key_does_not_use_it_up(world: World) -> None:
    request = BulkSnapshotRequest(("top_0_0",), idempotency_key="k")
    await plan_bulk_snapshot(world.services, SOMEBODY, request)
    assert (await world.ask("top_1_0", key="k")).answered
