"""What is observed of a cluster, by what each way to the topics gives."""

from collections.abc import Mapping

import aiohttp
import pytest

from snapshots.catalog import ObservedCluster, ObservedTopic
from snapshots.engines.debezium import observe
from snapshots.engines.debezium.connect import ConnectClient
from snapshots.engines.debezium.observe import KafkaConnectObserver
from snapshots.engines.debezium.source_tables import SourceDatabase, SourceTable
from snapshots.errors import ClusterUnreachableError, DatabaseUnreachableError
from snapshots.kinds import ConnectorKind, Dialect, SignalChannelKind, TopicProducer
from tests.unit.snapshots.engines.debezium.conftest import NoSecrets, Worker, error, expanded

LISTING = "/connectors?expand=status&expand=info"
POSTGRES = "io.debezium.connector.postgresql.PostgresConnector"
REFERENCE = {"shop": "env:KNOWN"}


class Databases:
    """Stands for the source databases; None cannot be reached."""

    def __init__(self) -> None:
        self.database: SourceDatabase | None = SourceDatabase((), 2048)
        self.asked: list[tuple[str, object]] = []

    def tables(self, *collections: str, keyless: str = "") -> None:
        parts = [(name.split(".", 1), name == keyless) for name in collections]
        self.database = SourceDatabase(tuple(SourceTable(s, n, no_key) for (s, n), no_key in parts), 9000)

    async def read(self, url: str, **options: object) -> SourceDatabase:
        self.asked.append((url, options))
        if self.database is None:
            message = "The source database cannot be read."
            raise DatabaseUnreachableError(message)
        return self.database


@pytest.fixture
def databases(monkeypatch: pytest.MonkeyPatch) -> Databases:
    databases = Databases()
    monkeypatch.setattr(observe, "read_source_database", databases.read)
    return databases


@pytest.fixture
def observer(session: aiohttp.ClientSession) -> KafkaConnectObserver:
    async def existing(bootstrap: str) -> frozenset[str]:
        return frozenset({"shop.public.exists"})

    return KafkaConnectObserver(
        ConnectClient(session, NoSecrets(), timeout_seconds=2), NoSecrets(), list_topics=existing
    )


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


async def seen(
    observer: KafkaConnectObserver,
    worker: Worker,
    connectors: Mapping[str, object],
    *,
    references: Mapping[str, str] | None = None,
    topics: Mapping[str, list[str]] | None = None,
) -> ObservedCluster:
    worker.answer_json(LISTING, connectors)
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
    async def existing(bootstrap: str) -> frozenset[str]:
        assert bootstrap == "kafka:9092"
        return frozenset({"shop.public.a"})

    client = ConnectClient(session, NoSecrets(), timeout_seconds=2)
    observer = KafkaConnectObserver(client, NoSecrets(), list_topics=existing)
    databases.tables("public.a", "public.b")
    worker.answer_json(LISTING, {"shop": shop()})
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
    worker.answer(LISTING, lambda: error(500))
    with pytest.raises(ClusterUnreachableError, match="it answered 500"):
        await observer.observe(worker.cluster, {})


async def test_topics_that_cannot_be_asked_are_simply_not_known(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    worker.answer_json(LISTING, {"shop": shop(table__include__list="public.a")})
    worker.answer("/connectors/shop/topics", lambda: error(500))
    assert routes(await observer.observe(worker.cluster, {})) == {"shop.public.a": "public.a"}


async def test_the_database_is_asked_with_what_the_connector_says(
    observer: KafkaConnectObserver, worker: Worker, databases: Databases
) -> None:
    await seen(observer, worker, {"shop": shop(publication__name="pub", publish__via__partition__root="true")})
    assert databases.asked == [
        (
            NoSecrets().resolve("env:KNOWN"),
            {"signal_collection": "public.debezium_signal", "publication": "pub", "via_partition_root": True},
        )
    ]
