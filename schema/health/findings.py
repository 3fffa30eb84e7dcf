"""What was found out about a connector's signalling."""

import strawberry

from schema.enums import GROWS, publish
from schema.fields import view
from snapshots.health.findings import HealthCheck, HealthFinding, Severity

publish(
    Severity,
    f"How serious a finding of a health check is. {GROWS}",
    {
        "OK": "The check found no problem.",
        "INFO": "The finding is worth knowing; there is nothing to do.",
        "WARNING": "Snapshots work now, but something can go wrong.",
        "ERROR": "Snapshots do not work, or cannot be followed.",
        "UNKNOWN": "The check could not be made, or its result is not clear.",
    },
)
publish(
    HealthCheck,
    f"What a health check looked at. Together with the severity it says what is wrong. {GROWS}",
    {
        "KAFKA_CONNECT": "Whether Kafka Connect answers requests.",
        "CONNECTOR_STATE": "Whether the connector and its tasks are running.",
        "CONNECTOR_VERSION": "Whether this version of Debezium has known bugs that affect snapshots.",
        "SNAPSHOT_MODE": "Whether `snapshot.mode` can lose a snapshot when the connector restarts.",
        "TOPIC_PREFIX": "Whether Topicsnap sends signals with the connector's `topic.prefix` as their key.",
        "SIGNAL_CHANNELS": "Whether the connector listens to the signal channel in use, and to its own watermarks.",
        "READ_ONLY": "Whether everything is in place that `read.only` needs.",
        "KAFKA": "Whether Kafka answers requests.",
        "SIGNAL_TOPIC": "Whether the signal topic exists and is the one that the connector reads.",
        "SIGNAL_TOPIC_PARTITIONS": "Whether the signal topic has exactly one partition.",
        "SIGNAL_TOPIC_RETENTION": "Whether Kafka deletes old signals from the signal topic.",
        "SIGNAL_GROUP": "Whether the connector has a consumer group of its own for reading signals.",
        "SIGNAL_READING": "Whether the connector is reading its signal topic, and whether a message in it would end "
        "the reading.",
        "NOTIFICATIONS": "Whether the connector sends notifications about its snapshots to Kafka.",
        "DATABASE": "Whether the source database answers and accepts writes.",
        "SIGNAL_TABLE": "Whether the signal table exists and is the one that the connector reads.",
        "SIGNAL_TABLE_COLUMNS": "Whether the signal table has its three columns, of suitable types.",
        "SIGNAL_TABLE_KEY": "Whether the signal table has its primary key.",
        "SIGNAL_TABLE_GRANTS": "Whether the connector's database user and Topicsnap's have the grants that they need.",
        "SIGNAL_TABLE_CAPTURED": "Whether the connector captures the signal table.",
        "SIGNAL_TABLE_SIZE": "How many rows the signal table has, roughly, and whether it grows.",
        "REPLICATION_SLOT": "Whether the connector is reading its replication slot.",
        "CAPTURED_TABLES": "Whether the tables behind the catalogue's topics exist and are captured.",
        "SNAPSHOT_LOST": "Whether the connector's offsets still show the incremental snapshot that should be running.",
        "RESTART_REQUIRED": "Whether the scan of a table failed halfway and the connector's task was not restarted "
        "since.",
        "DEAD_LETTERS": "Whether notifications of the connector were set aside because they could not be applied.",
        "UNEXPLAINED": "No check explains why the snapshot gives no sign of life.",
    },
)


@view(
    HealthFinding,
    description="One finding of a health check of a source connector. It never contains secrets of the configuration.",
)
class HealthFindingType:
    """What clients see of a finding."""

    code: HealthCheck = strawberry.field(description="What was looked at, for programs.")
    severity: Severity = strawberry.field(description="How serious the finding is.")
    subject: str = strawberry.field(
        description="The name of what the finding is about: a connector, a table, or a topic."
    )
    message: str = strawberry.field(description="What was found, as a sentence for people.")
    remedy: str | None = strawberry.field(description="What to do about the finding. Null if there is nothing to do.")
