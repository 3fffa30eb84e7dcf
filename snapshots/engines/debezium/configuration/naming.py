"""From a data collection to its topic and back, by Debezium's default naming (docs: Topic names). Pure.

Where something else names the topics (a transform that routes, a naming strategy of one's own), both ways are None:
such a route has to be said by an operator.
"""

import re

from snapshots.engines.debezium.configuration import properties as configuration
from snapshots.engines.debezium.configuration.properties import Config
from snapshots.vocabulary import Dialect

_NOT_IN_TOPIC_NAMES = re.compile(r"[^a-zA-Z0-9._-]")
_DEFAULT_STRATEGIES = {
    "io.debezium.schema.SchemaTopicNamingStrategy",
    "io.debezium.schema.DefaultTopicNamingStrategy",
}
# Transforms of these packages leave the topic alone, but for those named below.
_TAME_PACKAGES = ("org.apache.kafka.connect.transforms.", "io.debezium.transforms.", "io.confluent.connect.transforms.")
_ROUTER = re.compile(r"Router|EventRouter|TimestampRouter|ExtractTopic|Outbox", re.IGNORECASE)
_PARTS_OF_TOPIC = {
    Dialect.POSTGRESQL: 2,
    Dialect.DB2: 2,
    Dialect.ORACLE: 2,
    Dialect.SQLSERVER: 3,
    Dialect.MYSQL: 2,
    Dialect.MARIADB: 2,
    Dialect.MONGODB: 2,
}


def topic_of(config: Config, data_collection: str) -> str | None:
    """The topic of a data collection; None where it is not certain."""
    prefix, dialect = configuration.topic_prefix(config), configuration.dialect(config)
    if prefix is None or dialect not in _PARTS_OF_TOPIC or has_custom_names(config):
        return None
    name = data_collection
    if dialect is Dialect.ORACLE:
        _database, _dot, name = data_collection.partition(".")
    parts = name.split(".", _PARTS_OF_TOPIC[dialect] - 1)
    if len(parts) != _PARTS_OF_TOPIC[dialect] or not all(parts):
        return None
    delimiter = config.get("topic.delimiter") or "."
    return _NOT_IN_TOPIC_NAMES.sub("_", delimiter.join((prefix, *parts)))


def collection_of(config: Config, topic: str) -> str | None:
    """The data collection behind a topic; None where it is not certain.

    A character that Kafka does not allow in names became `_`: where the tables can be asked, `topic_of` each is better.
    """
    prefix, dialect = configuration.topic_prefix(config), configuration.dialect(config)
    if prefix is None or dialect not in _PARTS_OF_TOPIC or has_custom_names(config):
        return None
    if config.get("topic.delimiter", ".") != "." or not topic.startswith(f"{prefix}."):
        return None
    name = topic.removeprefix(f"{prefix}.")
    parts = name.split(".", _PARTS_OF_TOPIC[dialect] - 1)
    if len(parts) != _PARTS_OF_TOPIC[dialect] or not all(parts):
        return None
    if dialect is Dialect.ORACLE:
        database = oracle_database(config)
        return f"{database}.{name}" if database else None
    return name


def oracle_database(config: Config) -> str | None:
    """The first part of an Oracle collection's name: the pluggable database where there is one."""
    name = config.get("database.pdb.name") or config.get("database.dbname")
    return name.strip().upper() if name else None


def has_custom_names(config: Config) -> bool:
    """Whether something besides Debezium's defaults names the connector's topics."""
    if (
        config.get("topic.naming.strategy") or "io.debezium.schema.SchemaTopicNamingStrategy"
    ) not in _DEFAULT_STRATEGIES:
        return True
    transforms = configuration.listed(config, "transforms", default="")
    return any(_may_rename(config.get(f"transforms.{name}.type", "")) for name in transforms)


def _may_rename(transform: str) -> bool:
    return not transform.startswith(_TAME_PACKAGES) or _ROUTER.search(transform) is not None
