"""A source of the verifications' own, whose tables change while they are read, and a gateway in front of it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from gateway.engine import debezium
from gateway.metrics import NoMetrics
from gateway.secrets import ReferencedSecrets
from gateway.services import open_runtime
from gateway.settings import load
from persistence.embedded import EmbeddedPostgres
from persistence.embedded.sessions import connected
from resolvers.catalog.import_catalog import import_catalog
from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.requesting.bulk_snapshot import bulk_snapshot_topics
from resolvers.services import Services
from resolvers.verification.verify_due import verify_due
from sandbox.sources import Source
from sandbox.stack import Sandbox
from sandbox.topics import read_topics
from sandbox.waiting import eventually
from snapshots.catalog.filters import TopicFilter
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.filters import RowFilter
from snapshots.records import SourceSnapshotRecord, TopicSnapshotRecord
from snapshots.requesting.request import BulkSnapshotRequest, TopicOptions
from snapshots.states import BulkSnapshotState
from snapshots.vocabulary import SnapshotType, VerificationState
from tests.e2e.chain import start_source, topics_of
from tests.e2e.gateway import following, reference
from tests.e2e.sources import Made, OwnSource

TENANT = LOCAL_PRINCIPAL.tenant_id
CLUSTER = "verified"
END_SECONDS = 60.0
VERDICT_SECONDS = 90.0
READ_SECONDS = 3.0

_PARCELS = """
    CREATE TYPE public.lane AS ENUM ('air', 'sea');
    CREATE TABLE {table} (
        hub text, parcel uuid, piece smallint, lane public.lane, fragile boolean, note text,
        PRIMARY KEY (parcel, hub, piece, lane, fragile)
    );
    INSERT INTO {table} SELECT 'größe ' || n % 5, md5(n::text)::uuid, n % 3,
        (ARRAY['air', 'sea'])[1 + n % 2]::public.lane, n % 4 = 0, 'note' FROM generate_series(1, 3000) AS n;
"""
_NUMERIC = """
    CREATE TABLE {table} (price numeric(10, 2) PRIMARY KEY, note text);
    INSERT INTO {table} SELECT n / 4.0, 'note' FROM generate_series(1, 50) AS n;
"""
_KEYLESS = """
    CREATE TABLE {table} (line integer NOT NULL, note text);
    ALTER TABLE {table} REPLICA IDENTITY FULL;
    INSERT INTO {table} SELECT n, 'note' FROM generate_series(1, 10) AS n;
"""
_EXPIRING = """
    CREATE TABLE {table} (id integer PRIMARY KEY, expires_at timestamptz NOT NULL);
    INSERT INTO {table} SELECT n, now() - interval '1 day' FROM generate_series(1, 100) AS n;
"""
_HOURLY = """
    CREATE TABLE {table} (id integer PRIMARY KEY, starts_at timestamptz NOT NULL);
    INSERT INTO {table} SELECT n, timestamptz '2026-01-01Z' + n * interval '1 hour' FROM generate_series(1, 100) AS n;
"""
_GROUPED = """
    CREATE TABLE {table} (id integer PRIMARY KEY, lot integer NOT NULL);
    INSERT INTO {table} SELECT n, n % 3 FROM generate_series(1, 30) AS n;
