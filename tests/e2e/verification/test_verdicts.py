"""The verdicts on snapshots of a real Debezium: of tables at rest, of tables that change, and of forced losses."""

import asyncio
from itertools import count
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.verification.verify_snapshot import verify_snapshot
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.states import TopicSnapshotState
from snapshots.vocabulary import SnapshotType, SnapshotVerdict, VerificationState
from tests.e2e.verification.conftest import LEDGER, Verifying

pytestmark = pytest.mark.e2e

_EARLY = RowFilter((RowCondition("id", FilterOperator.LE, ("700",)),))


def _rows(table: str) -> int:
    return next(made.rows for made in LEDGER.tables if made.name == table)


async def _delete(verifying: Verifying, table: str) -> None:
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=verifying.sandbox.broker.bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([LEDGER.topic(table)])
    finally:
        await admin.close()


@pytest.mark.parametrize("snapshot_type", SnapshotType)
@pytest.mark.parametrize("table", ["goods", "parcels", "empty"])
async def test_a_table_at_rest_arrives_whole(verifying: Verifying, table: str, snapshot_type: SnapshotType) -> None:
    topic = await verifying.verified(await verifying.start(table, snapshot_type))

    assert topic.verdict is SnapshotVerdict.COMPLETE, topic.verdict_reason
    assert (topic.expected_rows, topic.emitted_rows) == (_rows(table), _rows(table))
    assert topic.verified_at


@pytest.mark.parametrize("snapshot_type", SnapshotType)
async def test_only_the_rows_under_the_filter_count(verifying: Verifying, snapshot_type: SnapshotType) -> None:
    topic = await verifying.verified(await verifying.start("goods", snapshot_type, row_filter=_EARLY))

    assert topic.verdict is SnapshotVerdict.COMPLETE, topic.verdict_reason
    assert (topic.expected_rows, topic.emitted_rows) == (700, 700)


@pytest.mark.parametrize("snapshot_type", SnapshotType)
async def test_changes_meanwhile_are_taken_into_account(verifying: Verifying, snapshot_type: SnapshotType) -> None:
    bulk_id = await verifying.start("busy", snapshot_type)

    async def change() -> None:
        for n in count(1):
            await verifying.execute(
                "INSERT INTO public.busy SELECT max(id) + 1, 'late' FROM public.busy",
                f"UPDATE public.busy SET note = 'changed {n}' WHERE id % 97 = {n % 97}",
                "DELETE FROM public.busy WHERE id IN (SELECT id FROM public.busy ORDER BY random() LIMIT 20)",
            )

    changing = asyncio.create_task(change())
    try:
        await verifying.ended(bulk_id)
        await asyncio.sleep(0.5)  # some more, after the end
    finally:
        changing.cancel()
        await asyncio.gather(changing, return_exceptions=True)
    topic = await verifying.verified(bulk_id)

    assert topic.verdict is SnapshotVerdict.COMPLETE, topic.verdict_reason
    assert "changes were streamed in the meantime" in (topic.verdict_reason or "")


async def test_changes_while_it_is_verified_are_no_losses(verifying: Verifying) -> None:
    bulk_id = await verifying.start("busy")
    await verifying.ended(bulk_id)

    async def change() -> None:
        while True:
            await verifying.execute("INSERT INTO public.busy SELECT max(id) + 1, 'late' FROM public.busy")

    changing = asyncio.create_task(change())
    try:
        topic = await verifying.verified(bulk_id)
    finally:
        changing.cancel()
        await asyncio.gather(changing, return_exceptions=True)

    assert topic.verdict is not SnapshotVerdict.INCOMPLETE, topic.verdict_reason


async def test_the_loss_of_a_surrogate_key_on_a_table_without_a_key_comes_out(verifying: Verifying) -> None:
    bulk_id = await verifying.start("lossy", surrogate_key="line")
    snapshot = await verifying.ended(bulk_id)
    [told] = snapshot.topics
    topic = await verifying.verified(bulk_id)

    assert (told.state, told.rows_scanned) == (TopicSnapshotState.COMPLETED, 10)
    assert topic.verdict is SnapshotVerdict.INCOMPLETE, topic.verdict_reason
    assert topic.expected_rows == 10
    assert topic.emitted_rows is not None
    assert topic.emitted_rows < 10


