"""What the connector's topics on Kafka, and how it reads them, mean for snapshots. Pure."""

from collections.abc import Iterator
from datetime import timedelta

from snapshots.health.findings import HealthCheck, HealthFinding, error, info, ok, unknown, warning
from snapshots.health.names import some
from snapshots.ports.inspector import (
    ConnectorSettings,
    InspectedConnector,
    InspectedKafka,
    InspectedReading,
    InspectedSignalling,
    InspectedTopic,
)
from snapshots.ports.unknown import Unknown
from snapshots.vocabulary import ConnectorState

LONGEST_RETENTION = timedelta(days=1)
"""Longer retention is dangerous: a consumer group that is new or has expired runs all kept signals again."""
UNREAD_FOR = timedelta(minutes=1)
"""How long a signal may wait: a few polls of five seconds each, and then the commit of the offset."""
DEFAULT_GROUP = "kafka-signal"
_RESTART = "Restart the connector's task: POST /connectors/<name>/restart?includeTasks=true."


def kafka_findings(observed: InspectedSignalling) -> Iterator[HealthFinding]:
    """Yield the findings about the signal topic and the notification topic."""
    source, kafka = observed.source, observed.kafka
    connector = observed.connector if isinstance(observed.connector, InspectedConnector) else None
    if isinstance(kafka, Unknown):
        remedy = "Check the cluster's Kafka bootstrap servers, and that they can be reached from here."
        yield unknown(HealthCheck.KAFKA, source.cluster.name, kafka.reason, remedy)
    if connector is not None:
        if source.channel.uses_topic or "kafka" in connector.settings.channels:
            yield from _signal_topic(observed, connector, kafka if isinstance(kafka, InspectedKafka) else None)
        yield _notifications(observed, connector.settings, kafka if isinstance(kafka, InspectedKafka) else None)


def _signal_topic(
    observed: InspectedSignalling, connector: InspectedConnector, kafka: InspectedKafka | None
) -> Iterator[HealthFinding]:
    source, settings = observed.source, connector.settings
    name = settings.signal_topic
    if name is None:
        return  # the finding about the channels says so
    by_kafka = source.channel.uses_topic
    if by_kafka and source.signal_topic != name:
        message = f"The catalogue has the signal topic {source.signal_topic}, but the connector reads {name}."
        remedy = "Run `topicsnap sync`. If the topic comes from an import, correct it there."
        yield error(HealthCheck.SIGNAL_TOPIC, name, message, remedy)
    elif kafka is not None and kafka.signal_topic is None:
        message = "The signal topic does not exist. If the broker creates it by itself, it may get several partitions."
        yield error(HealthCheck.SIGNAL_TOPIC, name, message, "Create it with one partition and a short retention.")
    elif kafka is not None:
        yield ok(HealthCheck.SIGNAL_TOPIC, name, "The signal topic exists.")
    if kafka is not None and kafka.signal_topic is not None:
        yield _partitions(name, kafka.signal_topic)
        yield _retention(name, kafka.signal_topic)
    yield _group(connector)
    if kafka is not None and kafka.signal_topic is not None:
        yield _reading(observed, connector, name, kafka.reading)


def _partitions(name: str, topic: InspectedTopic) -> HealthFinding:
    if topic.partitions == 1:
        return ok(HealthCheck.SIGNAL_TOPIC_PARTITIONS, name, "The signal topic has one partition.")
    message = (
        f"The signal topic has {topic.partitions} partitions, but Debezium reads only the first. Signals that "
        "another program distributes by key may never be read. Topicsnap itself writes to the first."
    )
    remedy = "Recreate it with one partition while the connector is stopped."
    return error(HealthCheck.SIGNAL_TOPIC_PARTITIONS, name, message, remedy)


def _retention(name: str, topic: InspectedTopic) -> HealthFinding:
    remedy = "Set retention.ms to a few hours and cleanup.policy to delete."
    danger = "a consumer group that is new or has expired would run all of them again"
    if topic.cleanup_policy is not None and "delete" not in topic.cleanup_policy:
        message = f"Signals are never deleted (cleanup.policy={topic.cleanup_policy}): {danger}."
        return warning(HealthCheck.SIGNAL_TOPIC_RETENTION, name, message, remedy)
    if topic.retention_ms is None:
        message = "Kafka does not report how long signals are kept; keep the time short."
        return unknown(HealthCheck.SIGNAL_TOPIC_RETENTION, name, message, remedy)
    if topic.retention_ms < 0:
        return warning(HealthCheck.SIGNAL_TOPIC_RETENTION, name, f"Signals are kept forever: {danger}.", remedy)
    kept = timedelta(milliseconds=min(topic.retention_ms, 10**14))
    if kept > LONGEST_RETENTION:
        message = f"Signals are kept for {_hours(kept)}: {danger}."
        return warning(HealthCheck.SIGNAL_TOPIC_RETENTION, name, message, remedy)
    return ok(HealthCheck.SIGNAL_TOPIC_RETENTION, name, f"Signals are kept for {_hours(kept)}.")


