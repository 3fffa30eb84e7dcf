"""Reads a connector's configuration: what sending it signals and following its snapshots takes. Pure.

The property names and defaults are Debezium's (docs: the configuration properties of each connector).
"""

from collections.abc import Mapping

from snapshots.signalling.key_settings import KeySettings
from snapshots.vocabulary import Dialect

Config = Mapping[str, str]

_PACKAGES = {
    "io.debezium.connector.postgresql.": Dialect.POSTGRESQL,
    "io.debezium.connector.mysql.": Dialect.MYSQL,
    "io.debezium.connector.mariadb.": Dialect.MARIADB,
    "io.debezium.connector.sqlserver.": Dialect.SQLSERVER,
    "io.debezium.connector.oracle.": Dialect.ORACLE,
    "io.debezium.connector.db2.": Dialect.DB2,
    "io.debezium.connector.db2as400.": Dialect.DB2,
    "io.debezium.connector.mongodb.": Dialect.MONGODB,
}


def dialect(config: Config) -> Dialect:
    """The database behind a connector, from its class; OTHER for what is not Debezium's."""
    connector_class = config.get("connector.class", "")
    return next((found for package, found in _PACKAGES.items() if connector_class.startswith(package)), Dialect.OTHER)


def topic_prefix(config: Config) -> str | None:
    """The connector's logical name: first part of its topics, key of its Kafka signals, name in its notifications."""
    return _text(config, "topic.prefix") or _text(config, "database.server.name")  # its name before Debezium 2.0


def enabled_channels(config: Config) -> tuple[str, ...]:
    """The words of the channels that the connector reads signals from."""
    return listed(config, "signal.enabled.channels", default="source")


def signal_collection(config: Config) -> str | None:
    """`signal.data.collection`, as configured."""
    return _text(config, "signal.data.collection")


def signal_topic(config: Config) -> str | None:
    """The topic that Kafka signals are read from, where that channel is enabled."""
    if "kafka" not in enabled_channels(config):
        return None
    prefix = topic_prefix(config)
    return _text(config, "signal.kafka.topic") or (f"{prefix}-signal" if prefix else None)


def notification_topic(config: Config) -> str | None:
    """The topic of the notifications, where they are sent to Kafka at all."""
    if "sink" not in listed(config, "notification.enabled.channels", default=""):
        return None
    return _text(config, "notification.sink.topic.name")


def read_only(config: Config) -> bool:
    """Whether the connector writes no watermarks (`read.only`)."""
    return flag(config, "read.only")


def key_settings(config: Config) -> KeySettings:
    """What decides the keys of the connector's tables."""
    lists = ("column.exclude.list", "column.include.list", "column.blacklist", "column.whitelist")
    return KeySettings(
        columns=_text(config, "message.key.columns") or "",
        sends_unknown_types=flag(config, "include.unknown.datatypes"),
        filters_columns=any(_text(config, name) for name in lists),
    )


def flag(config: Config, name: str) -> bool:
    """Whether a property is `true`, as Kafka Connect reads it."""
    return config.get(name, "").strip().lower() == "true"


def listed(config: Config, name: str, *, default: str) -> tuple[str, ...]:
    """The words of a property that lists them between commas."""
    return tuple(word for part in config.get(name, default).split(",") if (word := part.strip()))


def _text(config: Config, name: str) -> str | None:
    return config.get(name, "").strip() or None
