"""A connector's configuration, read by Debezium's rules."""

import pytest

from snapshots.engines.debezium.configuration import properties as configuration
from snapshots.signalling.key_settings import KeySettings
from snapshots.vocabulary import Dialect

POSTGRES = {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "topic.prefix": "shop",
    "signal.data.collection": "public.debezium_signal",
}
KAFKA = {"signal.enabled.channels": "kafka"}


@pytest.mark.parametrize(
    ("connector_class", "dialect"),
    [
        ("io.debezium.connector.postgresql.PostgresConnector", Dialect.POSTGRESQL),
        ("io.debezium.connector.mysql.MySqlConnector", Dialect.MYSQL),
        ("io.debezium.connector.mariadb.MariaDbConnector", Dialect.MARIADB),
        ("io.debezium.connector.sqlserver.SqlServerConnector", Dialect.SQLSERVER),
        ("io.debezium.connector.oracle.OracleConnector", Dialect.ORACLE),
        ("io.debezium.connector.db2.Db2Connector", Dialect.DB2),
        ("io.debezium.connector.mongodb.MongoDbConnector", Dialect.MONGODB),
        ("io.confluent.connect.jdbc.JdbcSourceConnector", Dialect.OTHER),
        ("", Dialect.OTHER),
    ],
)
def test_the_class_tells_the_dialect(connector_class: str, dialect: Dialect) -> None:
    assert configuration.dialect({"connector.class": connector_class}) is dialect


def test_the_signal_topic_has_a_default() -> None:
    assert configuration.signal_topic({**POSTGRES, **KAFKA}) == "shop-signal"
    assert configuration.signal_topic({**POSTGRES, **KAFKA, "signal.kafka.topic": "mine"}) == "mine"
    assert configuration.signal_topic(POSTGRES) is None


def test_notifications_have_a_topic_where_they_are_sent_to_kafka() -> None:
    topic = {"notification.sink.topic.name": "notes"}
    assert configuration.notification_topic({**topic, "notification.enabled.channels": "log,sink"}) == "notes"
    assert configuration.notification_topic({**topic, "notification.enabled.channels": "log"}) is None
    assert configuration.notification_topic(topic) is None


def test_the_prefix_had_another_name_once() -> None:
    assert configuration.topic_prefix({"database.server.name": "old"}) == "old"
    assert configuration.topic_prefix({"database.server.name": "old", "topic.prefix": "new"}) == "new"


@pytest.mark.parametrize(
    ("config", "settings"),
    [
        ({}, KeySettings()),
        ({"message.key.columns": " public.a:id "}, KeySettings(columns="public.a:id")),
        ({"include.unknown.datatypes": "TRUE"}, KeySettings(sends_unknown_types=True)),
        ({"column.exclude.list": "public.a.note"}, KeySettings(filters_columns=True)),
        ({"column.include.list": "public.a.id"}, KeySettings(filters_columns=True)),
        ({"column.exclude.list": " "}, KeySettings()),
    ],
)
def test_what_decides_keys(config: dict[str, str], settings: KeySettings) -> None:
    assert configuration.key_settings({**POSTGRES, **config}) == settings
