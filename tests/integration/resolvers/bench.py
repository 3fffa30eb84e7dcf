"""Services over a real database, with a recording channel for an engine and ways to look into every step."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

from persistence.database.pool import Database
from persistence.ledger import Ledger
from persistence.ledger.auditing import LedgerAuditing
from persistence.ledger.reading import LedgerReading
from persistence.ledger.requesting.opening import LedgerOpening
from persistence.ledger.requesting.opening_rows import NewBulkSnapshot, OpenedBulkSnapshot
from persistence.ledger.requesting.sending import LedgerSending, SendRecord, SignalKey
from persistence.ledger.requesting.settling import DueSignal, LedgerSettling
from resolvers.following.apply_notifications import apply_notifications
from resolvers.principal import Principal
from resolvers.requesting.bulk_snapshot import bulk_snapshot_topics
from resolvers.requesting.settle import settle
from resolvers.services import Services
from snapshots.backoff import Backoff
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.channels import SignalChannelKind
from snapshots.engines.recording import RecordingChannel
from snapshots.errors import ClusterUnreachableError
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.identifiers import IdMaker
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.connector_states import ConnectorObservation
from snapshots.ports.signal_channel import OutgoingSignal, Presence, Receipt, SignalChannel
from snapshots.records import BulkSnapshotFilter, BulkSnapshotRecord, SourceAnswer, SourceSnapshotRecord
from snapshots.requesting.dispatch import LEASE_MARGIN_SECONDS, TimeLimit
from snapshots.requesting.request import BulkSnapshotRequest, TopicOptions
from snapshots.requesting.retry_policy import RetryPolicy
from snapshots.vocabulary import ConnectorState, Dialect, SnapshotType
from tests.support.services import make_engine, make_services

TENANT = "default"
CLUSTER = "clu_1"
NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SOMEBODY = Principal(TENANT, "somebody")

Probe = Callable[[str], Awaitable[None]]
"""Called with `before NAME` and `after NAME` of each step of the ledger that changes something."""


class DiedError(Exception):
    """The process of the one who works is gone."""


def dies(at: str) -> Probe:
    """A probe that ends the work at the step `at`."""

    async def probe(step: str) -> None:
        if step == at:
            raise DiedError(step)

    return probe


async def passes(step: str) -> None:
    """A probe that does nothing."""


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Connectors:
    """Kafka Connect: every connector runs unless it is told otherwise."""

    def __init__(self, clock: Clock) -> None:
        self.states: dict[str, ConnectorState] = {}
        self.unreachable = False
        self.asked = 0
        self.on_ask: Probe = passes
        self._clock = clock

    async def observe(self, cluster: Cluster, wanted: Collection[str] = ()) -> Mapping[str, ConnectorObservation]:
        self.asked += 1
        await self.on_ask(cluster.id)
        if self.unreachable:
            message = f"Kafka Connect of {cluster.name} does not answer."
            raise ClusterUnreachableError(message)
        return {name: ConnectorObservation(name, state, self._clock()) for name, state in self.states.items()}


class ProbedChannel:
    """A channel that counts, and lets a test in before and after."""

    def __init__(self, inner: SignalChannel) -> None:
        self.inner = inner
        self.sends: Counter[str] = Counter()
        """How often each signal's sending was begun, by the signal's id."""
        self.finds = 0
        self.before_send: Probe = passes
        """Called with the source's id."""
        self.after_find: Probe = passes

    async def send(self, source: SourceConnector, signal: OutgoingSignal) -> Receipt:
        self.sends[signal.id] += 1
        await self.before_send(source.id)
        return await self.inner.send(source, signal)

    async def find(self, source: SourceConnector, signal: OutgoingSignal) -> Presence:
        self.finds += 1
        presence = await self.inner.find(source, signal)
        await self.after_find(source.id)
        return presence


class Gate:
    """Lets a test in before and after each change of a ledger; after means that it is committed."""

    def __init__(self) -> None:
        self.probe: Probe = passes

    @asynccontextmanager
    async def around(self, step: str) -> AsyncIterator[None]:
        await self.probe(f"before {step}")
        yield
        await self.probe(f"after {step}")


class ProbedOpening(LedgerOpening):
    """Opens bulk snapshots behind a gate."""

    def __init__(self, database: Database, ids: IdMaker, gate: Gate) -> None:
        super().__init__(database, ids, idempotency_days=7)
        self._gate = gate

    async def open(self, new: NewBulkSnapshot, *, lease_until: datetime) -> OpenedBulkSnapshot | None:
        async with self._gate.around("open"):
            return await super().open(new, lease_until=lease_until)


