"""Attempts to get a wrong COMPLETE or a wrong INCOMPLETE out of a real Debezium."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from persistence.embedded.sessions import connected
from resolvers.verification.verify_due import ATTEMPTS
from sandbox.topics import Record, read_topics, write_record
from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.engines.debezium.source_database.postgresql.rows import PostgresRows
from snapshots.engines.debezium.verification.topic_reader import KafkaTopicReader
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.records import TopicSnapshotRecord
from snapshots.vocabulary import SnapshotType, SnapshotVerdict
from tests.e2e.verification.conftest import FLAT, LEDGER, SCHEMED, TWIN, Verifying
from tests.support.services import with_engine

pytestmark = pytest.mark.e2e

ARRIVAL_SECONDS = 30.0
EARLY = RowFilter((RowCondition("id", FilterOperator.LE, ("700",)),))


def is_complete(topic: TopicSnapshotRecord, rows: int) -> None:
    assert topic.verdict is SnapshotVerdict.COMPLETE, topic.verdict_reason
    assert topic.expected_rows == rows


def proves_nothing(topic: TopicSnapshotRecord, *words: str) -> None:
    assert topic.verdict is SnapshotVerdict.NOT_PROVABLE, topic.verdict_reason
    for word in words:
        assert word in (topic.verdict_reason or "")


async def arrived(verifying: Verifying, topic: str, count_of: int, prefix: str) -> None:
    """Return when so many events of the connector with this prefix are on the topic."""

    def enough(records: Sequence[Record]) -> bool:
        sources = [record.value["source"] for record in records if record.value and "source" in record.value]
        return sum(1 for source in sources if isinstance(source, dict) and source["name"] == prefix) >= count_of

    records = await read_topics(verifying.sandbox.broker.bootstrap, [topic], enough, ARRIVAL_SECONDS)
    assert enough(records)


async def test_rows_of_another_connector_on_the_same_topic_do_not_stand_in(verifying: Verifying) -> None:
    """The twin's table has the same name, and rows of the same keys; a router sends them to the same topic."""
    bulk_id = await verifying.start("shared", row_filter=EARLY)
    await verifying.ended(bulk_id)
    await verifying.execute(
        "INSERT INTO public.shared SELECT n, 'twin' FROM generate_series(1, 3000) AS n", source=TWIN
    )
    await arrived(verifying, LEDGER.topic("shared"), 3000, TWIN.name)
    await verifying.leave_out(bulk_id)
    topic = await verifying.verified(bulk_id)

    assert topic.verdict is SnapshotVerdict.INCOMPLETE, topic.verdict_reason
    assert (topic.expected_rows, topic.emitted_rows) == (3000, 700)
    assert (topic.verdict_reason or "").startswith("2300 of 3000 rows")


async def test_a_filter_by_the_clock_proves_nothing(verifying: Verifying) -> None:
    topic_name = LEDGER.topic("expiring")
    await verifying.execute("UPDATE public.expiring SET expires_at = now() + interval '9 seconds' WHERE id > 50")
    expires = datetime.now(UTC) + timedelta(seconds=10)
    await arrived(verifying, topic_name, 50, LEDGER.name)
    # A batch of one record, so that Tansu tells an end offset that is right: the fifty are before it.
    await verifying.execute("UPDATE public.expiring SET expires_at = expires_at WHERE id = 1")
    await arrived(verifying, topic_name, 51, LEDGER.name)
    now = RowFilter((RowCondition("expires_at", FilterOperator.LT, ("now",)),))
    bulk_id = await verifying.start("expiring", row_filter=now)
    snapshot = await verifying.ended(bulk_id)
    assert snapshot.topics[0].rows_scanned == 50
    # Now the other fifty are under the filter too, and nobody has touched them since before the dispatch.
    await asyncio.sleep(max(0.0, (expires - datetime.now(UTC)).total_seconds()))
    topic = await verifying.verified(bulk_id)

    proves_nothing(topic, "filter compares expires_at with a time")


async def test_a_filter_by_a_time_without_a_zone_proves_nothing(verifying: Verifying) -> None:
    """Sessions of the database are in Tokyo; Debezium's are where its JVM is."""
    await verifying.execute("ALTER DATABASE ledger SET TimeZone TO 'Asia/Tokyo'")

    def after(text: str) -> RowFilter:
        return RowFilter((RowCondition("starts_at", FilterOperator.GT, (text,)),))

    bulk_id = await verifying.start("hourly", row_filter=after("2026-01-02 00:00:00"))
    snapshot = await verifying.ended(bulk_id)
    assert snapshot.topics[0].rows_scanned != 85
    proves_nothing(await verifying.verified(bulk_id), "filter compares starts_at with a time")

    zoned = await verifying.verified(await verifying.start("hourly", row_filter=after("2026-01-02 00:00:00+09")))
    is_complete(zoned, 85)


