"""`topicsnap doctor` on a real Debezium: the demo's sources are well, and what is broken on purpose is found.

One connector is broken in its database and on Kafka, and mended again; a second is born with every fault of
configuration at once; the task of a third fails.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from gateway.engine import debezium
from gateway.metrics import NoMetrics
from gateway.secrets import ReferencedSecrets
from gateway.services import open_runtime
from gateway.settings import load
from persistence.embedded.ports import LOOPBACK
from persistence.embedded.sessions import connected
from resolvers.catalog.import_catalog import import_catalog
from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.health.check_health import check_health, find_causes, inspect_sources, stalled
from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.requesting.bulk_snapshot import bulk_snapshot_topics
from sandbox.sources import Source, connector_config
from sandbox.stack import Sandbox
from sandbox.topics import write_record
from sandbox.waiting import eventually
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector
from snapshots.channels import SignalChannelKind
from snapshots.engines.debezium.connect.client import ConnectClient
from snapshots.engines.debezium.health.inspector import DebeziumInspector
from snapshots.engines.debezium.health.kafka import KafkaLook
from snapshots.engines.debezium.kafka import KafkaClients
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.health.findings import HealthCheck, HealthFinding, Severity
from snapshots.health.rules import assess
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.inspector import InspectedReading
from snapshots.records import SourceSnapshotRecord
from snapshots.requesting.request import BulkSnapshotRequest
from snapshots.states import SnapshotState
from snapshots.vocabulary import Dialect
from tests.e2e.gateway import following

pytestmark = pytest.mark.e2e

PASSWORD = "not-to-be-seen"
PATIENT = Source("patient", channel="kafka", include={"schema.include.list": "public"})
TWIN = Source("twin", channel="kafka", include={"table.include.list": r"public\.items"})
LAME = Source("lame", channel="source", include={"schema.include.list": "public"})
TABLES = f"""
    CREATE ROLE connector_user LOGIN REPLICATION PASSWORD '{PASSWORD}';
    GRANT CREATE ON DATABASE patient TO connector_user;
    GRANT CREATE, USAGE ON SCHEMA public TO connector_user;
    SET ROLE connector_user;
    CREATE TABLE public.debezium_signal (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(2048));
    CREATE TABLE public.items (id integer PRIMARY KEY, note text);
    INSERT INTO public.items SELECT n, 'note' FROM generate_series(1, 50) AS n;
"""
SIGNAL_TABLE = "public.debezium_signal"


@dataclass(frozen=True)
class Ward:
    """The connectors under examination."""

    sandbox: Sandbox
    cluster: Cluster

    def source(self, source: Source, *, database: str | None = None) -> SourceConnector:
        """Return the connector as the catalogue knows it."""
        return SourceConnector(
            id=source.name,
            cluster=self.cluster,
            name=source.connector,
            dialect=Dialect.POSTGRESQL,
            topic_prefix=source.topic_prefix,
            signal_channel=SignalChannelKind.KAFKA if source.channel == "kafka" else SignalChannelKind.SOURCE_TABLE,
            signal_collection=source.signal_table,
            signal_topic=source.signal_topic if source.channel == "kafka" else None,
            read_only=source.read_only,
            notification_topic=source.notification_topic,
            database_url_ref=f"env:{(database or source.name).upper()}",
        )

    async def examine(self, source: SourceConnector, *collections: str) -> tuple[HealthFinding, ...]:
        """Look at it afresh."""
        environ = {name.upper(): self.sandbox.postgres.url(name) for name in ("shop", "billing", "crm", "patient")}
        secrets = ReferencedSecrets(environ)
        async with aiohttp.ClientSession() as session:
            inspector = DebeziumInspector(
                ConnectClient(session, secrets), SourceOpener(secrets), kafka=KafkaLook(KafkaClients())
            )
            findings = assess(await inspector.inspect(source, collections))
        assert_no_secret(findings, self.sandbox)
        return findings

    async def execute(self, statement: str) -> None:
        """Run a statement in the patient's database, as its superuser."""
        async with connected(self.sandbox.postgres.url("patient")) as connection:
            await connection.execute(statement)


def assert_no_secret(findings: Sequence[HealthFinding], sandbox: Sandbox) -> None:
    superusers = urlsplit(sandbox.postgres.url("postgres")).password
    text = repr(findings)
    assert PASSWORD not in text
    assert superusers is not None
    assert superusers not in text


def of(findings: Sequence[HealthFinding], code: HealthCheck) -> HealthFinding:
    """Return the one finding of this check."""
    [found] = [finding for finding in findings if finding.code is code]
    return found