"""
LEDGER = OwnSource(
    Source("ledger", channel="source", include={"schema.include.list": "public"}),
    (
        Made("goods", 3000),
        Made("busy", 30_000),
        Made("halted", 30_000),
        Made("doomed", 50),
        Made("remade", 50),
        Made("empty", 0),
        Made("parcels", 3000, _PARCELS),
        Made("prices", 50, _NUMERIC),
        Made("scribbles", 10, _KEYLESS),
        Made("lossy", 10, _KEYLESS),
        Made("shared", 3000),
        Made("expiring", 100, _EXPIRING),
        Made("hourly", 100, _HOURLY),
        Made("swapped", 500),
        Made("emptied", 20_000),
        Made("renumbered", 20_000),
        Made("restarted", 30_000),
        Made("overlapped", 20_000),
        Made("regrown", 3000),
        Made("packed", 3000),
        Made("spread", 3000),
        Made("spoiled", 50),
        Made("grouped", 30, _GROUPED),
    ),
)
TWIN = OwnSource(Source("namesake", channel="source", include={"schema.include.list": "public"}), (Made("shared", 0),))
"""Another database with a table of the same name, which is routed to the same topic."""
FLAT = OwnSource(Source("flat", channel="source", include={"schema.include.list": "public"}), (Made("rows", 50),))
"""Its records are flattened."""
SCHEMED = OwnSource(
    Source("schemed", channel="source", include={"schema.include.list": "public"}), (Made("rows", 3000),)
)
"""Its records carry their schemas."""
SOURCES = (LEDGER, TWIN, FLAT, SCHEMED)
_JSON = "org.apache.kafka.connect.json.JsonConverter"
_MORE = {
    LEDGER.name: {"message.key.columns": r"public\.grouped:lot"},
    TWIN.name: {
        "transforms": "route",
        "transforms.route.type": "org.apache.kafka.connect.transforms.RegexRouter",
        "transforms.route.regex": TWIN.topic("shared"),
        "transforms.route.replacement": LEDGER.topic("shared"),
    },
    FLAT.name: {"transforms": "unwrap", "transforms.unwrap.type": "io.debezium.transforms.ExtractNewRecordState"},
    SCHEMED.name: {
        "key.converter": _JSON,
        "key.converter.schemas.enable": "true",
        "value.converter": _JSON,
        "value.converter.schemas.enable": "true",
    },
}
"""What is added to their connectors' configurations."""
PARTITIONS = 3
"""How many the topic of the table `spread` has."""


@dataclass(frozen=True)
class Verifying:
    """A gateway over the source, whose verifications the tests run."""

    services: Services
    sandbox: Sandbox
    topic_ids: Mapping[str, str]
    url: str
    """The superuser's URL of the gateway's database."""

    async def start(
        self,
        table: str,
        snapshot_type: SnapshotType = SnapshotType.INCREMENTAL,
        *,
        row_filter: RowFilter | None = None,
        surrogate_key: str | None = None,
        verify: bool = True,
        source: OwnSource = LEDGER,
    ) -> str:
        """Dispatch a snapshot of one table; return the id of its bulk snapshot."""
        topic_id = self.topic_ids[source.topic(table)]
        options = (TopicOptions(topic_id, row_filter, surrogate_key),) if row_filter or surrogate_key else ()
        request = BulkSnapshotRequest((topic_id,), snapshot_type, options, verify=verify)
        record = await bulk_snapshot_topics(self.services, LOCAL_PRINCIPAL, request)
        assert [snapshot.answer and snapshot.answer.code for snapshot in record.snapshots] == [None]
        return record.id

    async def ended(self, bulk_id: str) -> SourceSnapshotRecord:
        """Return the source snapshot once it has ended."""

        async def probe() -> SourceSnapshotRecord | None:
            record = (await self.services.ledger.reading.bulk_snapshots(TENANT, [bulk_id]))[bulk_id]
            return None if record.state is BulkSnapshotState.IN_PROGRESS else record.snapshots[0]

        return await eventually(probe, END_SECONDS, f"the end of {bulk_id}")

    async def verified(self, bulk_id: str, services: Services | None = None) -> TopicSnapshotRecord:
        """Return the one topic of a bulk snapshot with its verdict; the sweeps are run here, with `services`."""
        snapshot = await self.ended(bulk_id)

        async def probe() -> TopicSnapshotRecord | None:
            await verify_due(services or self.services, TENANT)
            record = (await self.services.ledger.reading.source_snapshots(TENANT, [snapshot.id]))[snapshot.id]
            return record.topics[0] if record.topics[0].verification is VerificationState.DONE else None

        found = await eventually(probe, VERDICT_SECONDS, f"the verdict on {bulk_id}")
        print(found.data_collection, found.verdict, found.expected_rows, found.emitted_rows, found.verdict_reason)  # noqa: T201
        return found

    async def execute(self, *statements: str, source: OwnSource = LEDGER) -> None:
        """Run statements in the source's database, each in a transaction of its own."""
        async with connected(self.sandbox.postgres.url(source.name)) as connection:
            for statement in statements:
                await connection.execute(statement)

    async def leave_out(self, bulk_id: str) -> None:
        """Pretend that the engine was asked for all of the table, and left out what is not under the filter."""
        async with connected(self.url) as connection:
            await connection.execute(
                "UPDATE snapshot_topic t SET filter = NULL FROM source_snapshot s "
                "WHERE s.id = t.source_snapshot_id AND s.bulk_snapshot_id = $1",
                bulk_id,
            )

    async def missing(self, table: str) -> set[int]:
        """Return the ids that the table has and of which the topic's last event, of whatever time, is none or `d`."""
        there: set[object] = set()
        # The broker does not tell where the end is.
        bootstrap, topic = self.sandbox.broker.bootstrap, LEDGER.topic(table)
        for record in await read_topics(bootstrap, [topic], lambda _: False, READ_SECONDS):
            if record.key and record.value and "op" in record.value:
                (there.discard if record.value["op"] == "d" else there.add)(record.key.get("id"))
        async with connected(self.sandbox.postgres.url(LEDGER.name)) as connection:
            found = await connection.fetchval(f"SELECT array_agg(id) FROM public.{table}")
        return set(cast("list[int]", found or [])) - cast("set[int]", there)