async def test_a_table_without_a_key_is_compared_by_number(verifying: Verifying) -> None:
    topic = await verifying.verified(await verifying.start("scribbles", SnapshotType.BLOCKING))

    assert topic.verdict is SnapshotVerdict.COMPLETE, topic.verdict_reason
    assert (topic.expected_rows, topic.emitted_rows) == (10, 10)
    assert "by number only" in (topic.verdict_reason or "")


async def test_keys_that_look_different_in_the_records_are_compared_by_number(verifying: Verifying) -> None:
    topic = await verifying.verified(await verifying.start("prices"))

    assert topic.verdict is SnapshotVerdict.COMPLETE, topic.verdict_reason
    assert (topic.expected_rows, topic.emitted_rows) == (50, 50)
    assert "numeric" in (topic.verdict_reason or "")


async def test_a_snapshot_can_be_verified_afterwards(verifying: Verifying) -> None:
    bulk_id = await verifying.start("goods", verify=False)
    snapshot = await verifying.ended(bulk_id)
    assert [topic.verification for topic in snapshot.topics] == [VerificationState.NOT_REQUESTED]

    [asked] = await verify_snapshot(verifying.services, LOCAL_PRINCIPAL, bulk_id)
    assert [topic.verification for topic in asked.topics] == [VerificationState.PENDING]
    topic = await verifying.verified(bulk_id)

    assert topic.verdict is SnapshotVerdict.COMPLETE, topic.verdict_reason
    assert (topic.expected_rows, topic.emitted_rows) == (_rows("goods"), _rows("goods"))


async def test_a_stopped_snapshot_is_never_complete(verifying: Verifying) -> None:
    bulk_id = await verifying.start("halted")
    await verifying.execute(
        "INSERT INTO public.debezium_signal VALUES ('stop-halted', 'stop-snapshot', '{\"type\": \"INCREMENTAL\"}')"
    )
    topic = await verifying.verified(bulk_id)

    assert topic.verdict is SnapshotVerdict.NOT_PROVABLE
    assert "did not read the table to its end" in (topic.verdict_reason or "")


async def test_rows_that_no_event_names_come_out_one_by_one(verifying: Verifying) -> None:
    bulk_id = await verifying.start("goods", row_filter=_EARLY)
    await verifying.ended(bulk_id)
    await verifying.leave_out(bulk_id)
    topic = await verifying.verified(bulk_id)

    assert topic.verdict is SnapshotVerdict.INCOMPLETE, topic.verdict_reason
    assert (topic.expected_rows, topic.emitted_rows) == (3000, 700)
    # How many of them are proved untouched depends on the oldest transaction of the server at the dispatch.
    assert (topic.verdict_reason or "").startswith("2300 of 3000 rows of the source are not on the topic")


async def test_a_topic_that_was_made_anew_proves_nothing(verifying: Verifying) -> None:
    await verifying.ended(await verifying.start("remade"))
    bulk_id = await verifying.start("remade")
    await verifying.ended(bulk_id)
    await _delete(verifying, "remade")
    await verifying.sandbox.broker.create_topics([LEDGER.topic("remade")])
    topic = await verifying.verified(bulk_id)

    assert topic.verdict is SnapshotVerdict.NOT_PROVABLE
    assert "deleted and created again" in (topic.verdict_reason or "")


async def test_a_deleted_topic_proves_nothing(verifying: Verifying) -> None:
    bulk_id = await verifying.start("doomed")
    await verifying.ended(bulk_id)
    await _delete(verifying, "doomed")
    topic = await verifying.verified(bulk_id)

    assert topic.verdict is SnapshotVerdict.NOT_PROVABLE
    assert topic.verdict_reason