def troubles(findings: Sequence[HealthFinding]) -> dict[HealthCheck, Severity]:
    return {finding.code: finding.severity for finding in findings if finding.is_trouble}


@pytest.fixture(scope="module")
async def ward(sandbox: Sandbox) -> AsyncIterator[Ward]:
    cluster = Cluster("clu_ward", "ward", sandbox.connect.url, sandbox.broker.bootstrap)
    ward = Ward(sandbox, cluster)
    await sandbox.postgres.create_database("patient")
    await ward.execute(TABLES)
    await sandbox.broker.create_topics([PATIENT.signal_topic, PATIENT.notification_topic])
    await _make_wide_topic(sandbox)
    await sandbox.add_connector(PATIENT.connector, _config(sandbox, PATIENT))
    broken = _config(sandbox, TWIN) | {
        "signal.enabled.channels": "kafka",
        "signal.kafka.groupId": f"{PATIENT.connector}-signals",
        "notification.enabled.channels": "log",
    }
    await sandbox.add_connector(TWIN.connector, broken)
    yield ward
    for source in (PATIENT, TWIN):
        await sandbox.connect.delete_connector(source.connector)


def _config(sandbox: Sandbox, source: Source) -> dict[str, str]:
    config = connector_config(
        source, host=LOOPBACK, port=sandbox.postgres.port, password=PASSWORD, bootstrap=sandbox.broker.bootstrap
    )
    return config | {"database.user": "connector_user", "database.dbname": "patient"}


async def _make_wide_topic(sandbox: Sandbox) -> None:
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=sandbox.broker.bootstrap)
    await admin.start()
    try:
        kept = {"retention.ms": str(7 * 24 * 3600 * 1000)}
        wide = NewTopic(TWIN.signal_topic, 4, 1, topic_configs=kept)  # type: ignore[no-untyped-call]
        await admin.create_topics([wide])
    finally:
        await admin.close()


@pytest.mark.parametrize("name", ["shop", "billing", "crm"])
async def test_the_sources_of_the_demo_are_well(ward: Ward, name: str) -> None:
    """What is left is true: Debezium 3.6 has bugs that 3.7 mends, and Tansu does not tell a topic's retention."""
    running = ward.sandbox.sources[name]
    collections = [table.data_collection for table in running.tables if table.data_collection != SIGNAL_TABLE]

    findings = await ward.examine(ward.source(running.source), *collections)

    expected = {HealthCheck.CONNECTOR_VERSION: Severity.WARNING}
    if running.source.channel == "kafka":
        expected[HealthCheck.SIGNAL_TOPIC_RETENTION] = Severity.UNKNOWN
    assert troubles(findings) == expected
    assert of(findings, HealthCheck.CONNECTOR_STATE).severity is Severity.OK
    assert of(findings, HealthCheck.REPLICATION_SLOT).severity is Severity.OK


BREAKAGES = {
    "no signal table": (
        f"ALTER TABLE {SIGNAL_TABLE} RENAME TO put_away",
        "ALTER TABLE public.put_away RENAME TO debezium_signal",
        HealthCheck.SIGNAL_TABLE,
    ),
    "wrong columns": (
        f"ALTER TABLE {SIGNAL_TABLE} RENAME COLUMN data TO payload",
        f"ALTER TABLE {SIGNAL_TABLE} RENAME COLUMN payload TO data",
        HealthCheck.SIGNAL_TABLE_COLUMNS,
    ),
    "too short an id": (
        f"ALTER TABLE {SIGNAL_TABLE} ALTER COLUMN id TYPE varchar(36)",
        f"ALTER TABLE {SIGNAL_TABLE} ALTER COLUMN id TYPE varchar(42)",
        HealthCheck.SIGNAL_TABLE_COLUMNS,
    ),
    "no primary key": (
        f"ALTER TABLE {SIGNAL_TABLE} DROP CONSTRAINT debezium_signal_pkey",
        f"ALTER TABLE {SIGNAL_TABLE} ADD CONSTRAINT debezium_signal_pkey PRIMARY KEY (id)",
        HealthCheck.SIGNAL_TABLE_KEY,
    ),
    "no grant": (
        f"REVOKE INSERT ON {SIGNAL_TABLE} FROM connector_user",
        f"GRANT INSERT ON {SIGNAL_TABLE} TO connector_user",
        HealthCheck.SIGNAL_TABLE_GRANTS,
    ),
    "not captured": (
        f"ALTER PUBLICATION patient_publication DROP TABLE {SIGNAL_TABLE}",
        f"ALTER PUBLICATION patient_publication ADD TABLE {SIGNAL_TABLE}",
        HealthCheck.SIGNAL_TABLE_CAPTURED,
    ),
}


