"""A small catalogue in a database of the test's own, and a ledger over it, with short ways to what tests need."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert

from persistence import tables
from persistence.database.pool import Database
from persistence.ledger import Ledger
from persistence.ledger.requesting.opening_rows import NewBulkSnapshot, OpenedBulkSnapshot
from persistence.ledger.requesting.sending import SendRecord, SignalKey
from snapshots.channels import SignalChannelKind
from snapshots.following.dead_letters import DeadLetter, RecordText
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.model import Cluster, SourceConnector, Topic
from snapshots.ports.signal_channel import Receipt
from snapshots.records import SourceSnapshotRecord
from snapshots.requesting.dispatch import Outcome
from snapshots.requesting.planning import make_plan
from snapshots.requesting.request import BulkSnapshotRequest
from snapshots.vocabulary import Dialect, MappingKind, SnapshotType, TopicProducer

TENANT = "default"
SILENCE = timedelta(hours=1)
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SENT = Receipt("the channel")
CLUSTER = Cluster("clu_1", "main", "http://127.0.0.1:1", "127.0.0.1:2")


@dataclass
class Bench:
    """A ledger with a catalogue of `sources` connectors, each with `tables` topics."""

    database: Database
    ledger: Ledger
    routes: dict[str, Topic]
    now: datetime = NOW
    source_ids: list[str] = field(default_factory=list)
    offset: int = -1

    def lease(self, seconds: float = 30) -> datetime:
        return self.now + timedelta(seconds=seconds)

    def request(
        self,
        topic_ids: Sequence[str],
        key: str | None = None,
        snapshot_type: SnapshotType = SnapshotType.INCREMENTAL,
    ) -> NewBulkSnapshot:
        request = BulkSnapshotRequest(tuple(topic_ids), snapshot_type, idempotency_key=key)
        plan = make_plan(request, self.routes)
        return NewBulkSnapshot(TENANT, "bulkSnapshotTopics", "somebody", self.now, request, plan)

    async def open(self, *topic_ids: str) -> OpenedBulkSnapshot:
        opened = await self.ledger.opening.open(self.request(topic_ids), lease_until=self.lease())
        assert opened is not None
        return opened

    async def dispatch(self, *topic_ids: str, outcome: Outcome = SENT) -> list[SignalKey]:
        """Open and send: every first signal has `outcome`; return the keys of all signals of the first source."""
        opened = await self.open(*topic_ids)
        keys = [SignalKey(source.source_snapshot_id, source.signals[0][0]) for source in opened.sources]
        attempts = await self.start(keys)
        records = [SendRecord(key, attempts[key.signal_id], outcome) for key in keys]
        await self.ledger.sending.record(TENANT, records, at=self.now, cause="test")
        first = opened.sources[0]
        return [SignalKey(first.source_snapshot_id, signal_id) for signal_id, _ in first.signals]

    async def start(self, keys: Sequence[SignalKey], begun: int = 0) -> dict[str, int]:
        """Begin to send signals whose sending was begun `begun` times before."""
        return await self.ledger.sending.start(
            TENANT,
            keys,
            at=self.now,
            lease_until=self.lease(),
            cause="test",
            begun={key.signal_id: begun for key in keys},
        )

    async def record(self, source_snapshot_id: str) -> SourceSnapshotRecord:
        return (await self.ledger.reading.source_snapshots(TENANT, [source_snapshot_id]))[source_snapshot_id]

    async def tell(self, *notifications: Notification) -> tuple[SignalKey, ...]:
        return await self.ledger.following.apply(
            TENANT, CLUSTER.id, notifications, at=self.now, lease_until=self.lease(), silence=SILENCE
        )

    def notification(self, kind: NotificationKind, signal_id: str, **more: Any) -> Notification:  # noqa: ANN401 (fields of every type)
        """A notification of connector 0 about an incremental snapshot, at the next offset."""
        self.offset += 1
        values: dict[str, Any] = {
            "cluster_id": CLUSTER.id,
            "topic": "prefix0.notifications",
            "partition": 0,
            "offset": self.offset,
            "record_timestamp_ms": 1_767_268_800_000 + self.offset,
            "prefix": "prefix0",
            "id": signal_id,
            "kind": kind,
            "incremental": True,
            "at": self.now + timedelta(seconds=self.offset),
        }
        return Notification(**values | more)

    def letter(self, last_failed_at: datetime | None = None, **more: Any) -> DeadLetter:  # noqa: ANN401 (fields of every type)
        """A dead letter of connector 0, at the next offset."""
        return DeadLetter(
            notification=self.notification(NotificationKind.STARTED, "sig_poison", **more),
            record=RecordText.of(b"key", b"value", [("name", b"secret")]),
            error_class="ValueError",
            error_message="too large",
            attempts=5,
            first_failed_at=self.now,
            last_failed_at=last_failed_at or self.now,
        )

    def notification_time(self) -> datetime:
        """When the latest notification was made."""
        return self.now + timedelta(seconds=self.offset)

    def scanned(
        self,
        signal_id: str,
        table: int,
        status: str = "SUCCEEDED",
        rows: int = 5,
        **more: Any,  # noqa: ANN401 (fields of every type)
    ) -> Notification:
        return self.notification(
            NotificationKind.TABLE_SCAN_COMPLETED,
            signal_id,
            scanned_collection=f"public.table{table}",
            status=status,
            rows_scanned=rows,
            **more,
        )


def catalogue(
    sources: int,
    tables_each: int,
    channel: SignalChannelKind = SignalChannelKind.RECORDING,
    *,
    signal_data_limit: int = 2048,
    notifications: bool = True,
) -> dict[str, Topic]:
    connectors = [
        SourceConnector(
            id=f"src_{number}",
            cluster=CLUSTER,
            name=f"connector-{number}",
            dialect=Dialect.POSTGRESQL,
            topic_prefix=f"prefix{number}",
            signal_channel=channel,
            signal_collection="public.debezium_signal",
            notification_topic=f"prefix{number}.notifications" if notifications else None,
            signal_data_limit=signal_data_limit,
        )
        for number in range(sources)
    ]
    topics = [
        Topic(
            id=f"top_{source.id}_{number}",
            cluster_id=CLUSTER.id,
            cluster_name=CLUSTER.name,
            name=f"{source.topic_prefix}.public.table{number}",
            producer=TopicProducer.SOURCE,
            source=source,
            data_collection=f"public.table{number}",
            mapping=MappingKind.DERIVED,
            keyless=False,
            exists=True,
        )
        for source in connectors
        for number in range(tables_each)
    ]
    return {topic.id: topic for topic in topics}


async def store(database: Database, routes: dict[str, Topic]) -> None:
    """Write the catalogue that `routes` describe, by plain inserts."""
    sources = {topic.source.id: topic.source for topic in routes.values() if topic.source}
    async with database.write() as connection:
        await connection.execute(
            insert(tables.connect_cluster).values(
                tenant_id=TENANT,
                id=CLUSTER.id,
                name=CLUSTER.name,
                connect_url=CLUSTER.connect_url,
                kafka_bootstrap=CLUSTER.kafka_bootstrap,
            )
        )
        await connection.execute(
            insert(tables.connector),
            [
                {
                    "tenant_id": TENANT,
                    "id": source.id,
                    "cluster_id": CLUSTER.id,
                    "name": source.name,
                    "kind": source.kind.value,
                    "dialect": source.dialect.value,
                    "topic_prefix": source.topic_prefix,
                    "signal_channel": source.signal_channel,
                    "notification_topic": source.notification_topic,
                    "managed": "DERIVED",
                }
                for source in sources.values()
            ],
        )
        await connection.execute(
            insert(tables.topic),
            [
                {
                    "tenant_id": TENANT,
                    "id": topic.id,
                    "cluster_id": CLUSTER.id,
                    "name": topic.name,
                    "producer": topic.producer.value,
                    "connector_id": topic.source and topic.source.id,
                    "data_collection": topic.data_collection,
                    "mapping": topic.mapping,
                    "keyless": topic.keyless,
                    "exists": topic.exists,
                }
                for topic in routes.values()
            ],
        )
