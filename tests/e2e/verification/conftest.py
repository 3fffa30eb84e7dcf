"""A source of the verifications' own, whose tables change while they are read, and a gateway in front of it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from gateway.engine import debezium
from gateway.secrets import ReferencedSecrets
from gateway.services import open_runtime
from gateway.settings import load
from persistence.embedded import EmbeddedPostgres
from persistence.embedded.sessions import connected
from resolvers.bulk_snapshot import bulk_snapshot_topics
from resolvers.import_catalog import import_catalog
from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.services import Services
from resolvers.sync_catalog import sync_catalog
from resolvers.verify import verify_due
from sandbox.sources import Source
from sandbox.stack import Sandbox
from sandbox.waiting import eventually
from snapshots.catalog import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic, TopicFilter
from snapshots.filters import RowFilter
from snapshots.kinds import SnapshotType
from snapshots.records import SourceSnapshotRecord, TopicSnapshotRecord
from snapshots.request import BulkSnapshotRequest, TopicOptions
from snapshots.states import BulkSnapshotState
from snapshots.verdicts import VerificationState
from tests.e2e.chain import start_source, topics_of
from tests.e2e.gateway import following, reference
from tests.e2e.sources import Made, OwnSource

TENANT = LOCAL_PRINCIPAL.tenant_id
CLUSTER = "verified"
END_SECONDS = 60.0
VERDICT_SECONDS = 90.0

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
    ),
)


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
    ) -> str:
        """Dispatch a snapshot of one table; return the id of its bulk snapshot."""
        topic_id = self.topic_ids[LEDGER.topic(table)]
        options = (TopicOptions(topic_id, row_filter, surrogate_key),) if row_filter or surrogate_key else ()
        request = BulkSnapshotRequest((topic_id,), snapshot_type, options, verify=verify)
        record = await bulk_snapshot_topics(self.services, LOCAL_PRINCIPAL, request)
        assert [snapshot.answer and snapshot.answer.code for snapshot in record.snapshots] == [None]
        return record.id

    async def ended(self, bulk_id: str) -> SourceSnapshotRecord:
        """Return the source snapshot once it has ended."""

        async def probe() -> SourceSnapshotRecord | None:
            record = (await self.services.ledger.bulk_snapshots(TENANT, [bulk_id]))[bulk_id]
            return None if record.state is BulkSnapshotState.IN_PROGRESS else record.snapshots[0]

        return await eventually(probe, END_SECONDS, f"the end of {bulk_id}")

    async def verified(self, bulk_id: str) -> TopicSnapshotRecord:
        """Return the one topic of a bulk snapshot with its verdict; the sweeps are run here."""
        snapshot = await self.ended(bulk_id)

        async def probe() -> TopicSnapshotRecord | None:
            await verify_due(self.services, TENANT)
            record = (await self.services.ledger.source_snapshots(TENANT, [snapshot.id]))[snapshot.id]
            return record.topics[0] if record.topics[0].verification is VerificationState.DONE else None

        found = await eventually(probe, VERDICT_SECONDS, f"the verdict on {bulk_id}")
        print(found.data_collection, found.verdict, found.expected_rows, found.emitted_rows, found.verdict_reason)  # noqa: T201
        return found

    async def execute(self, *statements: str) -> None:
        """Run statements in the source's database, each in a transaction of its own."""
        async with connected(self.sandbox.postgres.url(LEDGER.name)) as connection:
            for statement in statements:
                await connection.execute(statement)


@asynccontextmanager
async def _own_database(server: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    async with connected(server.url()) as connection:
        await connection.execute(f"CREATE DATABASE verifying TEMPLATE {template}")
        yield server.url("verifying")
        await connection.execute("DROP DATABASE verifying WITH (FORCE)")


@pytest.fixture(scope="session")
async def verifying(sandbox: Sandbox, postgres_server: EmbeddedPostgres, template: str) -> AsyncIterator[Verifying]:
    await sandbox.broker.create_topics(["e2e.notifications", *topics_of(LEDGER)])
    await start_source(sandbox, LEDGER)
    environ = {reference(LEDGER.source).removeprefix("env:"): sandbox.postgres.url(LEDGER.name)}
    described = CatalogImport(
        (ImportedCluster(CLUSTER, connect_url=sandbox.connect.url, kafka_bootstrap=sandbox.broker.bootstrap),),
        (ImportedConnector(CLUSTER, LEDGER.source.connector, database_url_ref=reference(LEDGER.source)),),
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
        open_runtime(load(), url, engine=debezium(ReferencedSecrets(environ))) as runtime,
    ):
        services = runtime.services
        await import_catalog(services, LOCAL_PRINCIPAL, described)
        [cluster] = await services.catalog.clusters(TENANT)
        await sync_catalog(services, LOCAL_PRINCIPAL, cluster.id)
        await import_catalog(services, LOCAL_PRINCIPAL, CatalogImport(topics=(wrong,)))
        page = await services.catalog.topics_page(TENANT, TopicFilter(), first=500, after=None)
        async with following(services, group="verifying"):
            yield Verifying(services, sandbox, {topic.name: topic.id for topic in page.items}, url)
