"""Looking at a source: each part by itself, what fails is Unknown, no secret gets out, one look for all who ask."""

import asyncio
from dataclasses import replace
from unittest.mock import AsyncMock, Mock

import aiohttp
import pytest

from snapshots.channels import SignalChannelKind
from snapshots.engines.debezium.connect.client import ConnectClient
from snapshots.engines.debezium.health.inspector import DebeziumInspector
from snapshots.engines.debezium.health.kafka import KafkaLook, KafkaLookError, WantedTopics
from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients
from snapshots.engines.debezium.source_database.dialect import SourceDialect, WantedParts
from snapshots.engines.debezium.source_database.opener import Session, SourceOpener
from snapshots.errors import DatabaseUnreachableError
from snapshots.health.rules import assess
from snapshots.model import SourceConnector
from snapshots.ports.inspector import (
    InspectedConnector,
    InspectedDatabase,
    InspectedKafka,
    InspectedReading,
    InspectedSignalling,
    InspectedTopic,
)
from snapshots.ports.unknown import Unknown
from snapshots.vocabulary import ConnectorState, Dialect
from tests.support.waiting import FAULT_SECONDS
from tests.unit.snapshots.engines.debezium.conftest import NoSecrets, Worker, error, expanded

LISTING = "/connectors?expand=status&expand=info"
PASSWORD = "tr0ub4dor"
CONFIG = {
    "connector__class": "io.debezium.connector.postgresql.PostgresConnector",
    "topic__prefix": "shop",
    "database__user": "dbz",
    "database__password": PASSWORD,
    "signal__enabled__channels": "source,kafka",
    "signal__data__collection": "public.signals",
    "signal__kafka__bootstrap__servers": "kafka:9092",
    "signal__kafka__groupId": "mine",
    "schema__include__list": "public",
    "plugin__name": "pgoutput",
}


class Kafka(KafkaLook):
    """Kafka, told what to say."""

    def __init__(self) -> None:
        super().__init__(KafkaClients())
        self.asked: list[WantedTopics] = []
        self.fails = False

    async def observe(self, access: KafkaAccess, wanted: WantedTopics) -> InspectedKafka:
        self.asked.append(wanted)
        if self.fails:
            message = "Kafka cannot be asked (NoBrokersAvailable)."
            raise KafkaLookError(message)
        return InspectedKafka(InspectedTopic(1), None, InspectedReading(3))


class Databases:
    """The source databases, told what to say."""

    def __init__(self) -> None:
        self.asked: list[WantedParts] = []
        self.fault: Exception | None = None

    async def inspect(self, opener: SourceOpener, reference: str, wanted: WantedParts) -> InspectedDatabase:
        async with opener.open(reference, AsyncMock(return_value=Mock()), Session()):
            self.asked.append(wanted)
        if self.fault is not None:
            raise self.fault
        return InspectedDatabase(16, False, False, None, True, None)  # noqa: FBT003


@pytest.fixture
def databases() -> Databases:
    return Databases()


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


@pytest.fixture
def inspector(session: aiohttp.ClientSession, kafka: Kafka, databases: Databases) -> DebeziumInspector:
    return inspecting(session, kafka, databases)


def inspecting(
    session: aiohttp.ClientSession, kafka: Kafka, databases: Databases, timeout_seconds: float = 15.0
) -> DebeziumInspector:
    return DebeziumInspector(
        ConnectClient(session, NoSecrets(), timeout_seconds=2),
        SourceOpener(NoSecrets()),
        kafka=kafka,
        dialects={Dialect.POSTGRESQL: SourceDialect(name="PostgreSQL", inspect=databases.inspect)},
        timeout_seconds=timeout_seconds,
    )


def source(worker: Worker, name: str = "shop") -> SourceConnector:
    cluster = replace(worker.cluster, kafka_bootstrap="kafka:9092")
    return SourceConnector(
        id=f"src_{name}",
        cluster=cluster,
        name=name,
        dialect=Dialect.POSTGRESQL,
        topic_prefix="shop",
        signal_channel=SignalChannelKind.KAFKA,
        signal_topic="shop-signal",
        database_url_ref="env:KNOWN",
    )


def connector_of(seen: InspectedSignalling) -> InspectedConnector:
    assert isinstance(seen.connector, InspectedConnector)
    return seen.connector


async def test_a_source_is_seen_with_what_its_configuration_says(
    worker: Worker, inspector: DebeziumInspector, kafka: Kafka, databases: Databases
) -> None:
    worker.answer_json(LISTING, {"shop": expanded(**CONFIG)})

    seen = await inspector.inspect(source(worker), ("public.orders", "other.table"))

    connector = connector_of(seen)
    assert (connector.state, connector.version) == (ConnectorState.RUNNING, "3.6.3.Final")
    assert connector.settings.channels == ("source", "kafka")
    assert connector.signal_table_captured is True
    assert connector.uncaptured == ("other.table",)
    assert kafka.asked == [WantedTopics("shop-signal", None, "shop", "mine")]
    [wanted] = databases.asked
    assert (wanted.signal_collection, wanted.publication, wanted.slot, wanted.connector_user) == (
        "public.signals",
        "dbz_publication",
        "debezium",
        "dbz",
    )


