"""A table that fails in mid-scan on a real Debezium: what it leaves behind, and what keeps it off other topics."""

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
from resolvers.following.clear_restart_requirements import clear_restart_requirements
from resolvers.health.check_health import check_health, find_causes, inspect_sources
from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.requesting.plan_bulk_snapshot import plan_bulk_snapshot
from sandbox.sources import Source
from sandbox.stack import Sandbox
from sandbox.waiting import eventually
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector
from snapshots.following.failed_scans import ClearRequest
from snapshots.health.findings import HealthCheck, Severity
from snapshots.restart_requirement import RestartRequirement
from snapshots.states import BulkSnapshotState, SnapshotState
from snapshots.vocabulary import SnapshotErrorCode, SnapshotType, TopicSnapshotOutcome
from tests.e2e.arrivals import Arrivals, WatchedSource
from tests.e2e.chain import Chain, start_source, topics_of
from tests.e2e.gateway import CLUSTER, END_SECONDS, TENANT, Gateway, following, reference
from tests.e2e.raw_signals import completed, execute, restart, scans, send
from tests.e2e.sources import NOTIFICATIONS, Made, OwnSource

pytestmark = pytest.mark.e2e

# The driver cannot read Infinity and NaN as the numbers that they are the keys of; they come last, in the third chunk.
_HALF_READABLE = """
    CREATE TABLE {table} (id numeric PRIMARY KEY, note text);
    INSERT INTO {table} SELECT n, 'amounts' FROM generate_series(1, 10) AS n;
    INSERT INTO {table} VALUES ('Infinity', 'amounts'), ('NaN', 'amounts');
"""
_SOUND = """
    CREATE TABLE {table} (id numeric PRIMARY KEY, note text);
    INSERT INTO {table} SELECT n, 'others' FROM generate_series(1, 5) AS n;
"""
HALF = OwnSource(
    Source("half", channel="source", include={"schema.include.list": "public"}),
    (Made("amounts", 12, _HALF_READABLE), Made("others", 5, _SOUND)),
)
BLOCKING, INCREMENTAL = SnapshotType.BLOCKING, SnapshotType.INCREMENTAL


