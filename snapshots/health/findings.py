"""The result of checking a connector: a finding for each thing that was checked."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """The result of a check."""

    OK = "OK"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    UNKNOWN = "UNKNOWN"


class HealthCheck(StrEnum):
    """What was checked; together with the severity it tells programs what is wrong."""

    KAFKA_CONNECT = "KAFKA_CONNECT"
    CONNECTOR_STATE = "CONNECTOR_STATE"
    CONNECTOR_VERSION = "CONNECTOR_VERSION"
    SNAPSHOT_MODE = "SNAPSHOT_MODE"
    TOPIC_PREFIX = "TOPIC_PREFIX"
    SIGNAL_CHANNELS = "SIGNAL_CHANNELS"
    READ_ONLY = "READ_ONLY"
    KAFKA = "KAFKA"
    SIGNAL_TOPIC = "SIGNAL_TOPIC"
    SIGNAL_TOPIC_PARTITIONS = "SIGNAL_TOPIC_PARTITIONS"
    SIGNAL_TOPIC_RETENTION = "SIGNAL_TOPIC_RETENTION"
    SIGNAL_GROUP = "SIGNAL_GROUP"
    SIGNAL_READING = "SIGNAL_READING"
    NOTIFICATIONS = "NOTIFICATIONS"
    DATABASE = "DATABASE"
    SIGNAL_TABLE = "SIGNAL_TABLE"
    SIGNAL_TABLE_COLUMNS = "SIGNAL_TABLE_COLUMNS"
    SIGNAL_TABLE_KEY = "SIGNAL_TABLE_KEY"
    SIGNAL_TABLE_GRANTS = "SIGNAL_TABLE_GRANTS"
    SIGNAL_TABLE_CAPTURED = "SIGNAL_TABLE_CAPTURED"
    SIGNAL_TABLE_SIZE = "SIGNAL_TABLE_SIZE"
    REPLICATION_SLOT = "REPLICATION_SLOT"
    CAPTURED_TABLES = "CAPTURED_TABLES"
    SNAPSHOT_LOST = "SNAPSHOT_LOST"
    RESTART_REQUIRED = "RESTART_REQUIRED"
    DEAD_LETTERS = "DEAD_LETTERS"
    UNEXPLAINED = "UNEXPLAINED"


@dataclass(frozen=True, slots=True)
class HealthFinding:
    """The result of one check. Holds names and numbers; never a value of a connector's configuration."""

    code: HealthCheck
    severity: Severity
    subject: str
    """What it is about: the name of a connector, a table, a topic …"""
    message: str
    remedy: str | None = None
    """What to do about it; None if there is nothing to do."""

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should look at it: a warning, an error, or something that could not be checked."""
        return self.severity in {Severity.WARNING, Severity.ERROR, Severity.UNKNOWN}


def ok(code: HealthCheck, subject: str, message: str) -> HealthFinding:
    """Return the finding of a check that passed."""
    return HealthFinding(code, Severity.OK, subject, message)


def info(code: HealthCheck, subject: str, message: str, remedy: str | None = None) -> HealthFinding:
    """Return the finding of something worth knowing."""
    return HealthFinding(code, Severity.INFO, subject, message, remedy)


def warning(code: HealthCheck, subject: str, message: str, remedy: str | None = None) -> HealthFinding:
    """Return the finding of something that can go wrong."""
    return HealthFinding(code, Severity.WARNING, subject, message, remedy)


def error(code: HealthCheck, subject: str, message: str, remedy: str | None = None) -> HealthFinding:
    """Return the finding of something that keeps snapshots from working."""
    return HealthFinding(code, Severity.ERROR, subject, message, remedy)


def unknown(code: HealthCheck, subject: str, message: str, remedy: str | None = None) -> HealthFinding:
    """Return the finding of something that could not be checked."""
    return HealthFinding(code, Severity.UNKNOWN, subject, message, remedy)
