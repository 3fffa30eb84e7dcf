"""What was found out about a connector's signalling."""

from collections.abc import Iterable
from typing import Self

import strawberry

from schema.enums import GROWS, publish
from snapshots.health import findings
from snapshots.health.findings import HealthCheck, Severity

publish(
    Severity,
    f"How a check came out. {GROWS}",
    {
        "OK": "All is well.",
        "INFO": "Worth knowing.",
        "WARNING": "It can go wrong.",
        "ERROR": "It keeps snapshots from working, or from being followed.",
        "UNKNOWN": "It could not be looked at, or cannot be told.",
    },
)
publish(
    HealthCheck,
    f"What was looked at; with the severity it tells what is wrong. {GROWS}",
    {
        "KAFKA_CONNECT": "Whether Kafka Connect answers.",
        "CONNECTOR_STATE": "Whether the connector and its tasks run.",
        "CONNECTOR_VERSION": "Whether the version of Debezium has known bugs that concern snapshots.",
        "SNAPSHOT_MODE": "Whether `snapshot.mode` can lose a snapshot at a restart.",
        "TOPIC_PREFIX": "Whether the key of signals is the connector's `topic.prefix`.",
        "SIGNAL_CHANNELS": "Whether the connector listens to the channel that is used, and to its own watermarks.",
        "READ_ONLY": "Whether what `read.only` needs is there.",
        "KAFKA": "Whether Kafka answers.",
        "SIGNAL_TOPIC": "Whether the signal topic exists and is the one that the connector reads.",
        "SIGNAL_TOPIC_PARTITIONS": "Whether the signal topic has one partition.",
        "SIGNAL_TOPIC_RETENTION": "Whether old signals go away.",
        "SIGNAL_GROUP": "Whether the connector reads signals in a consumer group of its own.",
        "SIGNAL_READING": "Whether the connector reads its signal topic, and nothing in it ends the reading.",
        "NOTIFICATIONS": "Whether the connector tells of its snapshots on Kafka.",
        "DATABASE": "Whether the source database answers, and takes writes.",
        "SIGNAL_TABLE": "Whether the signal table exists and is the one that the connector reads.",
        "SIGNAL_TABLE_COLUMNS": "Whether the signal table has the three columns, of types that fit.",
        "SIGNAL_TABLE_KEY": "Whether the signal table has its primary key.",
        "SIGNAL_TABLE_GRANTS": "Whether the connector's user, and ours, may do what they have to.",
        "SIGNAL_TABLE_CAPTURED": "Whether the connector captures the signal table.",
        "SIGNAL_TABLE_SIZE": "How many rows the signal table has, about, and whether it grows.",
        "REPLICATION_SLOT": "Whether the connector reads its replication slot.",
        "CAPTURED_TABLES": "Whether the tables behind the catalogue's topics exist and are captured.",
        "SNAPSHOT_LOST": "The connector's offsets show no incremental snapshot, though one should be under way.",
        "RESTART_REQUIRED": "Whether a table failed in mid-scan, and the connector's task was not restarted since.",
        "DEAD_LETTERS": "Whether notifications of the connector were set aside because they could not be applied.",
        "UNEXPLAINED": "Nothing that can be checked explains a silence.",
    },
)


@strawberry.type(
    description="One thing that was looked at when a connector's signalling was checked. It never holds a "
    "configuration's secrets."
)
class HealthFinding:
    """What clients see of a finding."""

    code: HealthCheck = strawberry.field(description="What was looked at.")
    severity: Severity = strawberry.field(description="How it came out.")
    subject: str = strawberry.field(description="What it is about: the name of a connector, a table, a topic.")
    message: str = strawberry.field(description="What was found, for people.")
    remedy: str | None = strawberry.field(description="What to do about it; null where there is nothing to be done.")

    @classmethod
    def from_domain(cls, finding: findings.HealthFinding) -> Self:
        """Return what clients see of `finding`."""
        return cls(
            code=finding.code,
            severity=finding.severity,
            subject=finding.subject,
            message=finding.message,
            remedy=finding.remedy,
        )


def health_findings(found: Iterable[findings.HealthFinding]) -> list[HealthFinding]:
    """Return the findings as clients see them."""
    return [HealthFinding.from_domain(finding) for finding in found]
