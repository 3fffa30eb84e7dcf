"""What is observed of a cluster, by what each way to the topics gives."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any
from unittest.mock import AsyncMock, Mock

import aiohttp
import pytest

from snapshots.channels import SignalChannelKind
from snapshots.engines.debezium.catalog.kafka_topics import list_topics
from snapshots.engines.debezium.catalog.observer import KafkaConnectObserver
from snapshots.engines.debezium.configuration.properties import Config
from snapshots.engines.debezium.connect.client import ConnectClient
from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients
from snapshots.engines.debezium.source_database.dialect import DatabaseTable, DatabaseTables, SourceDialect
from snapshots.engines.debezium.source_database.opener import Session, SourceOpener
from snapshots.errors import ClusterUnreachableError, DatabaseUnreachableError
from snapshots.ports.cluster_observer import TOPICS, ObservedCluster, ObservedTopic, Unreadable
from snapshots.vocabulary import ConnectorKind, Dialect, TopicProducer
from tests.unit.snapshots.engines.debezium.conftest import NoSecrets, Worker, error, expanded

LISTING = "/connectors?expand=status&expand=info"
POSTGRES = "io.debezium.connector.postgresql.PostgresConnector"
REFERENCE = {"shop": "env:KNOWN"}


class Databases:
    """Stands for the source databases; None cannot be reached."""

    def __init__(self) -> None:
        self.database: DatabaseTables | None = DatabaseTables((), 2048)
        self.asked: list[tuple[str, Config]] = []
        self.fault: Exception | None = None

    def tables(self, *collections: str, keyless: str = "") -> None:
        self.database = DatabaseTables(tuple(DatabaseTable(name, name == keyless) for name in collections), 9000)

    async def read(self, opener: SourceOpener, reference: str, config: Config) -> DatabaseTables:
        async with opener.open(reference, self.connect, Session()):
            self.asked[-1] = (self.asked[-1][0], config)
        if self.fault is not None:
            raise self.fault
        if self.database is None:
            raise DatabaseUnreachableError("SQLSTATE 28P01")
        return self.database

    async def connect(self, url: str, session: Session) -> object:
        self.asked.append((url, {}))
        return Mock(close=AsyncMock())

    @property
    def dialects(self) -> Mapping[Dialect, SourceDialect]:
        return {
            Dialect.POSTGRESQL: SourceDialect(name="PostgreSQL", read_tables=self.read, signal_table=lambda *_: Mock())
        }


@pytest.fixture
def databases() -> Databases:
    return Databases()


def observing(
    session: aiohttp.ClientSession, databases: Databases, existing: Callable[[KafkaAccess], Awaitable[Any]]
) -> KafkaConnectObserver:
    client, opener = ConnectClient(session, NoSecrets(), timeout_seconds=2), SourceOpener(NoSecrets())
    return KafkaConnectObserver(client, opener, list_topics=existing, dialects=databases.dialects)


@pytest.fixture
def observer(session: aiohttp.ClientSession, databases: Databases) -> KafkaConnectObserver:
    async def existing(access: KafkaAccess) -> frozenset[str]:
        return frozenset({"shop.public.exists"})

    return observing(session, databases, existing)


def shop(**config: str) -> dict[str, object]:
    defaults = {
        "connector__class": POSTGRES,
        "topic__prefix": "shop",
        "signal__data__collection": "public.debezium_signal",
        "signal__enabled__channels": "source,kafka",
        "notification__enabled__channels": "sink",
        "notification__sink__topic__name": "notes",
    }
    return expanded(**{**defaults, **config})


def listed(worker: Worker, connectors: Mapping[str, object]) -> None:
    worker.answer_json("/connectors", list(connectors))
    worker.answer_json(LISTING, connectors)


async def seen(
    observer: KafkaConnectObserver,
    worker: Worker,
    connectors: Mapping[str, object],
    *,
    references: Mapping[str, str] | None = None,
    topics: Mapping[str, list[str]] | None = None,
) -> ObservedCluster:
    listed(worker, connectors)
    for name in connectors:
        worker.answer_json(f"/connectors/{name}/topics", {name: {"topics": (topics or {}).get(name, [])}})
    return await observer.observe(worker.cluster, REFERENCE if references is None else references)


def routes(observed: ObservedCluster) -> dict[str, str | None]:
    return {topic.name: topic.data_collection for topic in observed.topics}


async def test_a_connector_is_observed_with_all_that_signalling_takes(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    databases.tables("public.orders")
    worker.answer_json("/connector-plugins", [{"class": POSTGRES, "version": "9.9"}])
    (connector,) = (await seen(observer, worker, {"shop": shop()})).connectors
    assert (connector.name, connector.kind, connector.dialect) == ("shop", ConnectorKind.SOURCE, Dialect.POSTGRESQL)
    assert (connector.version, connector.topic_prefix) == ("3.6.3.Final", "shop")
    assert connector.signal_channel is SignalChannelKind.SOURCE_TABLE
    assert (connector.signal_collection, connector.signal_data_limit) == ("public.debezium_signal", 9000)
    assert (connector.signal_topic, connector.notification_topic) == ("shop-signal", "notes")
    assert connector.database_url_ref == "env:KNOWN"
    assert connector.state_observed_at is not None


async def test_the_tables_of_the_database_come_first(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    databases.tables("public.a", "public.exists", "audit.b", "public.debezium_signal", keyless="public.a")
    connectors = {"shop": shop(schema__include__list="public", message__key__columns="")}
    written = {"shop": ["shop.public.a", "shop.public.dropped", "notes", "shop.public.debezium_signal"]}
    observed = await seen(observer, worker, connectors, topics=written)
    assert observed.topics == (
        ObservedTopic("shop.public.a", TopicProducer.SOURCE, "shop", "public.a", keyless=True, exists=True),
        ObservedTopic("shop.public.dropped", TopicProducer.SOURCE, "shop", None, keyless=None, exists=True),
        ObservedTopic("shop.public.exists", TopicProducer.SOURCE, "shop", "public.exists", keyless=False, exists=False),
    )


async def test_kafka_itself_may_know_a_topic(
    session: aiohttp.ClientSession, worker: Worker, databases: Databases
) -> None:
    async def existing(access: KafkaAccess) -> frozenset[str]:
        assert access == KafkaAccess("kafka:9092")
        return frozenset({"shop.public.a"})

    observer = observing(session, databases, existing)
    databases.tables("public.a", "public.b")
    listed(worker, {"shop": shop()})
    cluster = worker.cluster
    with_kafka = type(cluster)(cluster.id, cluster.name, cluster.connect_url, "kafka:9092")
    observed = await observer.observe(with_kafka, REFERENCE)
    assert {topic.name: topic.exists for topic in observed.topics} == {"shop.public.a": True, "shop.public.b": False}


@pytest.mark.parametrize("references", [{}, {"shop": "env:KNOWN"}, {"shop": "env:NOWHERE"}])
async def test_without_the_database_the_include_list_and_the_written_topics_help(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases, references: dict[str, str]
) -> None:
    databases.database = None
    connectors = {"shop": shop(table__include__list=r"public\.orders,public\.x.*")}
    written = {"shop": ["shop.public.xyz", "notes"]}
    observed = await seen(observer, worker, connectors, references=references, topics=written)
    assert routes(observed) == {"shop.public.orders": "public.orders", "shop.public.xyz": "public.xyz"}
    assert {topic.keyless for topic in observed.topics} == {None}


async def test_a_key_of_one_s_own_makes_a_table_keyed(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    databases.tables("public.a", "public.b", keyless="public.a")
    observed = await seen(observer, worker, {"shop": shop(message__key__columns="public.a:x")})
    assert {topic.name: topic.keyless for topic in observed.topics} == {"shop.public.a": False, "shop.public.b": False}


async def test_routed_topics_have_no_collection(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    databases.tables("public.a")
    router = {"transforms": "r", "transforms__r__type": "org.apache.kafka.connect.transforms.RegexRouter"}
    observed = await seen(observer, worker, {"shop": shop(**router)}, topics={"shop": ["all"]})
    assert routes(observed) == {"all": None}


async def test_of_two_tables_with_one_topic_the_one_named_like_it_counts(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    for order in (("public.a b", "public.a_b"), ("public.a_b", "public.a b")):
        databases.tables(*order)
        assert routes(await seen(observer, worker, {"shop": shop()})) == {"shop.public.a_b": "public.a_b"}


async def test_what_a_sink_reads_it_does_not_produce(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    sink = expanded(kind="sink", connector__class="io.debezium.connector.jdbc.JdbcSinkConnector", topic__prefix="x")
    observed = await seen(observer, worker, {"lake": sink}, topics={"lake": ["shop.public.a"]})
    assert observed.topics == ()
    assert [(one.kind, one.signal_channel) for one in observed.connectors] == [(ConnectorKind.SINK, None)]


async def test_a_topic_of_two_connectors_is_observed_once(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    databases.tables("public.a")
    observed = await seen(observer, worker, {"again": shop(), "shop": shop()}, references={"shop": "env:KNOWN"})
    assert routes(observed) == {"shop.public.a": "public.a"}


async def test_many_connectors_are_looked_at_a_few_at_once(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    connectors = {f"shop-{number}": shop(topic__prefix=f"p{number}") for number in range(30)}
    written = {name: [f"{name.replace('shop-', 'p')}.public.a"] for name in connectors}
    observed = await seen(observer, worker, connectors, references={}, topics=written)
    assert len(observed.connectors) == len(observed.topics) == 30


async def test_a_cluster_that_does_not_answer_is_an_error(observer: KafkaConnectObserver, worker: Worker) -> None:
    for silent in ("/connectors", LISTING):
        listed(worker, {"shop": shop()})
        worker.answer(silent, lambda: error(500))
        with pytest.raises(ClusterUnreachableError, match="it answered 500"):
            await observer.observe(worker.cluster, {})


async def test_a_database_that_cannot_be_read_is_told_and_what_it_would_tell_is_unknown(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    databases.database = None
    connectors = {"shop": shop(table__include__list=r"public\.orders,public\.x.*")}
    observed = await seen(observer, worker, connectors, topics={"shop": ["shop.public.xyz"]})
    (connector,) = observed.connectors
    assert connector.unknown == {"signal_data_limit", TOPICS}
    table = frozenset({"data_collection", "keyless"})
    assert {topic.name: (topic.unknown, topic.inferred) for topic in observed.topics} == {
        "shop.public.orders": (table, True),
        "shop.public.xyz": (table, False),
    }
    reason = (
        "The database of connector shop cannot be read (SQLSTATE 28P01). Its topics and keys are kept as they were; "
        "check database_url_ref, then run sync again."
    )
    assert observed.unreadable == (Unreadable("prod", "shop", reason),)


async def test_a_reference_that_leads_nowhere_is_told_by_its_name(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    observed = await seen(observer, worker, {"shop": shop()}, references={"shop": "env:NOWHERE"})
    assert [(one.source, "env:NOWHERE is not set" in one.reason) for one in observed.unreadable] == [("shop", True)]
    assert TOPICS in observed.connectors[0].unknown


async def test_a_fault_of_ours_in_one_connector_is_told_and_logged(
    observer: KafkaConnectObserver,
    worker: Worker,
    databases: Databases,
    caplog: pytest.LogCaptureFixture,
) -> None:
    databases.fault = RuntimeError()
    observed = await seen(observer, worker, {"shop": shop(), "crm": shop(topic__prefix="crm")})
    assert [(one.source, "failed unexpectedly; see the log" in one.reason) for one in observed.unreadable] == [
        ("shop", True)
    ]
    assert "RuntimeError" in caplog.text
    assert {one.name: bool(one.unknown) for one in observed.connectors} == {"crm": False, "shop": True}


@pytest.mark.parametrize("references", [{}, {"shop": "env:NOWHERE"}])
async def test_what_was_not_tried_is_not_unreadable(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases, references: dict[str, str]
) -> None:
    """Without a reference nobody can look, and of other engines nobody knows how."""
    mysql = "io.debezium.connector.mysql.MySqlConnector" if references else POSTGRES
    connectors = {"shop": shop(connector__class=mysql, table__include__list="public.a")}
    observed = await seen(observer, worker, connectors, references=references)
    assert (observed.unreadable, observed.connectors[0].unknown) == ((), frozenset())
    assert [(topic.unknown, topic.inferred) for topic in observed.topics] == [(frozenset(), False)]


async def test_topics_that_cannot_be_asked_for_are_told(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    databases.tables("public.a", "public.exists")
    listed(worker, {"shop": shop()})
    worker.answer("/connectors/shop/topics", lambda: error(500))
    cluster = replace(worker.cluster, kafka_bootstrap="kafka:9092")
    observed = await observer.observe(cluster, REFERENCE)
    assert {topic.name: (topic.exists, topic.unknown) for topic in observed.topics} == {
        "shop.public.a": (False, {"exists"}),
        "shop.public.exists": (True, frozenset()),
    }
    assert observed.connectors[0].unknown == {TOPICS}
    [told] = observed.unreadable
    assert (told.source, "it answered 500. The topics that connector shop has written are kept" in told.reason) == (
        "shop",
        True,
    )


async def test_topics_that_are_not_tracked_are_not_unreadable(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    databases.tables("public.a")
    listed(worker, {"shop": shop()})
    worker.answer("/connectors/shop/topics", lambda: error(403, "Topic tracking is disabled."))
    observed = await observer.observe(worker.cluster, REFERENCE)
    assert (observed.unreadable, observed.connectors[0].unknown) == ((), frozenset())


async def test_a_kafka_that_is_away_does_not_say_that_topics_are_not_there(
    session: aiohttp.ClientSession, worker: Worker, databases: Databases
) -> None:
    databases.tables("public.a", "public.b")
    observer = observing(session, databases, partial(list_topics, KafkaClients()))
    listed(worker, {"shop": shop()})
    worker.answer_json("/connectors/shop/topics", {"shop": {"topics": ["shop.public.b"]}})
    observed = await observer.observe(replace(worker.cluster, kafka_bootstrap="127.0.0.1:1"), REFERENCE)
    assert {topic.name: (topic.exists, topic.unknown) for topic in observed.topics} == {
        "shop.public.a": (False, {"exists"}),
        "shop.public.b": (True, frozenset()),
    }
    assert observed.connectors[0].unknown == frozenset()
    [told] = observed.unreadable
    assert (told.cluster, told.source) == ("prod", None)
    assert told.reason.startswith("Kafka did not list its topics (KafkaConnectionError). Whether topics exist is kept")


@pytest.mark.parametrize("left", [{}, {"status"}, {"info"}], ids=["nothing", "the status", "the info"])
async def test_a_connector_of_which_the_listing_tells_half_is_half_known(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases, left: set[str]
) -> None:
    """While it rebalances, Kafka Connect leaves out what it has no state of."""
    databases.tables("public.a")
    whole = shop()
    worker.answer_json("/connector-plugins", [])
    listed(worker, {"shop": {part: whole[part] for part in left}})
    worker.answer_json("/connectors/shop/topics", {"shop": {"topics": ["shop.public.a"]}})
    observed = await observer.observe(worker.cluster, REFERENCE)
    (connector,) = observed.connectors
    (told,) = observed.unreadable
    assert told.source == "shop"
    if left == {"info"}:
        assert connector.unknown == {"state", "state_observed_at", "version"}
        assert connector.state_observed_at is None
        assert routes(observed) == {"shop.public.a": "public.a"}
        assert "the state of connector shop" in told.reason
    else:
        assert {"connector_class", "signal_channel", "notification_topic", TOPICS} <= connector.unknown
        assert ("state" in connector.unknown) == (not left)
        assert observed.topics == ()
        assert "the configuration of connector shop" in told.reason


async def test_a_connector_that_the_listing_leaves_out_is_not_gone(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    listed(worker, {"shop": shop()})
    worker.answer_json("/connectors/shop/topics", {"shop": {"topics": []}})
    worker.answer_json("/connectors", ["new", "shop"])
    observed = await observer.observe(worker.cluster, REFERENCE)
    assert [(one.name, one.is_described) for one in observed.connectors] == [("new", False), ("shop", True)]
    assert [one.source for one in observed.unreadable] == ["new"]


async def test_versions_are_unknown_only_where_they_come_from_the_plugins(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    worker.answer("/connector-plugins", lambda: error(500))
    assert (await seen(observer, worker, {"shop": shop()})).unreadable == ()
    older = shop()
    older["status"] = {"connector": {"state": "RUNNING"}, "tasks": [], "type": "source"}
    observed = await seen(observer, worker, {"shop": older})
    assert observed.connectors[0].unknown == {"version"}
    [told] = observed.unreadable
    assert (told.source, "The versions of its connectors are kept as they were" in told.reason) == (None, True)


@pytest.mark.parametrize("only_java", [r"public\.\p{Alpha}", "public[.][a-z&&[^b]]", "${file:/lists:tables}"])
async def test_lists_that_only_java_reads_leave_the_topics_unknown(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases, only_java: str
) -> None:
    databases.tables("public.a", "public.b")
    connectors = {"shop": shop(table__include__list=rf"{only_java},public\.a,public\.c")}
    observed = await seen(observer, worker, connectors)
    assert observed.connectors[0].unknown == {TOPICS}
    assert {topic.name: (topic.keyless, topic.inferred) for topic in observed.topics} == {
        "shop.public.a": (False, False),
        "shop.public.c": (None, True),
    }
    assert ["only Java reads" in one.reason for one in observed.unreadable] == [True]


async def test_of_two_connectors_the_one_whose_topic_was_seen_counts(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    databases.tables("public.a")
    connectors = {"again": shop(table__include__list="public.a"), "shop": shop()}
    references = {"again": "env:NOWHERE", "shop": "env:KNOWN"}
    observed = await seen(observer, worker, connectors, references=references)
    assert [(topic.connector_name, topic.keyless) for topic in observed.topics] == [("shop", False)]


async def test_the_database_is_asked_with_what_the_connector_says(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    await seen(observer, worker, {"shop": shop(publication__name="pub", publish__via__partition__root="true")})
    [(url, config)] = databases.asked
    assert url == NoSecrets().resolve("env:KNOWN")
    assert (config["publication.name"], config["publish.via.partition.root"]) == ("pub", "true")