async def test_no_secret_gets_out_even_when_an_error_quotes_it(worker: Worker, inspector: DebeziumInspector) -> None:
    shown = expanded("RUNNING", "FAILED", **CONFIG)
    shown["status"]["tasks"][0]["trace"] = f"PSQLException: password={PASSWORD} was refused\n\tat …"  # type: ignore[index]
    worker.answer_json(LISTING, {"shop": shown})

    seen = await inspector.inspect(source(worker), ())

    assert connector_of(seen).trace == "PSQLException: password=*** was refused"
    assert PASSWORD not in repr(seen)
    assert PASSWORD not in repr(assess(seen))


async def test_others_in_the_same_group_are_named(worker: Worker, inspector: DebeziumInspector) -> None:
    twin = CONFIG | {"topic__prefix": "twin", "signal__kafka__topic": "shop-signal"}
    worker.answer_json(
        LISTING,
        {
            "shop": expanded(**CONFIG),
            "twin": expanded(**twin),
            "cousin": expanded(**(CONFIG | {"topic__prefix": "cousin"})),
            "stranger": expanded(**(CONFIG | {"signal__kafka__groupId": "its own"})),
            "by table": expanded(**(CONFIG | {"signal__enabled__channels": "source"})),
            "sink": expanded(kind="sink", **CONFIG),
        },
    )
    connector = connector_of(await inspector.inspect(source(worker), ()))
    assert connector.group_sharers == ("cousin", "twin")
    assert connector.topic_sharers == ("twin",)


async def test_each_part_that_fails_is_unknown_and_the_others_are_seen(
    worker: Worker, inspector: DebeziumInspector, kafka: Kafka, databases: Databases
) -> None:
    worker.answer(LISTING, lambda: error(500))
    kafka.fails = True
    databases.fault = DatabaseUnreachableError("SQLSTATE 28P01")

    seen = await inspector.inspect(source(worker), ())

    assert isinstance(seen.connector, Unknown)
    assert seen.kafka == Unknown("Kafka cannot be asked (NoBrokersAvailable).")
    assert seen.database == Unknown("The source database cannot be read (SQLSTATE 28P01).")
    # What the catalogue knows is looked for then.
    assert kafka.asked[0].signal_topic == "shop-signal"


async def test_a_configuration_that_is_left_out_is_not_an_empty_one(
    worker: Worker, inspector: DebeziumInspector, kafka: Kafka
) -> None:
    """Kafka Connect does so at times while it rebalances."""
    worker.answer_json(LISTING, {"shop": {"status": expanded(**CONFIG)["status"]}})
    seen = await inspector.inspect(source(worker), ())
    assert isinstance(seen.connector, Unknown)
    assert "did not report the connector's configuration" in seen.connector.reason
    assert kafka.asked[0].signal_topic == "shop-signal"  # as the catalogue knows it


async def test_a_fault_of_ours_is_no_failure_either(
    worker: Worker, inspector: DebeziumInspector, databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    worker.answer_json(LISTING, {"shop": expanded(**CONFIG)})
    databases.fault = ZeroDivisionError()
    seen = await inspector.inspect(source(worker), ())
    assert isinstance(seen.database, Unknown)
    assert isinstance(seen.kafka, InspectedKafka)
    assert "failed unexpectedly" in caplog.text


async def test_what_hangs_is_given_up(worker: Worker, session: aiohttp.ClientSession, databases: Databases) -> None:
    class Mute(Kafka):
        async def observe(self, access: KafkaAccess, wanted: WantedTopics) -> InspectedKafka:
            await asyncio.Event().wait()
            raise AssertionError

    worker.answer_json(LISTING, {"shop": expanded(**CONFIG)})
    inspector = inspecting(session, Mute(), databases, timeout_seconds=0.05)
    async with asyncio.timeout(FAULT_SECONDS):
        seen = await inspector.inspect(source(worker), ())
    assert seen.kafka == Unknown("Kafka did not answer in time.")


async def test_a_connector_that_is_not_there_is_none_and_one_without_credentials_is_told(
    worker: Worker, inspector: DebeziumInspector
) -> None:
    worker.answer_json(LISTING, {})
    seen = await inspector.inspect(replace(source(worker), database_url_ref=None), ())
    assert seen.connector is None
    assert isinstance(seen.database, Unknown)
    other = await inspector.inspect(replace(source(worker), dialect=Dialect.MYSQL), ())
    assert other.database is None


async def test_many_who_ask_at_once_are_answered_by_one_look(
    worker: Worker, inspector: DebeziumInspector, databases: Databases
) -> None:
    names = [f"shop{n}" for n in range(20)]
    worker.answer_json(LISTING, {name: expanded(**CONFIG) for name in names})
    await asyncio.gather(*(inspector.inspect(source(worker, name), ()) for name in names * 5))
    assert len(worker.requests) == 1
    assert len(databases.asked) == 20