class ProbedSending(LedgerSending):
    """Records sends behind a gate."""

    def __init__(self, database: Database, gate: Gate) -> None:
        super().__init__(database)
        self._gate = gate

    async def start(
        self,
        tenant_id: str,
        keys: Sequence[SignalKey],
        *,
        at: datetime,
        lease_until: datetime,
        cause: str,
        begun: Mapping[str, int] = MappingProxyType({}),
    ) -> dict[str, int]:
        async with self._gate.around("start_sending"):
            return await super().start(tenant_id, keys, at=at, lease_until=lease_until, cause=cause, begun=begun)

    async def record(self, tenant_id: str, records: Sequence[SendRecord], *, at: datetime, cause: str) -> None:
        async with self._gate.around("record_sends"):
            await super().record(tenant_id, records, at=at, cause=cause)

    async def record_answers(
        self, tenant_id: str, bulk_snapshot_id: str, answers: Sequence[tuple[str, SourceAnswer]], *, at: datetime
    ) -> None:
        async with self._gate.around("record_answers"):
            await super().record_answers(tenant_id, bulk_snapshot_id, answers, at=at)


class ProbedReading(LedgerReading):
    """Reads bulk snapshots behind a gate."""

    def __init__(self, database: Database, gate: Gate) -> None:
        super().__init__(database)
        self._gate = gate

    async def bulk_snapshots(self, tenant_id: str, ids: Sequence[str]) -> dict[str, BulkSnapshotRecord]:
        await self._gate.probe("before bulk_snapshots")
        return await super().bulk_snapshots(tenant_id, ids)


class ProbedAuditing(LedgerAuditing):
    """Reads retries behind a gate."""

    def __init__(self, database: Database, gate: Gate) -> None:
        super().__init__(database)
        self._gate = gate

    async def retries(self, tenant_id: str, ids: Sequence[str]) -> dict[str, tuple[BulkSnapshotRecord, ...]]:
        await self._gate.probe("before retries")
        return await super().retries(tenant_id, ids)


class ProbedSettling(LedgerSettling):
    """Reads signals to be settled behind a gate."""

    def __init__(self, database: Database, gate: Gate) -> None:
        super().__init__(database)
        self._gate = gate

    async def signals(self, tenant_id: str, ids: list[str]) -> tuple[DueSignal, ...]:
        await self._gate.probe("before signals")
        return await super().signals(tenant_id, ids)


def gated_ledger(database: Database, ids: IdMaker, gate: Gate) -> Ledger:
    """A ledger whose changes pass `gate`."""
    return replace(
        Ledger.over(database, ids, idempotency_days=7),
        opening=ProbedOpening(database, ids, gate),
        sending=ProbedSending(database, gate),
        settling=ProbedSettling(database, gate),
        reading=ProbedReading(database, gate),
        auditing=ProbedAuditing(database, gate),
    )