@pytest.mark.parametrize("what", list(BREAKAGES))
async def test_what_is_broken_in_the_database_is_found_and_nothing_else(ward: Ward, what: str) -> None:
    breaking, mending, code = BREAKAGES[what]
    source = ward.source(PATIENT)
    well = troubles(await ward.examine(source, "public.items"))
    assert Severity.ERROR not in well.values()

    await ward.execute(breaking)
    try:
        findings = await ward.examine(source, "public.items")
    finally:
        await ward.execute(mending)

    found = of(findings, code)
    assert (found.severity, found.subject) == (Severity.ERROR, SIGNAL_TABLE)
    assert found.remedy
    assert troubles(findings) == well | {code: Severity.ERROR}
    assert troubles(await ward.examine(source, "public.items")) == well


async def test_what_is_wrong_with_a_configuration_is_found(ward: Ward) -> None:
    findings = await ward.examine(ward.source(TWIN, database="patient"), "public.items", "public.others")

    assert of(findings, HealthCheck.SIGNAL_CHANNELS).severity is Severity.ERROR
    assert "hangs forever" in of(findings, HealthCheck.SIGNAL_CHANNELS).message
    assert of(findings, HealthCheck.NOTIFICATIONS).severity is Severity.ERROR
    partitions = of(findings, HealthCheck.SIGNAL_TOPIC_PARTITIONS)
    assert partitions.severity is Severity.ERROR
    assert "4 partitions" in partitions.message
    retention = of(findings, HealthCheck.SIGNAL_TOPIC_RETENTION)
    assert retention.severity is Severity.WARNING
    assert "168 hours" in retention.message
    group = of(findings, HealthCheck.SIGNAL_GROUP)
    assert group.severity is Severity.WARNING
    assert PATIENT.connector in group.message
    # Left out of the include list, it is in the publication all the same: Debezium puts it there.
    assert of(findings, HealthCheck.SIGNAL_TABLE_CAPTURED).severity is Severity.OK
    assert "public.others" in of(findings, HealthCheck.CAPTURED_TABLES).message
    # The other side of the shared group hears of it as well.
    assert of(await ward.examine(ward.source(PATIENT)), HealthCheck.SIGNAL_GROUP).severity is Severity.WARNING


async def test_a_prefix_that_is_not_the_key_is_found(ward: Ward) -> None:
    findings = await ward.examine(replace(ward.source(PATIENT), topic_prefix="patient-connector"))

    found = of(findings, HealthCheck.TOPIC_PREFIX)
    assert found.severity is Severity.ERROR
    assert "patient-connector" in found.message


async def test_a_paused_connector_is_found(ward: Ward) -> None:
    connect = ward.sandbox.connect
    await connect.pause(PATIENT.connector)
    try:
        await connect.wait_for_state(PATIENT.connector, "PAUSED")
        findings = await ward.examine(ward.source(PATIENT))
    finally:
        await connect.resume(PATIENT.connector)
        await connect.wait_running(PATIENT.connector)

    found = of(findings, HealthCheck.CONNECTOR_STATE)
    assert found.severity is Severity.ERROR
    assert "PAUSED" in found.message


async def test_a_failed_task_is_found_with_the_reason(ward: Ward) -> None:
    connect = ward.sandbox.connect
    config = _config(ward.sandbox, LAME) | {"publication.autocreate.mode": "disabled"}
    await connect.create_connector(LAME.connector, config)
    try:
        await eventually(lambda: _has_failed(ward, LAME), 30, "the task to fail")
        findings = await ward.examine(ward.source(LAME, database="patient"))
    finally:
        await connect.delete_connector(LAME.connector)

    found = of(findings, HealthCheck.CONNECTOR_STATE)
    assert found.severity is Severity.ERROR
    assert "FAILED" in found.message
    assert of(findings, HealthCheck.SIGNAL_TABLE_CAPTURED).severity is Severity.ERROR


async def _has_failed(ward: Ward, source: Source) -> bool:
    return "FAILED" in await ward.sandbox.connect.states(source.connector)