@asynccontextmanager
async def _own_database(server: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    async with connected(server.url()) as connection:
        await connection.execute(f"CREATE DATABASE verifying TEMPLATE {template}")
        yield server.url("verifying")
        await connection.execute("DROP DATABASE verifying WITH (FORCE)")


async def _create_topics(sandbox: Sandbox) -> None:
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=sandbox.broker.bootstrap)
    await admin.start()
    try:
        packed: Any = NewTopic(LEDGER.topic("packed"), 1, 1, topic_configs={"cleanup.policy": "compact"})  # type: ignore[no-untyped-call]
        spread: Any = NewTopic(LEDGER.topic("spread"), PARTITIONS, 1)  # type: ignore[no-untyped-call]
        await admin.create_topics([packed, spread])
    finally:
        await admin.close()
    names = [name for source in SOURCES for name in topics_of(source)]
    await sandbox.broker.create_topics(["e2e.notifications", *names])


@pytest.fixture(scope="session")
async def verifying(sandbox: Sandbox, postgres_server: EmbeddedPostgres, template: str) -> AsyncIterator[Verifying]:
    await _create_topics(sandbox)
    for source in SOURCES:
        await start_source(sandbox, source, more=_MORE[source.name])
    environ = {reference(own.source).removeprefix("env:"): sandbox.postgres.url(own.name) for own in SOURCES}
    described = CatalogImport(
        (ImportedCluster(CLUSTER, connect_url=sandbox.connect.url, kafka_bootstrap=sandbox.broker.bootstrap),),
        tuple(
            ImportedConnector(CLUSTER, own.source.connector, database_url_ref=reference(own.source)) for own in SOURCES
        ),
    )
    # An operator's error: the table has no key, so the plan would have refused its snapshot.
    wrong = ImportedTopic(
        CLUSTER,
        LEDGER.topic("lossy"),
        connector=LEDGER.source.connector,
        data_collection="public.lossy",
        keyless=False,
    )
    async with (
        _own_database(postgres_server, template) as url,
        open_runtime(load(), url, engine=debezium(ReferencedSecrets(environ)), metrics=NoMetrics()) as runtime,
    ):
        services = runtime.services
        await import_catalog(services, LOCAL_PRINCIPAL, described)
        [cluster] = await services.catalog.clusters(TENANT)
        assert (await sync_catalog(services, LOCAL_PRINCIPAL, cluster.id)).unreadable == ()
        await import_catalog(services, LOCAL_PRINCIPAL, CatalogImport(topics=(wrong,)))
        page = await services.catalog.topics_page(TENANT, TopicFilter(), first=500, after=None)
        async with following(services, group="verifying"):
            yield Verifying(services, sandbox, {topic.name: topic.id for topic in page.items}, url)