@dataclass
class World:
    """One process: its services, and what stands behind their ports."""

    database: Database
    clock: Clock
    connectors: Connectors
    channel: ProbedChannel
    gate: Gate
    ledger: Ledger
    services: Services
    recording: RecordingChannel
    offset: int = field(default=-1)

    async def ask(
        self,
        *topic_ids: str,
        key: str | None = None,
        principal: Principal = SOMEBODY,
        snapshot_type: SnapshotType = SnapshotType.INCREMENTAL,
        options: tuple[TopicOptions, ...] = (),
        verify: bool = False,
    ) -> BulkSnapshotRecord:
        request = BulkSnapshotRequest(topic_ids, snapshot_type, options, key, verify=verify)
        return await bulk_snapshot_topics(self.services, principal, request)

    async def settle(self) -> int:
        return await settle(self.services, TENANT)

    async def tell(self, *notifications: Notification) -> None:
        """Apply `notifications`, and wait for what that starts."""
        await apply_notifications(self.services, TENANT, CLUSTER, notifications)
        assert await self.services.background.drain(10) == 0

    async def bulk(self, id: str, tenant_id: str = TENANT) -> BulkSnapshotRecord:
        return (await self.services.ledger.reading.bulk_snapshots(tenant_id, [id]))[id]

    async def all_bulks(self, tenant_id: str = TENANT) -> list[BulkSnapshotRecord]:
        page = await self.services.ledger.reading.bulk_snapshots_page(tenant_id, BulkSnapshotFilter(), 500, None)
        return list(page.items)

    async def only(self) -> SourceSnapshotRecord:
        """The one source snapshot that there is."""
        (bulk,) = await self.all_bulks()
        (snapshot,) = bulk.snapshots
        return snapshot

    async def held(self, tenant_id: str = TENANT) -> dict[str, str]:
        """Which source snapshot holds each source, by the source's id."""
        active = await self.services.ledger.reading.active_snapshots(tenant_id, [f"src_{n}" for n in range(60)])
        return {source: snapshot.id for source, snapshot in active.items()}

    def notification(self, kind: NotificationKind, signal_id: str, source: int = 0, **more: object) -> Notification:
        """A notification of a source about an incremental snapshot; each source has a partition of its own."""
        self.offset += 1
        values: dict[str, Any] = {
            "cluster_id": CLUSTER,
            "topic": "notifications",
            "partition": source,
            "offset": self.offset,
            "record_timestamp_ms": 1_767_268_800_000 + self.offset,
            "prefix": f"prefix{source}",
            "id": signal_id,
            "kind": kind,
            "incremental": True,
            "at": self.clock() + timedelta(milliseconds=self.offset),
        }
        values.update(more)
        return Notification(**values)

    def ended(self, signal_id: str, *table_numbers: int, source: int = 0) -> list[Notification]:
        """All that is told of a signal that read its tables well."""
        return [
            self.notification(NotificationKind.STARTED, signal_id, source),
            *(
                self.notification(
                    NotificationKind.TABLE_SCAN_COMPLETED,
                    signal_id,
                    source,
                    scanned_collection=f"public.table{number}",
                    status="SUCCEEDED",
                    rows_scanned=5,
                )
                for number in table_numbers
            ),
            self.notification(NotificationKind.COMPLETED, signal_id, source),
        ]


def make_world(
    database: Database,
    *,
    clock: Clock | None = None,
    connectors: Connectors | None = None,
    recording: RecordingChannel | None = None,
    channels: Mapping[SignalChannelKind, SignalChannel] | None = None,
    deadline_seconds: float = 10.0,
    lease_margin_seconds: float = LEASE_MARGIN_SECONDS,
    time_limit: TimeLimit = asyncio.timeout,
    further_attempts: int = 2,
) -> World:
    """A process of its own; what is given it shares with another."""
    clock = clock or Clock()
    connectors = connectors or Connectors(clock)
    recording = recording or RecordingChannel()
    channel = ProbedChannel(recording)
    gate = Gate()
    services = make_services(
        database,
        make_engine(
            channels or {SignalChannelKind.RECORDING: channel, SignalChannelKind.SOURCE_TABLE: channel},
            connectors,
            clock=clock,
        ),
        make_ledger=lambda database, ids: gated_ledger(database, ids, gate),
        clock=clock,
        deadline_seconds=deadline_seconds,
        lease_margin_seconds=lease_margin_seconds,
        time_limit=time_limit,
        retries=RetryPolicy(further_attempts, Backoff(10.0, 300.0, chance=lambda: 1.0)),
    )
    return World(database, clock, connectors, channel, gate, services.ledger, services, recording)


def catalogue(
    sources: int,
    tables_each: int,
    *,
    channel: SignalChannelKind = SignalChannelKind.RECORDING,
    signal_data_limit: int | None = None,
    database_url_ref: str | None = None,
) -> CatalogImport:
    """Connectors `src_0`… of tables `top_0_0`…, as an operator would import them."""
    return CatalogImport(
        (ImportedCluster("main", "http://connect.example", "kafka.example:9092", id=CLUSTER),),
        tuple(
            ImportedConnector(
                "main",
                f"connector-{number}",
                id=f"src_{number}",
                dialect=Dialect.POSTGRESQL,
                topic_prefix=f"prefix{number}",
                signal_channel=channel,
                signal_collection="public.debezium_signal",
                signal_data_limit=signal_data_limit,
                notification_topic="notifications",
                database_url_ref=database_url_ref,
            )
            for number in range(sources)
        ),
        tuple(
            ImportedTopic(
                "main",
                f"prefix{number}.public.table{table}",
                id=f"top_{number}_{table}",
                connector=f"connector-{number}",
                data_collection=f"public.table{table}",
                keyless=False,
            )
            for number in range(sources)
            for table in range(tables_each)
        ),
    )


async def fill(world: World, given: CatalogImport, tenant_id: str = TENANT) -> None:
    """Import `given`, and have Kafka Connect know its connectors as running."""
    await world.services.catalog_writer.import_catalog(tenant_id, given)
    world.connectors.states |= {connector.name: ConnectorState.RUNNING for connector in given.connectors}