async def test_a_table_that_took_the_place_of_the_one_that_was_read_proves_nothing(verifying: Verifying) -> None:
    await verifying.execute(
        "CREATE TABLE public.swapped_new (id integer PRIMARY KEY, note text)",
        "INSERT INTO public.swapped_new SELECT n, 'new' FROM generate_series(1, 600) AS n",
    )
    bulk_id = await verifying.start("swapped")
    await verifying.ended(bulk_id)
    await verifying.execute(
        "ALTER TABLE public.swapped RENAME TO swapped_old", "ALTER TABLE public.swapped_new RENAME TO swapped"
    )
    topic = await verifying.verified(bulk_id)

    proves_nothing(topic, "100 of 600 rows", "the table was recreated")


@pytest.mark.parametrize("snapshot_type", SnapshotType)
async def test_a_truncation_in_between_is_no_loss(verifying: Verifying, snapshot_type: SnapshotType) -> None:
    """Debezium passes over truncations unless it is told otherwise (`skipped.operations`)."""
    bulk_id = await verifying.start("emptied", snapshot_type)
    await verifying.execute(
        "TRUNCATE public.emptied", "INSERT INTO public.emptied SELECT n, 'anew' FROM generate_series(1, 20000) AS n"
    )
    topic = await verifying.verified(bulk_id)

    is_complete(topic, 20_000)
    assert await verifying.missing("emptied") == set()


@pytest.mark.parametrize("snapshot_type", SnapshotType)
async def test_keys_that_change_meanwhile_are_no_losses(verifying: Verifying, snapshot_type: SnapshotType) -> None:
    bulk_id = await verifying.start("renumbered", snapshot_type)

    async def renumber() -> None:
        for n in count(1):
            await verifying.execute(
                f"UPDATE public.renumbered SET id = id + 100000 WHERE id < 100000 AND id % 997 = {n % 997}",
                f"UPDATE public.renumbered SET id = id - 100000 WHERE id > 100000 AND id % 991 = {n % 991}",
            )

    renumbering = asyncio.create_task(renumber())
    try:
        await verifying.ended(bulk_id)
    finally:
        renumbering.cancel()
        await asyncio.gather(renumbering, return_exceptions=True)
    topic = await verifying.verified(bulk_id)

    is_complete(topic, 20_000)
    assert await verifying.missing("renumbered") == set()


async def test_rows_that_come_again_after_a_restart_are_counted_once(verifying: Verifying) -> None:
    bulk_id = await verifying.start("restarted")
    await arrived(verifying, LEDGER.topic("restarted"), 2000, LEDGER.name)
    await verifying.sandbox.connect.restart_connector(LEDGER.source.connector)
    await verifying.sandbox.connect.wait_running(LEDGER.source.connector)
    topic = await verifying.verified(bulk_id)
    missing = await verifying.missing("restarted")

    assert topic.verdict is not SnapshotVerdict.COMPLETE or not missing, topic.verdict_reason
    assert topic.verdict is not SnapshotVerdict.INCOMPLETE or missing, topic.verdict_reason


async def test_two_snapshots_of_one_topic_at_the_same_time(verifying: Verifying) -> None:
    bulk_id = await verifying.start("overlapped")
    await arrived(verifying, LEDGER.topic("overlapped"), 1000, LEDGER.name)
    signal = (
        '{"type": "INCREMENTAL", "data-collections": ["public.overlapped"], "additional-conditions": '
        '[{"data-collection": "public.overlapped", "filter": "id <= 3000"}]}'
    )
    await verifying.execute(f"INSERT INTO public.debezium_signal VALUES ('by-hand', 'execute-snapshot', '{signal}')")
    topic = await verifying.verified(bulk_id)
    missing = await verifying.missing("overlapped")

    assert topic.verdict is not SnapshotVerdict.COMPLETE or not missing, topic.verdict_reason
    assert topic.verdict is not SnapshotVerdict.INCOMPLETE or missing, topic.verdict_reason


async def test_on_a_compacted_topic_only_what_is_there_is_proved(verifying: Verifying) -> None:
    """The broker tells that the topic is compacted; Tansu does not carry it out while one looks."""
    is_complete(await verifying.verified(await verifying.start("packed")), 3000)

    bulk_id = await verifying.start("packed", row_filter=EARLY)
    await verifying.ended(bulk_id)
    await verifying.leave_out(bulk_id)
    proves_nothing(await verifying.verified(bulk_id), "2300 of 3000 rows", "the topic is compacted")


