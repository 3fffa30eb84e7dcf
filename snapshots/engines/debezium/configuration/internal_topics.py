"""The topics that Debezium writes for its own needs, which are no targets of a snapshot. Pure."""

from snapshots.engines.debezium.configuration import naming
from snapshots.engines.debezium.configuration import properties as configuration
from snapshots.engines.debezium.configuration.properties import Config


def internal_topics(config: Config) -> frozenset[str]:
    """The names of a connector's own topics: signals, notifications, heartbeats, schema changes, transactions."""
    prefix = configuration.topic_prefix(config)
    signal_collection = configuration.signal_collection(config)
    delimiter = config.get("topic.delimiter") or "."
    names = {
        configuration.signal_topic(config),
        configuration.notification_topic(config),
        config.get("schema.history.internal.kafka.topic"),
        config.get("database.history.kafka.topic"),
        prefix,  # schema changes go to the topic named like the prefix itself
    }
    if signal_collection is not None:
        names.add(naming.topic_of(config, signal_collection))
    if prefix is not None:
        heartbeat = config.get("topic.heartbeat.prefix") or config.get("heartbeat.topics.prefix")
        names.add(delimiter.join((heartbeat or "__debezium-heartbeat", prefix)))
        names.add(delimiter.join((prefix, config.get("topic.transaction") or "transaction")))
    return frozenset(name for name in names if name)