def _hours(time: timedelta) -> str:
    hours = time.total_seconds() / 3600
    return f"{hours:,.0f} hours" if hours >= 1 else f"{time.total_seconds():,.0f} seconds"


def _group(connector: InspectedConnector) -> HealthFinding:
    group = connector.settings.signal_group
    remedy = "Give each connector a signal.kafka.groupId of its own."
    if connector.topic_sharers:
        message = (
            "The connector reads the same signal topic in the same consumer group as "
            f"{some(connector.topic_sharers)}. After a restart, each continues where the other was, and signals "
            "are lost."
        )
        return error(HealthCheck.SIGNAL_GROUP, group, message, remedy)
    if connector.group_sharers:
        message = f"The connector reads signals in the same consumer group as {some(connector.group_sharers)}."
        return warning(HealthCheck.SIGNAL_GROUP, group, message, remedy)
    if group == DEFAULT_GROUP:
        message = (
            "The connector reads signals in Debezium's default consumer group, which another connector may share later."
        )
        return info(HealthCheck.SIGNAL_GROUP, group, message, remedy)
    return ok(HealthCheck.SIGNAL_GROUP, group, "No other connector of the cluster reads signals in its group.")


def _reading(
    observed: InspectedSignalling, connector: InspectedConnector, name: str, reading: InspectedReading | Unknown
) -> HealthFinding:
    if isinstance(reading, Unknown):
        return unknown(HealthCheck.SIGNAL_READING, name, reading.reason)
    if reading.poison:
        return poisoned(name, reading)
    waits = reading.unread_since is not None and observed.observed_at - reading.unread_since > UNREAD_FOR
    if waits and connector.state is ConnectorState.RUNNING and reading.committed is not None:
        return unread(name, reading, reading.unread)
    return ok(HealthCheck.SIGNAL_READING, name, "No signal for this connector is waiting to be read.")


def poisoned(name: str, reading: InspectedReading) -> HealthFinding:
    """Return the finding of a record that stops the reading of signals.

    Seen on Debezium 3.6 (docs/debezium.md): such a record ends the timer that reads signals, without a line in the log.
    A task that ends normally records it as read, so a restart gets past it.
    """
    message = (
        f"The record at offset {reading.poison[0]} of the signal topic has no JSON object as its `data`. Once "
        "the connector reads it, it silently stops reading signals, while it stays RUNNING."
    )
    if reading.committed is None:
        message += " It is unknown whether the connector has passed it."
        return warning(HealthCheck.SIGNAL_READING, name, message, f"If signals are not read: {_RESTART}")
    return error(HealthCheck.SIGNAL_READING, name, message, _RESTART)


def unread(name: str, reading: InspectedReading, offset: int | None) -> HealthFinding:
    """Return the finding of a signal that a running connector does not read."""
    message = (
        f"The connector is RUNNING, but has not read the signal at offset {offset} of its signal topic; it is at "
        f"offset {reading.committed}. It has stopped reading signals."
    )
    return error(HealthCheck.SIGNAL_READING, name, message, _RESTART)


def _notifications(
    observed: InspectedSignalling, settings: ConnectorSettings, kafka: InspectedKafka | None
) -> HealthFinding:
    source = observed.source
    remedy = "Set notification.enabled.channels=sink and notification.sink.topic.name, then run `topicsnap sync`."
    if not settings.notifies or settings.notification_topic is None:
        message = (
            "The connector sends no notifications to Kafka, so Topicsnap cannot follow its snapshots to their end."
        )
        return error(HealthCheck.NOTIFICATIONS, source.name, message, remedy)
    topic = settings.notification_topic
    if source.notification_topic != topic:
        message = (
            f"The connector sends notifications to {topic}, but the catalogue has "
            f"{source.notification_topic or 'none'}."
        )
        return error(HealthCheck.NOTIFICATIONS, topic, message, "Run `topicsnap sync`, or correct the import.")
    if kafka is None:
        return unknown(
            HealthCheck.NOTIFICATIONS, topic, "Notifications are on; it is unknown whether their topic exists."
        )
    if kafka.notification_topic is None:
        message = "The notification topic does not exist yet; the connector creates it with its first notification."
        remedy = "Create it if your brokers do not create topics by themselves."
        return warning(HealthCheck.NOTIFICATIONS, topic, message, remedy)
    return ok(HealthCheck.NOTIFICATIONS, topic, "Notifications are on, and their topic exists.")
