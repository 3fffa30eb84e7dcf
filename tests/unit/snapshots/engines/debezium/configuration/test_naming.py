"""Topics and data collections, by Debezium's default naming."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.engines.debezium.configuration.naming import collection_of, topic_of

CLASSES = {
    "postgresql": "PostgresConnector",
    "mysql": "MySqlConnector",
    "sqlserver": "SqlServerConnector",
    "oracle": "OracleConnector",
    "db2": "Db2Connector",
    "mongodb": "MongoDbConnector",
    "mariadb": "MariaDbConnector",
}


def config(engine: str, **more: str) -> dict[str, str]:
    """A connector's configuration; `__` in a name stands for a dot."""
    return {
        "connector.class": f"io.debezium.connector.{engine}.{CLASSES[engine]}",
        "topic.prefix": "pre",
        **{name.replace("__", "."): value for name, value in more.items()},
    }


@pytest.mark.parametrize(
    ("engine", "collection", "topic"),
    [
        ("postgresql", "public.orders", "pre.public.orders"),
        ("postgresql", "public.price.list", "pre.public.price.list"),
        ("db2", "DB2INST1.ORDERS", "pre.DB2INST1.ORDERS"),
        ("oracle", "ORCLPDB1.HR.EMP", "pre.HR.EMP"),
        ("sqlserver", "sales.dbo.orders", "pre.sales.dbo.orders"),
        ("mysql", "shop.orders", "pre.shop.orders"),
        ("mariadb", "shop.orders", "pre.shop.orders"),
        ("mongodb", "shop.orders", "pre.shop.orders"),
        ("mongodb", "shop.orders.archive", "pre.shop.orders.archive"),
    ],
)
def test_both_ways(engine: str, collection: str, topic: str) -> None:
    known = config(engine, database__pdb__name="orclpdb1")
    assert topic_of(known, collection) == topic
    assert collection_of(known, topic) == collection


def test_what_kafka_does_not_allow_becomes_an_underscore() -> None:
    assert topic_of(config("postgresql"), "public.größe 1") == "pre.public.gr__e_1"


def test_another_delimiter_goes_one_way_only() -> None:
    known = config("postgresql", topic__delimiter="-")
    assert topic_of(known, "public.orders") == "pre-public-orders"
    assert collection_of(known, "pre-public-orders") is None


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"topic__naming__strategy": "example.Mine"}, id="a strategy of one's own"),
        pytest.param(
            {"transforms": "r", "transforms__r__type": "org.apache.kafka.connect.transforms.RegexRouter"}, id="1"
        ),
        pytest.param({"transforms": "r", "transforms__r__type": "io.debezium.transforms.ByLogicalTableRouter"}, id="2"),
        pytest.param({"transforms": "r", "transforms__r__type": "io.debezium.transforms.outbox.EventRouter"}, id="3"),
        pytest.param({"transforms": "r", "transforms__r__type": "com.example.Whatever"}, id="unknown"),
        pytest.param({"transforms": "r"}, id="without a type"),
    ],
)
def test_nothing_is_certain_where_something_else_may_name_topics(more: dict[str, str]) -> None:
    known = config("postgresql", **more)
    assert topic_of(known, "public.orders") is None
    assert collection_of(known, "pre.public.orders") is None


def test_transforms_that_leave_the_topic_alone_do_no_harm() -> None:
    known = config(
        "postgresql", transforms="unwrap", transforms__unwrap__type="io.debezium.transforms.ExtractNewRecordState"
    )
    assert topic_of(known, "public.orders") == "pre.public.orders"


@pytest.mark.parametrize("topic", ["pre", "pre.", "pre.public", "pre.public.", "pre..orders", "other.public.orders"])
def test_topics_of_another_form_have_no_collection(topic: str) -> None:
    assert collection_of(config("postgresql"), topic) is None


@pytest.mark.parametrize("collection", ["orders", ".orders", "public.", ""])
def test_collections_of_another_form_have_no_topic(collection: str) -> None:
    assert topic_of(config("postgresql"), collection) is None


def test_an_oracle_collection_needs_its_database() -> None:
    assert collection_of(config("oracle"), "pre.HR.EMP") is None
    assert collection_of(config("oracle", database__dbname="orclcdb"), "pre.HR.EMP") == "ORCLCDB.HR.EMP"


@given(st.from_regex(r"[A-Za-z0-9_-]{1,8}\.[A-Za-z0-9_.-]{1,8}", fullmatch=True))
def test_a_name_without_strange_characters_comes_back(collection: str) -> None:
    topic = topic_of(config("postgresql"), collection)
    assert topic is not None
    assert collection_of(config("postgresql"), topic) == collection
