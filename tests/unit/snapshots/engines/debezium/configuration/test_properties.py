"""A connector's configuration, read by Debezium's rules."""

import pytest

from snapshots.engines.debezium.configuration import properties as configuration
from snapshots.signalling.key_settings import KeySettings
from snapshots.vocabulary import Dialect, SignalChannelKind

POSTGRES = {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "topic.prefix": "shop",
    "signal.data.collection": "public.debezium_signal",
}
MYSQL = {**POSTGRES, "connector.class": "io.debezium.connector.mysql.MySqlConnector"}
BOTH = {"signal.enabled.channels": " source , kafka "}
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


@pytest.mark.parametrize(
    ("config", "reference", "channel"),
    [
        pytest.param(POSTGRES, "env:SHOP", SignalChannelKind.SOURCE_TABLE, id="source is the default"),
        pytest.param(POSTGRES, None, None, id="no credentials"),
        pytest.param({**POSTGRES, **BOTH}, "env:SHOP", SignalChannelKind.SOURCE_TABLE, id="both, with credentials"),
        pytest.param({**POSTGRES, **BOTH}, None, SignalChannelKind.KAFKA, id="both, without credentials"),
        pytest.param({**POSTGRES, **BOTH, "read.only": "TRUE"}, "env:SHOP", SignalChannelKind.KAFKA, id="reads only"),
        pytest.param({**POSTGRES, **KAFKA}, "env:SHOP", SignalChannelKind.KAFKA, id="kafka alone"),
        pytest.param({**POSTGRES, "signal.data.collection": " "}, "env:SHOP", None, id="no table"),
        pytest.param(MYSQL, "env:SHOP", None, id="a dialect whose tables we do not write"),
        pytest.param({**MYSQL, **BOTH}, "env:SHOP", SignalChannelKind.KAFKA, id="the same, with kafka"),
        pytest.param({**KAFKA, "connector.class": POSTGRES["connector.class"]}, None, None, id="no prefix, no topic"),
        pytest.param(
            {"connector.class": "example.Source", **KAFKA, "topic.prefix": "p"}, None, None, id="not Debezium"
        ),
        pytest.param({**POSTGRES, "signal.enabled.channels": "jmx,file"}, "env:SHOP", None, id="other channels"),
    ],
)
def test_the_channel_to_signal_by(
    config: dict[str, str], reference: str | None, channel: SignalChannelKind | None
) -> None:
    assert configuration.signal_channel(config, reference, {Dialect.POSTGRESQL}) is channel


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
