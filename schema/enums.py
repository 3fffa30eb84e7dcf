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

GROWS = "More values may be added; treat one that you do not know like the most general of its kind."


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
        "INCREMENTAL": "In chunks, while streaming goes on. Needs a key: a table without one is skipped.",
        "BLOCKING": "At once, while the connector's streaming pauses. Also reads tables without a key.",
    },
)
publish(
    SnapshotOrigin,
    f"Who started a source snapshot. {GROWS}",
    {
        "REQUESTED": "Somebody who asked Topicsnap.",
        "EXTERNAL": "Somebody else: a signal sent by hand or by another program, or the connector at its own start. It "
        "is known from what the connector told, and holds its source until its end.",
    },
)
publish(
    TopicProducer,
    f"What writes a topic. Only topics of a SOURCE can be snapshotted. {GROWS}",
    {
        "SOURCE": "A source connector, which reads a database.",
        "TRANSFORM": "A stream processor that derives it from other topics.",
        "DESTINATION": "A sink connector, for example its dead-letter queue.",
        "MANUAL": "Somebody or something else.",
    },
)
publish(
    MappingKind,
    f"How it is known which table is behind a topic. {GROWS}",
    {
        "EXPLICIT": "An operator imported it.",
        "DERIVED": "It follows from the connector's configuration and from the source database.",
    },
)
publish(
    ConnectorState,
    f"The state of a connector as Kafka Connect last told it. {GROWS}",
    {
        "RUNNING": "The connector and its tasks run.",
        "PAUSED": "Somebody paused it: it reads no signals until it is resumed.",
        "FAILED": "It, or one of its tasks, failed: it reads no signals until it is restarted.",
        "STOPPED": "Somebody stopped it: it has no tasks.",
        "UNASSIGNED": "No worker has it at the moment, which passes.",
        "RESTARTING": "It is being restarted, which passes.",
        "UNKNOWN": "Kafka Connect has not been asked, or named a state that is not listed here.",
    },
)
publish(
    SignalChannelKind,
    f"What carries signals to a connector. {GROWS}",
    {kind.name: traits.description for kind, traits in TRAITS.items()},
)
publish(
    SkipReason,
    f"Why a topic was not sent to any source. {GROWS}",
    {
        "TOPIC_NOT_FOUND": "No topic has this id.",
        "NOT_FROM_SOURCE": "No source connector produces the topic, so there is nothing to snapshot.",
        "NO_DATA_COLLECTION": "The table behind the topic is not known; import an explicit mapping for it.",
        "KEYLESS_TABLE": "The table has no key, and an incremental snapshot would lose rows; use BLOCKING.",
        "UNSAFE_NAME": (
            "The table's name has blanks or quotes, and an incremental snapshot of it can stop its connector for good; "
            "use BLOCKING."
        ),
        "UNSAFE_KEY": (
            "The table's key, or the surrogate key that was asked for, has a column of a type that the engine cannot "
            "read chunks by, such as an array or a timestamp: an incremental snapshot would stop the connector, fail, "
            "or lose rows. The message says which, and what works instead; BLOCKING always does."
        ),
        "FILTER_REJECTED": (
            "The source's database refuses the filter or the surrogate key, as a trial showed before anything was sent."
        ),
    },
)
publish(
    SnapshotErrorCode,
    f"Why a source snapshot failed, or why its fate is not known yet. {GROWS}",
    {
        "CONNECTOR_NOT_FOUND": "Kafka Connect does not know the connector.",
        "CONNECTOR_NOT_RUNNING": "The connector is paused, stopped or failed, so it would not read the signal.",
        "CONNECTOR_UNREACHABLE": "Kafka Connect did not answer.",
        "SNAPSHOT_ALREADY_RUNNING": "The source is snapshotting already, and takes one snapshot at a time.",
        "SIGNALLING_NOT_CONFIGURED": "The connector has no signal channel that can be used.",
        "CHANNEL_UNAVAILABLE": "The signal channel could not be reached.",
        "DISPATCH_TIMEOUT": "The deadline passed before the channel answered: the signal may or may not have arrived.",
        "SIGNAL_REJECTED": "The signal channel refused the signal.",
        "FILTER_NOT_SUPPORTED": "A row filter cannot be expressed for this source's database.",
        "TABLES_FAILED": "The engine ran, but one or more tables could not be read; see each topic's outcome.",
        "CONNECTOR_LOST": "The connector went away while the snapshot was under way.",
        "END_NOT_REPORTED": "Nobody reported the end of the snapshot in time, so that its source was released.",
        "RESTART_REQUIRED": "A table failed in mid-scan, and rows of it could come out on the topic of the next one: "
        "the connector takes no incremental snapshot until its task was restarted.",
    },
)
publish(
    TopicSnapshotOutcome,
    f"What the engine reported of one table's scan. {GROWS}",
    {
        "SUCCEEDED": "Every row asked for was read.",
        "EMPTY": "The table, or what the filter left of it, has no rows.",
        "NO_PRIMARY_KEY": "The table has no key, and was not read.",
        "FILTER_REJECTED": "The database refused the filter, and the table was not read.",
        "UNKNOWN_TABLE": "The connector does not know the table, or does not capture it.",
        "SKIPPED": "The engine passed the table over.",
        "NOT_REPORTED": "The snapshot ended, and the engine said nothing of this table.",
        "OTHER": "Something else; `engineStatus` has the engine's own word.",
    },
)
publish(
    FilterOperator,
    f"How a condition compares a column with its values. {GROWS}",
    {
        "EQ": "Equal to the one value.",
        "NE": "Not equal to the one value.",
        "LT": "Less than the one value.",
        "LE": "Less than or equal to the one value.",
        "GT": "Greater than the one value.",
        "GE": "Greater than or equal to the one value.",
        "IN": "Equal to any of 1 to 200 values.",
        "NOT_IN": "Equal to none of 1 to 200 values.",
        "IS_NULL": "Null; takes no values.",
        "NOT_NULL": "Not null; takes no values.",
        "LIKE": "Matches the one value as an SQL pattern with `%` and `_`.",
    },
)
publish(
    UserErrorCode,
    f"What is wrong with a request as a whole. {GROWS}",
    {
        "EMPTY_INPUT": "No topic was named.",
        "TOO_MANY_TOPICS": "More than 500 topics were named, counting duplicates.",
        "INVALID_ID": "An id is empty, blank, longer than 128 characters, or not text that can be kept.",
        "INVALID_OPTION": "An option is for a topic that is not named, doubled, or not allowed with this type.",
        "INVALID_VALUE": "A value is outside of what its field takes.",
        "INVALID_CURSOR": "A cursor is not one that this connection gave.",
        "IDEMPOTENCY_KEY_REUSED": "The idempotency key was used before, with another input.",
        "NOT_FOUND": "Nothing has the id.",
        "NOTHING_TO_RETRY": "Nothing failed that may succeed if it is asked for again.",
        "CLUSTER_UNREACHABLE": "No cluster could be read, so nothing was changed; `unreadable` says why of each.",
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
