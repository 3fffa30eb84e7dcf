"""The enumerations that the core, the ledger and the API share."""

from enum import StrEnum
from typing import Self


class SnapshotType(StrEnum):
    """How a table is re-read (Debezium: `type` of an `execute-snapshot` signal)."""

    INCREMENTAL = "INCREMENTAL"
    BLOCKING = "BLOCKING"


class SnapshotOrigin(StrEnum):
    """Who started a source snapshot."""

    REQUESTED = "REQUESTED"
    EXTERNAL = "EXTERNAL"


class TopicProducer(StrEnum):
    """What writes a topic. Only topics of a SOURCE can be snapshotted."""

    SOURCE = "SOURCE"
    TRANSFORM = "TRANSFORM"
    DESTINATION = "DESTINATION"
    MANUAL = "MANUAL"


class MappingKind(StrEnum):
    """How a topic's route was set: by an operator, or derived from the connector's configuration."""

    EXPLICIT = "EXPLICIT"
    DERIVED = "DERIVED"


class ConnectorKind(StrEnum):
    """Whether a connector reads from a database or writes to a system."""

    SOURCE = "SOURCE"
    SINK = "SINK"


class ConnectorState(StrEnum):
    """State of a connector as Kafka Connect reports it; FAILED also if one of its tasks failed."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    UNASSIGNED = "UNASSIGNED"
    RESTARTING = "RESTARTING"
    UNKNOWN = "UNKNOWN"

    @property
    def reads_signals(self) -> bool:
        """Whether the connector will read a signal that is sent now.

        Transient states count, because signals wait in the log.
        """
        return self not in {ConnectorState.PAUSED, ConnectorState.FAILED, ConnectorState.STOPPED}


class Dialect(StrEnum):
    """The database engine behind a source connector: decides naming and the SQL of filters."""

    POSTGRESQL = "POSTGRESQL"
    MYSQL = "MYSQL"
    MARIADB = "MARIADB"
    SQLSERVER = "SQLSERVER"
    ORACLE = "ORACLE"
    DB2 = "DB2"
    MONGODB = "MONGODB"
    OTHER = "OTHER"


class SkipReason(StrEnum):
    """Why a topic was not sent to any source."""

    explanation: str
    """What the reason means and what helps, in sentences for users. Every reason has one: it is given with the name."""

    def __new__(cls, name: str, explanation: str) -> Self:
        """Make the reason that is called `name`."""
        reason = str.__new__(cls, name)
        reason._value_ = name
        reason.explanation = explanation
        return reason

    TOPIC_NOT_FOUND = "TOPIC_NOT_FOUND", "No topic has this id."
    NOT_FROM_SOURCE = "NOT_FROM_SOURCE", "No source connector writes the topic, so there is nothing to snapshot."
    NO_DATA_COLLECTION = (
        "NO_DATA_COLLECTION",
        "Topicsnap does not know which table is behind the topic. Import an explicit mapping for it.",
    )
    KEYLESS_TABLE = (
        "KEYLESS_TABLE",
        "The table has no key, and an incremental snapshot would lose rows. Use BLOCKING.",
    )
    UNSAFE_NAME = (
        "UNSAFE_NAME",
        (
            "The name of the table has blanks or quotes, and an incremental snapshot of it can stop its connector for "
            "good. Use BLOCKING."
        ),
    )
    UNSAFE_KEY = (
        "UNSAFE_KEY",
        (
            "The key of the table, or the given surrogate key, has a column of a type that the engine cannot read in "
            "chunks, such as an array or a timestamp. An incremental snapshot would stop the connector, fail, or lose "
            "rows. The message names the column and says what works instead; BLOCKING always does."
        ),
    )
    FILTER_REJECTED = (
        "FILTER_REJECTED",
        "The source database rejected the filter or the surrogate key in a trial, before anything was sent.",
    )


class SnapshotErrorCode(StrEnum):
    """Why a source snapshot failed, or why its outcome is not known yet."""

    CONNECTOR_NOT_FOUND = "CONNECTOR_NOT_FOUND"
    CONNECTOR_NOT_RUNNING = "CONNECTOR_NOT_RUNNING"
    CONNECTOR_UNREACHABLE = "CONNECTOR_UNREACHABLE"
    """Not produced yet: a connector whose Kafka Connect does not answer is signalled all the same, with a warning."""
    SNAPSHOT_ALREADY_RUNNING = "SNAPSHOT_ALREADY_RUNNING"
    SIGNALLING_NOT_CONFIGURED = "SIGNALLING_NOT_CONFIGURED"
    CHANNEL_UNAVAILABLE = "CHANNEL_UNAVAILABLE"
    DISPATCH_TIMEOUT = "DISPATCH_TIMEOUT"
    SIGNAL_REJECTED = "SIGNAL_REJECTED"
    FILTER_NOT_SUPPORTED = "FILTER_NOT_SUPPORTED"
    TABLES_FAILED = "TABLES_FAILED"
    CONNECTOR_LOST = "CONNECTOR_LOST"
    """Not produced yet: a snapshot whose connector is gone waits until it is released."""
    END_NOT_REPORTED = "END_NOT_REPORTED"
    RESTART_REQUIRED = "RESTART_REQUIRED"


class TopicSnapshotOutcome(StrEnum):
    """What Debezium reported of one table's scan, read from `TABLE_SCAN_COMPLETED.status`."""

    SUCCEEDED = "SUCCEEDED"
    EMPTY = "EMPTY"
    NO_PRIMARY_KEY = "NO_PRIMARY_KEY"
    FILTER_REJECTED = "FILTER_REJECTED"
    UNKNOWN_TABLE = "UNKNOWN_TABLE"
    SKIPPED = "SKIPPED"
    NOT_REPORTED = "NOT_REPORTED"
    OTHER = "OTHER"

    @property
    def is_success(self) -> bool:
        """Whether every row that was asked for was read (an empty table has none)."""
        return self in {TopicSnapshotOutcome.SUCCEEDED, TopicSnapshotOutcome.EMPTY}


class UserErrorCode(StrEnum):
    """Why a whole request was refused before anything was read or recorded."""

    EMPTY_INPUT = "EMPTY_INPUT"
    TOO_MANY_TOPICS = "TOO_MANY_TOPICS"
    INVALID_ID = "INVALID_ID"
    INVALID_OPTION = "INVALID_OPTION"
    INVALID_VALUE = "INVALID_VALUE"
    INVALID_CURSOR = "INVALID_CURSOR"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    NOT_FOUND = "NOT_FOUND"
    NOTHING_TO_RETRY = "NOTHING_TO_RETRY"
    CLUSTER_UNREACHABLE = "CLUSTER_UNREACHABLE"


class SnapshotVerdict(StrEnum):
    """Whether every row of the source has arrived on the topic."""

    COMPLETE = "COMPLETE"
    INCOMPLETE = "INCOMPLETE"
    NOT_PROVABLE = "NOT_PROVABLE"


class VerificationState(StrEnum):
    """How far the verification of a topic's snapshot has come."""

    NOT_REQUESTED = "NOT_REQUESTED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"

    @property
    def is_open(self) -> bool:
        """Whether a verdict is still to come."""
        return self in {VerificationState.PENDING, VerificationState.RUNNING}
