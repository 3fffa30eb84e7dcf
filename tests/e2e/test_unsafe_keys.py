"""Tables whose keys harm their connector, through the gateway: they are skipped, the others arrive, and BLOCKING works.

What the engine does to such a table that is sent all the same is in test_key_types.py.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import pytest

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
from resolvers.requesting.plan_bulk_snapshot import plan_bulk_snapshot
from sandbox.sources import Source
from sandbox.stack import Sandbox
from sandbox.waiting import eventually
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector
from snapshots.records import BulkSnapshotRecord
from snapshots.states import BulkSnapshotState
from snapshots.vocabulary import SkipReason, SnapshotType
from tests.e2e.arrivals import Arrivals, Watch, WatchedSource
from tests.e2e.chain import Chain, start_source, topics_of
from tests.e2e.gateway import CLUSTER, END_SECONDS, TENANT, Gateway, following, reference
from tests.e2e.key_tables import (
    CHUNKS,
    NOT_BOUND,
    NOT_SENT,
    NOT_STORED,
    NOT_STORED_NOR_SENT,
    SAFE,
    TYPES,
    by_type,
    made,
)
from tests.e2e.sources import Made, OwnSource

pytestmark = pytest.mark.e2e

BY_SURROGATE = (*by_type("stored", NOT_STORED), *by_type("bound", NOT_BOUND))
"""Not safe to read by their keys, but by their column `id`."""
UNSAFE = (
    *BY_SURROGATE,
    *by_type("never", NOT_STORED_NOR_SENT),
    *by_type("sent", NOT_SENT),
    made("second", "id int, k timestamp, PRIMARY KEY (id, k)", "n, timestamp '2026-01-01' + n * interval '1 hour'"),
    made(
        "indexed",
        "id int NOT NULL, k text[] NOT NULL, CONSTRAINT indexed_b UNIQUE (id), CONSTRAINT indexed_a UNIQUE (k)",
        "n, array['t' || n]",
    ),
    made("including", "id int NOT NULL, k text[] NOT NULL, UNIQUE (id) INCLUDE (k)", "n, array['t' || n]"),
    made("renamed", "id int PRIMARY KEY, k text[] NOT NULL UNIQUE", "n, array['t' || n]"),
)
READ = (
    *by_type("safe", SAFE),
    made("flags", "k bool, id int, PRIMARY KEY (k, id)", "n % 2 = 0, n"),
    made("beside", "id int PRIMARY KEY, k text[] NOT NULL UNIQUE", "n, array['t' || n]"),
    made("included", "id int, k text[], PRIMARY KEY (id) INCLUDE (k)", "n, array['t' || n]"),
    made("mended", "k text[] PRIMARY KEY, id int NOT NULL UNIQUE", "array['t' || n], n"),
)
KEYED = OwnSource(
    Source("keyed", channel="source", include={"schema.include.list": "public"}),
    (TYPES, *UNSAFE, *READ),
    signal_data_limit=20_000,
)
CONFIG = {**CHUNKS, "message.key.columns": "public.renamed:k;public.mended:id"}


@asynccontextmanager
async def own_database(server: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    async with connected(server.url()) as connection:
        await connection.execute(f"CREATE DATABASE keyed_gateway TEMPLATE {template}")
        yield server.url("keyed_gateway")
        await connection.execute("DROP DATABASE keyed_gateway WITH (FORCE)")


@pytest.fixture(scope="module")
async def module(sandbox: Sandbox, postgres_server: EmbeddedPostgres, template: str) -> AsyncIterator[Gateway]:
    notifications = KEYED.source.notification_topic
    await sandbox.broker.create_topics([notifications, *topics_of(KEYED)])
    await start_source(sandbox, KEYED, notifications=notifications, more=CONFIG)
    url = sandbox.postgres.url(KEYED.name)
    connector = ImportedConnector(CLUSTER, KEYED.source.connector, database_url_ref=reference(KEYED.source))
    described = CatalogImport(
        (ImportedCluster(CLUSTER, connect_url=sandbox.connect.url, kafka_bootstrap=sandbox.broker.bootstrap),),
        (connector,),
    )
    secrets = ReferencedSecrets({reference(KEYED.source).removeprefix("env:"): url})
    async with (
        Arrivals(sandbox.broker.bootstrap, [WatchedSource(KEYED, url)]) as arrivals,
        own_database(postgres_server, template) as gateway_url,
        open_runtime(load(), gateway_url, engine=debezium(secrets), metrics=NoMetrics()) as runtime,
    ):
        gateway = Gateway(runtime.services, gateway_url, Chain(sandbox, arrivals, count(1)), {})
        await import_catalog(gateway.services, LOCAL_PRINCIPAL, described)
        [cluster] = await gateway.services.catalog.clusters(TENANT)
        await sync_catalog(gateway.services, LOCAL_PRINCIPAL, cluster.id)
        await gateway.refresh_topics()
        async with following(gateway.services, group="keyed"):
            yield gateway
    await sandbox.connect.delete_connector(KEYED.source.connector)


@pytest.fixture
async def keyed(module: Gateway) -> Gateway:
    """The gateway, once its source is free."""
    await module.freed()
    return module


async def is_running(gateway: Gateway) -> bool:
    return set(await gateway.chain.sandbox.connect.states(KEYED.source.connector)) == {"RUNNING"}


async def arrived(watch: Watch, *tables: Made) -> None:
    """Wait for every row of the tables, and for none of another: the last are on their way when the end is told."""
    expected = {KEYED.topic(table.name): table.rows for table in tables}

    async def all_there() -> bool:
        counts = await watch.counts()
        assert all(rows <= expected.get(topic, 0) for topic, rows in counts.items())
        return counts == expected

    await eventually(all_there, END_SECONDS, "every row of the tables that are read")


def skipped(record: BulkSnapshotRecord) -> dict[str, str]:
    """The messages by the names of the tables."""
    assert {skip.reason for skip in record.skips} <= {SkipReason.UNSAFE_KEY}
    named = {KEYED.topic(table.name): table.name for table in KEYED.tables}
    return {named[skip.topic.name]: skip.message for skip in record.skips if skip.topic}


async def test_they_are_not_sent_and_the_others_arrive(keyed: Gateway) -> None:
    watch = keyed.chain.arrivals.watch(KEYED)
    request = keyed.request(*((KEYED, table.name) for table in (*UNSAFE, *READ)))
    planned = await plan_bulk_snapshot(keyed.services, LOCAL_PRINCIPAL, request)

    answered = await keyed.call(request)

    messages = skipped(answered)
    assert list(messages) == [table.name for table in UNSAFE]
    assert [skip.message for skip in planned.skips] == list(messages.values())
    assert all("stop connector keyed-connector for good" in messages[one.name] for one in by_type("stored", NOT_STORED))
    assert all(messages[table.name].endswith("or the surrogate key id.") for table in BY_SURROGATE)
    assert (await keyed.ended(answered.id)).state is BulkSnapshotState.COMPLETED
    await arrived(watch, *READ)
    assert await is_running(keyed)


async def test_blocking_reads_them(keyed: Gateway) -> None:
    watch = keyed.chain.arrivals.watch(KEYED)
    asked = ((KEYED, table.name) for table in UNSAFE)

    answered = await keyed.call(keyed.request(*asked, snapshot_type=SnapshotType.BLOCKING))

    assert answered.skips == ()
    assert (await keyed.ended(answered.id)).state is BulkSnapshotState.COMPLETED
    await arrived(watch, *UNSAFE)
    assert await is_running(keyed)


async def test_the_surrogate_key_that_is_named_reads_them(keyed: Gateway) -> None:
    watch = keyed.chain.arrivals.watch(KEYED)
    surrogates = {(KEYED, table.name): "id" for table in BY_SURROGATE}

    answered = await keyed.call(keyed.request(*surrogates, surrogates=surrogates))

    assert answered.skips == ()
    assert (await keyed.ended(answered.id)).state is BulkSnapshotState.COMPLETED
    await arrived(watch, *BY_SURROGATE)
    assert await is_running(keyed)


async def test_an_unsafe_surrogate_key_is_not_sent(keyed: Gateway) -> None:
    watch = keyed.chain.arrivals.watch(KEYED)
    asked = (KEYED, "beside")

    answered = await keyed.call(keyed.request(asked, (KEYED, "flags"), surrogates={asked: "k"}))

    assert skipped(answered) == {
        "beside": (
            "The surrogate key k is of type text[], which Debezium cannot store in its offset: an incremental snapshot "
            "would stop connector keyed-connector for good. Use BLOCKING, or leave the surrogate key out."
        )
    }
    assert (await keyed.ended(answered.id)).state is BulkSnapshotState.COMPLETED
    [flags] = [table for table in READ if table.name == "flags"]
    await arrived(watch, flags)