async def test_what_cannot_be_reached_is_unknown_and_no_failure(ward: Ward) -> None:
    nowhere = replace(ward.cluster, connect_url="http://127.0.0.1:1", kafka_bootstrap="127.0.0.1:1")
    source = replace(ward.source(PATIENT), cluster=nowhere, database_url_ref="env:NOT_SET")

    findings = await ward.examine(source)

    assert troubles(findings) == dict.fromkeys(
        (HealthCheck.KAFKA_CONNECT, HealthCheck.KAFKA, HealthCheck.DATABASE), Severity.UNKNOWN
    )


async def test_a_poisoned_signal_topic_is_named_as_the_cause_and_a_restart_mends_it(
    ward: Ward, database_url: str
) -> None:
    """Facts: a signal without a JSON object as data ends the reading of all signals, and nothing tells of it."""
    sandbox, tenant = ward.sandbox, LOCAL_PRINCIPAL.tenant_id
    environ = {"PATIENT": sandbox.postgres.url("patient")}
    settings = load(stall_minutes=0.05)
    async with open_runtime(
        settings, database_url, engine=debezium(ReferencedSecrets(environ)), metrics=NoMetrics()
    ) as runtime:
        services = runtime.services
        await import_catalog(services, LOCAL_PRINCIPAL, _catalogue(sandbox))
        clusters = await services.catalog.clusters(tenant)
        assert (await sync_catalog(services, LOCAL_PRINCIPAL, clusters[0].id)).unreadable == ()
        topics = await services.catalog.topics_by_name(tenant, [("ward", "patient.public.items")])
        [topic] = topics.values()
        assert topic.source is not None
        source_id = topic.source.id
        await write_record(
            sandbox.broker.bootstrap, PATIENT.signal_topic, "patient", {"id": "p", "type": "log", "data": "text"}
        )
        await _committed_or_dead(ward)

        bulk = await bulk_snapshot_topics(services, LOCAL_PRINCIPAL, BulkSnapshotRequest((topic.id,)))
        [snapshot] = bulk.snapshots

        async def record() -> SourceSnapshotRecord:
            return (await services.ledger.reading.source_snapshots(tenant, [snapshot.id]))[snapshot.id]

        async def has_stalled() -> bool:
            at = services.clock()
            return stalled(services, await record(), at) is not None

        async with following(services, group="doctor"):
            await eventually(has_stalled, 20, "the stall")
            silent = await record()
            assert silent.state is SnapshotState.DISPATCHED
            observed = await inspect_sources(services, tenant, [source_id])
            cause, *_ = await find_causes(services, silent, observed[source_id])
            assert (cause.code, cause.severity) == (HealthCheck.SIGNAL_READING, Severity.ERROR)
            assert "no JSON object" in cause.message
            assert "Restart the connector's task" in (cause.remedy or "")
            health = (await check_health(services, tenant, [source_id]))[source_id]
            assert of(health, HealthCheck.SIGNAL_READING) == cause

            await sandbox.connect.restart_connector(PATIENT.connector)

            async def completed() -> bool:
                return (await record()).state is SnapshotState.COMPLETED

            await eventually(completed, 30, "the end of the snapshot")
    assert of(await ward.examine(ward.source(PATIENT)), HealthCheck.SIGNAL_READING).severity is Severity.OK


async def _committed_or_dead(ward: Ward) -> None:
    """Wait until the poison has done its work: it is read within a poll."""
    async with _inspector(ward) as inspector:

        async def poisoned() -> bool:
            seen = await inspector.inspect(ward.source(PATIENT), ())
            reading = getattr(seen.kafka, "reading", None)
            return isinstance(reading, InspectedReading) and bool(reading.poison)

        await eventually(poisoned, 10, "the poison to be seen")
    await asyncio.sleep(1)  # three polls of the connector, which tells nobody that it has read


@asynccontextmanager
async def _inspector(ward: Ward) -> AsyncIterator[DebeziumInspector]:
    secrets = ReferencedSecrets({"PATIENT": ward.sandbox.postgres.url("patient")})
    async with aiohttp.ClientSession() as session:
        client, kafka = ConnectClient(session, secrets), KafkaLook(KafkaClients())
        inspector = DebeziumInspector(client, SourceOpener(secrets), kafka=kafka, kept_seconds=0)
        yield inspector
        await inspector.close()


def _catalogue(sandbox: Sandbox) -> CatalogImport:
    return CatalogImport(
        clusters=(ImportedCluster("ward", connect_url=sandbox.connect.url, kafka_bootstrap=sandbox.broker.bootstrap),),
        connectors=(
            ImportedConnector(
                "ward", PATIENT.connector, signal_channel=SignalChannelKind.KAFKA, database_url_ref="env:PATIENT"
            ),
        ),
    )
