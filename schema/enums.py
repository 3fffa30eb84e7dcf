"""The words of the domain, published as GraphQL enums with a description for each value.

The enumerations themselves belong to `snapshots`; here they get what API users read. GraphQL types import them from
this module, so that none is used before it was described.
"""

from collections.abc import Mapping
from enum import EnumMeta
from typing import TypeVar

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from snapshots.channels import TRAITS, SignalChannelKind
from snapshots.filters import FilterOperator
from snapshots.vocabulary import (
    ConnectorState,
    MappingKind,
    SkipReason,
    SnapshotErrorCode,
    SnapshotOrigin,
    SnapshotType,
    TopicProducer,
    TopicSnapshotOutcome,
    UserErrorCode,
)

E = TypeVar("E", bound=EnumMeta)

GROWS = "More values may be added: treat one that you do not know like the most general of its kind."


def publish(enumeration: E, description: str, values: Mapping[str, str]) -> None:
    """Make `enumeration` a GraphQL enum; `values` describes every member by its name, no more and no fewer."""
    strawberry.enum(enumeration, description=description)
    definition: StrawberryEnumDefinition = enumeration.__strawberry_definition__  # type: ignore[attr-defined]
    if {value.name for value in definition.values} != set(values):
        raise TypeError(f"{definition.name}: describe each of its values, and nothing else")
    for value in definition.values:
        value.description = values[value.name]