@asynccontextmanager
async def own_database(server: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    async with connected(server.url()) as connection:
        await connection.execute(f"CREATE DATABASE half_gateway TEMPLATE {template}")
        yield server.url("half_gateway")
        await connection.execute("DROP DATABASE half_gateway WITH (FORCE)")


@pytest.fixture(scope="module")
async def module(sandbox: Sandbox, postgres_server: EmbeddedPostgres, template: str) -> AsyncIterator[Gateway]:
    await sandbox.broker.create_topics([NOTIFICATIONS, *topics_of(HALF)])
    await start_source(sandbox, HALF, more={"incremental.snapshot.chunk.size": "4"})
    url = sandbox.postgres.url(HALF.name)
    environ = {reference(HALF.source).removeprefix("env:"): url}
    described = CatalogImport(
        (ImportedCluster(CLUSTER, connect_url=sandbox.connect.url, kafka_bootstrap=sandbox.broker.bootstrap),),
        (ImportedConnector(CLUSTER, HALF.source.connector, database_url_ref=reference(HALF.source)),),
    )
    async with (
        Arrivals(sandbox.broker.bootstrap, [WatchedSource(HALF, url)]) as arrivals,
        own_database(postgres_server, template) as ledger_url,
        open_runtime(load(), ledger_url, engine=debezium(ReferencedSecrets(environ)), metrics=NoMetrics()) as runtime,
    ):
        gateway = Gateway(runtime.services, ledger_url, Chain(sandbox, arrivals, count(1)), {})
        await import_catalog(gateway.services, LOCAL_PRINCIPAL, described)
        [cluster] = await gateway.services.catalog.clusters(TENANT)
        await sync_catalog(gateway.services, LOCAL_PRINCIPAL, cluster.id)
        await gateway.refresh_topics()
        async with following(gateway.services, group="half"):
            # Until the group is joined nothing is told.
            assert (await end(gateway, "others")) is BulkSnapshotState.COMPLETED
            yield gateway
    await sandbox.connect.delete_connector(HALF.source.connector)


@pytest.fixture
async def half(module: Gateway) -> Gateway:
    """The gateway, in front of a connector that needs no restart."""
    await module.freed()
    await module.restarted()
    return module


async def end(gateway: Gateway, *tables: str, snapshot_type: SnapshotType = INCREMENTAL) -> BulkSnapshotState:
    answered = await gateway.call(gateway.request(*((HALF, name) for name in tables), snapshot_type=snapshot_type))
    return (await gateway.ended(answered.id)).state


async def source_id(gateway: Gateway) -> str:
    topic_id = gateway.topic_id(HALF, "others")
    source = (await gateway.services.catalog.routes(TENANT, [topic_id]))[topic_id].source
    assert source is not None
    return source.id


async def requirement(gateway: Gateway) -> RestartRequirement | None:
    id_ = await source_id(gateway)
    return (await gateway.services.ledger.failed_scans.requirements(TENANT, [id_])).get(id_)


async def until_clear(gateway: Gateway) -> None:
    async def clear() -> bool:
        return await requirement(gateway) is None

    await eventually(clear, END_SECONDS, "the start of the task to be seen")


async def test_rows_of_a_table_that_failed_come_on_the_topic_of_the_next(half: Gateway) -> None:
    """What Debezium 3.6 does, by hand: a version that no longer does it needs no restart."""
    watch = half.chain.arrivals.watch(HALF)

    first = await completed(half.chain, HALF, await send(half.chain, HALF, execute("public.amounts")))
    second = await completed(half.chain, HALF, await send(half.chain, HALF, execute("public.others")))

    assert (scans(first), scans(second)) == (
        [("public.amounts", "SQL_EXCEPTION")],
        [("public.others", "SUCCEEDED")],
    )
    notes = [str(row["note"]) for row in (await watch.rows())[HALF.topic("others")]]
    assert sorted(set(notes)) == ["amounts", "others"]


async def test_the_source_is_refused_until_its_task_was_restarted(half: Gateway) -> None:
    assert await end(half, "amounts") is BulkSnapshotState.FAILED
    watch = half.chain.arrivals.watch(HALF)

    answered = await half.call(half.request((HALF, "others")))
    [refused] = answered.snapshots
    assert (refused.state, refused.code) == (SnapshotState.FAILED, SnapshotErrorCode.RESTART_REQUIRED)
    assert "public.amounts" in (refused.message or "")
    planned = await plan_bulk_snapshot(half.services, LOCAL_PRINCIPAL, half.request((HALF, "others")))
    [job] = planned.jobs
    assert job.refusal is not None
    assert job.refusal.code is SnapshotErrorCode.RESTART_REQUIRED
    findings = (await check_health(half.services, TENANT, [await source_id(half)])).popitem()[1]
    assert [one.severity for one in findings if one.code is HealthCheck.RESTART_REQUIRED] == [Severity.ERROR]
    assert HALF.topic("others") not in await watch.counts()

    await restart(half.chain, HALF)
    await until_clear(half)

    assert await end(half, "others") is BulkSnapshotState.COMPLETED
    rows = (await watch.rows())[HALF.topic("others")]
    assert [row["note"] for row in rows] == ["others"] * 5


async def test_blocking_is_not_refused_and_reads_its_own_rows_alone(half: Gateway) -> None:
    assert await end(half, "amounts") is BulkSnapshotState.FAILED
    watch = half.chain.arrivals.watch(HALF)

    assert await end(half, "others", snapshot_type=BLOCKING) is BulkSnapshotState.COMPLETED

    assert [row["note"] for row in (await watch.rows())[HALF.topic("others")]] == ["others"] * 5
    assert await requirement(half) is not None


async def test_a_failure_of_a_signal_by_hand_counts(half: Gateway) -> None:
    await completed(half.chain, HALF, await send(half.chain, HALF, execute("public.amounts")))

    async def seen() -> bool:
        return await requirement(half) is not None

    await eventually(seen, END_SECONDS, "the failure to be seen")
    await half.freed()
    [refused] = (await half.call(half.request((HALF, "others")))).snapshots
    assert refused.code is SnapshotErrorCode.RESTART_REQUIRED


async def test_an_operator_who_clears_it_is_taken_at_their_word(half: Gateway) -> None:
    assert await end(half, "amounts") is BulkSnapshotState.FAILED
    request = ClearRequest((await source_id(half),), "shown to be possible, not to be right")

    [cleared] = await clear_restart_requirements(half.services, LOCAL_PRINCIPAL, request)

    assert cleared.cleared
    assert await requirement(half) is None
    assert await end(half, "others") is BulkSnapshotState.COMPLETED


async def test_a_snapshot_that_hangs_after_the_failure_goes_on_after_the_restart(half: Gateway) -> None:
    """With a table left in its signal the engine tells nothing more; the cause is told, and its remedy helps."""
    watch = half.chain.arrivals.watch(HALF)
    answered = await half.call(half.request((HALF, "amounts"), (HALF, "others")))

    async def needed() -> bool:
        return await requirement(half) is not None

    await eventually(needed, END_SECONDS, "the failure to be seen")
    [running] = (await half.record(answered.id)).snapshots
    assert running.state is SnapshotState.RUNNING
    id_ = await source_id(half)
    observed = (await inspect_sources(half.services, TENANT, [id_]))[id_]
    causes = await find_causes(half.services, running, observed)
    assert causes[0].code is HealthCheck.RESTART_REQUIRED

    await restart(half.chain, HALF)

    [ended] = (await half.ended(answered.id)).snapshots
    assert ended.state is SnapshotState.PARTIALLY_COMPLETED
    assert [topic.outcome for topic in ended.topics] == [TopicSnapshotOutcome.OTHER, TopicSnapshotOutcome.SUCCEEDED]
    rows = (await watch.rows())[HALF.topic("others")]
    assert [row["note"] for row in rows] == ["others"] * 5