async def test_a_topic_of_several_partitions_is_read_whole(verifying: Verifying) -> None:
    is_complete(await verifying.verified(await verifying.start("spread")), 3000)

    bulk_id = await verifying.start("spread", row_filter=EARLY)
    await verifying.ended(bulk_id)
    await verifying.leave_out(bulk_id)
    topic = await verifying.verified(bulk_id)

    assert topic.verdict is SnapshotVerdict.INCOMPLETE, topic.verdict_reason
    assert (topic.expected_rows, topic.emitted_rows) == (3000, 700)
    async with connected(verifying.url) as connection:
        ends = await connection.fetchval("SELECT end_offsets::text FROM snapshot_topic WHERE id = $1", topic.id)
    assert '"2"' in str(ends)


async def test_a_record_that_is_no_event_proves_nothing(verifying: Verifying) -> None:
    bulk_id = await verifying.start("spoiled")
    await verifying.ended(bulk_id)
    await write_record(verifying.sandbox.broker.bootstrap, LEDGER.topic("spoiled"), "?", {"what": "is this"})

    proves_nothing(await verifying.verified(bulk_id), "no change events")


async def test_flattened_records_prove_nothing(verifying: Verifying) -> None:
    topic = await verifying.verified(await verifying.start("rows", source=FLAT))

    proves_nothing(topic, "flattened")


@pytest.mark.parametrize("snapshot_type", SnapshotType)
async def test_records_with_their_schemas_are_understood(verifying: Verifying, snapshot_type: SnapshotType) -> None:
    is_complete(await verifying.verified(await verifying.start("rows", snapshot_type, source=SCHEMED)), 3000)


async def test_a_message_key_that_rows_share_loses_rows_and_comes_out(verifying: Verifying) -> None:
    """An incremental snapshot takes rows with the same message key for the same row."""
    incremental = await verifying.verified(await verifying.start("grouped"))
    assert incremental.verdict is SnapshotVerdict.INCOMPLETE, incremental.verdict_reason
    assert incremental.expected_rows == 30


class Hurried:
    """A clock that is a minute further each time that it is asked."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        self._ahead += timedelta(minutes=1)
        return datetime.now(UTC) + self._ahead


class Nowhere:
    """Knows a database that nobody answers for."""

    def resolve(self, reference: str) -> str:
        return "postgresql://nobody@127.0.0.1:9/nothing"


async def test_a_database_that_stays_away_is_given_up(verifying: Verifying) -> None:
    bulk_id = await verifying.start("goods")
    await verifying.ended(bulk_id)
    away = replace(with_engine(verifying.services, source_rows=PostgresRows(SourceOpener(Nowhere()))), clock=Hurried())
    topic = await verifying.verified(bulk_id, away)

    proves_nothing(topic, "The source database cannot be read (ConnectionRefusedError)")
    async with connected(verifying.url) as connection:
        attempts = await connection.fetchval("SELECT verify_attempts FROM snapshot_topic WHERE id = $1", topic.id)
    assert attempts == ATTEMPTS


class Retained(KafkaTopicReader):
    """Stands in for a broker that carries out retention, which Tansu does not: it tells another first offset."""

    @asynccontextmanager
    async def _consumer(self, access: KafkaAccess) -> AsyncIterator[Any]:
        async with super()._consumer(access) as consumer:

            async def beginning_offsets(partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
                ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
                return {partition: end - 1000 for partition, end in ends.items()}

            consumer.beginning_offsets = beginning_offsets
            yield consumer


async def test_what_retention_took_away_is_no_loss(verifying: Verifying) -> None:
    bulk_id = await verifying.start("goods")
    await verifying.ended(bulk_id)
    topic = await verifying.verified(bulk_id, with_engine(verifying.services, topic_reader=Retained(KafkaClients())))

    proves_nothing(topic, "of 3000 rows of the source are not on the topic", "retention has passed over the snapshot")
    assert topic.emitted_rows is not None
    assert topic.emitted_rows <= 1100


async def test_a_topic_that_was_made_anew_and_has_grown_again_proves_nothing(verifying: Verifying) -> None:
    """Its offsets are past those that were noted before, and what is there now came by a later snapshot."""
    await verifying.ended(await verifying.start("regrown", row_filter=EARLY, verify=False))
    bulk_id = await verifying.start("regrown", row_filter=EARLY)
    await verifying.ended(bulk_id)
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=verifying.sandbox.broker.bootstrap)
    await admin.start()
    await admin.delete_topics([LEDGER.topic("regrown")])
    await admin.close()
    await verifying.sandbox.broker.create_topics([LEDGER.topic("regrown")])
    for _ in range(2):
        await verifying.ended(await verifying.start("regrown", row_filter=EARLY, verify=False))
    topic = await verifying.verified(bulk_id)

    proves_nothing(topic, "deleted and created again")