publish(
    SnapshotType,
    "How tables are read again.",
    {
        "INCREMENTAL": "Tables are read in chunks while streaming goes on. This needs a key: tables without one are "
        "skipped.",
        "BLOCKING": "Tables are read in one go while the connector's streaming pauses. Tables without a key are "
        "read, too.",
    },
)
publish(
    SnapshotOrigin,
    f"Who started a source snapshot. {GROWS}",
    {
        "REQUESTED": "A caller of Topicsnap asked for it.",
        "EXTERNAL": "Something else started it: a signal sent by hand or by another program, or the connector's own "
        "initial snapshot. Topicsnap learnt of it from the connector's notifications, and keeps the source "
        "reserved until it ends.",
    },
)
publish(
    TopicProducer,
    f"What writes a topic. Only topics of a SOURCE can be snapshotted. {GROWS}",
    {
        "SOURCE": "A source connector, which reads a database.",
        "TRANSFORM": "A stream processor that derives the topic from other topics.",
        "DESTINATION": "A sink connector, for example its dead-letter queue.",
        "MANUAL": "Any other program, or a person.",
    },
)
publish(
    MappingKind,
    f"How Topicsnap knows which table is behind a topic. {GROWS}",
    {
        "EXPLICIT": "An operator imported the mapping.",
        "DERIVED": "Topicsnap derived the mapping from the connector's configuration and the source database.",
    },
)
publish(
    ConnectorState,
    f"The state of a connector, as Kafka Connect last reported it. {GROWS}",
    {
        "RUNNING": "The connector and all its tasks are running.",
        "PAUSED": "The connector is paused. It reads no signals until somebody resumes it.",
        "FAILED": "The connector or one of its tasks has failed. It reads no signals until somebody restarts it.",
        "STOPPED": "The connector is stopped and has no tasks. It reads no signals until somebody resumes it.",
        "UNASSIGNED": "No worker runs the connector at the moment. This passes by itself.",
        "RESTARTING": "The connector is being restarted. This passes by itself.",
        "UNKNOWN": "Kafka Connect was not asked yet, or reported a state that is not listed here.",
    },
)
publish(
    SignalChannelKind,
    f"What carries signals to a connector. {GROWS}",
    {kind.name: traits.description for kind, traits in TRAITS.items()},
)
publish(
    SkipReason,
    f"Why a topic was not sent to any source connector. {GROWS}",
    {reason.name: reason.explanation for reason in SkipReason},
)
publish(
    SnapshotErrorCode,
    f"Why a source snapshot failed, or why its outcome is not known yet. {GROWS}",
    {
        "CONNECTOR_NOT_FOUND": "Kafka Connect has no connector of this name.",
        "CONNECTOR_NOT_RUNNING": "The connector is paused, stopped or failed, so it would not read the signal.",
        "CONNECTOR_UNREACHABLE": "Kafka Connect did not answer. Not produced yet.",
        "SNAPSHOT_ALREADY_RUNNING": "A snapshot is already running on the source, which takes one at a time.",
        "SIGNALLING_NOT_CONFIGURED": "The connector has no usable signal channel.",
        "CHANNEL_UNAVAILABLE": "The signal channel could not be reached.",
        "DISPATCH_TIMEOUT": "The channel did not answer before the deadline. The signal may or may not have arrived.",
        "SIGNAL_REJECTED": "The signal channel rejected the signal.",
        "FILTER_NOT_SUPPORTED": "Topicsnap cannot write this row filter for the source's database.",
        "TABLES_FAILED": "The engine ran but could not read one or more tables. See the outcome of each topic.",
        "CONNECTOR_LOST": "The connector disappeared while the snapshot was running. Not produced yet.",
        "END_NOT_REPORTED": "No end of the snapshot was reported in time, so Topicsnap released its source.",
        "RESTART_REQUIRED": "The scan of a table failed halfway, and rows of it could appear on the topic of the next "
        "table. The connector takes no incremental snapshot until its task is restarted.",
    },
)
publish(
    TopicSnapshotOutcome,
    f"What the engine reported about the scan of one table. {GROWS}",
    {
        "SUCCEEDED": "The engine read every row that was asked for.",
        "EMPTY": "The table has no rows, or none that match the filter.",
        "NO_PRIMARY_KEY": "The table has no key and was not read.",
        "FILTER_REJECTED": "The database rejected the filter, and the table was not read.",
        "UNKNOWN_TABLE": "The connector does not know the table, or does not capture it.",
        "SKIPPED": "The engine skipped the table.",
        "NOT_REPORTED": "The snapshot ended, and the engine reported nothing about this table.",
        "OTHER": "The engine reported something else; `engineStatus` has its own word.",
    },
)
publish(
    FilterOperator,
    f"How a condition compares a column with its values. {GROWS}",
    {
        "EQ": "The column equals the value. Takes exactly one value.",
        "NE": "The column does not equal the value. Takes exactly one value.",
        "LT": "The column is less than the value. Takes exactly one value.",
        "LE": "The column is less than or equal to the value. Takes exactly one value.",
        "GT": "The column is greater than the value. Takes exactly one value.",
        "GE": "The column is greater than or equal to the value. Takes exactly one value.",
        "IN": "The column equals any of the values. Takes 1 to 200 values.",
        "NOT_IN": "The column equals none of the values. Takes 1 to 200 values.",
        "IS_NULL": "The column is null. Takes no values.",
        "NOT_NULL": "The column is not null. Takes no values.",
        "LIKE": "The column matches the value as an SQL pattern with `%` and `_`. Takes exactly one value.",
    },
)
publish(
    UserErrorCode,
    f"What is wrong with a request as a whole. {GROWS}",
    {
        "EMPTY_INPUT": "Something that is required is empty, for example the list of topics.",
        "TOO_MANY_TOPICS": "The request names more than 500 topics, counting duplicates.",
        "INVALID_ID": "An id is empty, blank, longer than 128 characters, or contains characters that cannot be "
        "stored.",
        "INVALID_OPTION": "An option is for a topic that the request does not name, is there twice, or is not allowed "
        "with this snapshot type.",
        "INVALID_VALUE": "A value is outside the range that its field accepts.",
        "INVALID_CURSOR": "The cursor does not come from this list.",
        "IDEMPOTENCY_KEY_REUSED": "The idempotency key was used before, with another input.",
        "NOT_FOUND": "Nothing has the id that the request names.",
        "NOTHING_TO_RETRY": "Nothing failed that may succeed on a retry.",
        "CLUSTER_UNREACHABLE": "No cluster could be read, so nothing was changed. `unreadable` says why.",
    },
)

__all__ = [
    "GROWS",
    "ConnectorState",
    "FilterOperator",
    "MappingKind",
    "SignalChannelKind",
    "SkipReason",
    "SnapshotErrorCode",
    "SnapshotOrigin",
    "SnapshotType",
    "TopicProducer",
    "TopicSnapshotOutcome",
    "UserErrorCode",
    "publish",
]
