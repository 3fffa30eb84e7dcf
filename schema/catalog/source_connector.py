"""A source connector, and pages of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import strawberry

from schema.catalog.filters import TopicFilterInput, topic_filter
from schema.connections import (
    DEFAULT_PAGE,
    TOTAL_COUNT,
    After,
    ConnectionType,
    First,
    Listed,
    check_first,
)
from schema.context import Info
from schema.enums import ConnectorState, SignalChannelKind
from schema.fields import computed, view
from schema.health.findings import HealthFindingType
from schema.node import Node
from schema.references import SOURCE_SNAPSHOT, TOPIC_CONNECTION
from snapshots.following.failed_scans import refusal
from snapshots.health.findings import HealthFinding
from snapshots.health.rules import assess
from snapshots.model import SourceConnector, Topic
from snapshots.records import SourceSnapshotRecord


class RestartRequired(NamedTuple):
    """A restart requirement, and what it means for its connector."""

    since: datetime
    data_collections: tuple[str, ...]
    message: str


@view(
    RestartRequired,
    description="Why a connector takes no incremental snapshot until its task is restarted: the scan of a table "
    "failed halfway, and rows of that table could appear on the topic of the next one.",
)
class RestartRequirementType:
    """What clients see of a restart requirement."""

    since: datetime = strawberry.field(description="When the first of the scans failed, by the engine's clock.")
    data_collections: list[str] = strawberry.field(
        description="The tables whose scans have failed since then, in order of their names, at most ten."
    )
    message: str = strawberry.field(description="What happened and what to do, as sentences for people.")


async def _topics(
    source: strawberry.Parent[SourceConnector],
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    filter: Annotated[
        TopicFilterInput | None,
        strawberry.argument(description="Only topics that satisfy every given field of this filter."),
    ] = None,
) -> Listed[Topic]:
    """Load the first page together with those of the other connectors of the answer; further pages on their own."""
    check_first(first)
    page = await info.context.loaders.source_topics(source.id, topic_filter(filter), first, after)
    return Listed(page, after)


async def _active_snapshot(source: strawberry.Parent[SourceConnector], info: Info) -> SourceSnapshotRecord | None:
    """Load it together with those of the other connectors of the answer."""
    return await info.context.loaders.active_snapshots.load(source.id)


async def _restart_required(source: strawberry.Parent[SourceConnector], info: Info) -> RestartRequired | None:
    """Load it together with those of the other connectors of the answer."""
    requirement = await info.context.loaders.restart_requirements.load(source.id)
    if requirement is None:
        return None
    return RestartRequired(requirement.since, requirement.data_collections, refusal(source, requirement).message)


async def _health(source: strawberry.Parent[SourceConnector], info: Info) -> Sequence[HealthFinding]:
    """Look at it together with the other connectors of the answer."""
    observed = await info.context.loaders.signalling.load(source.id)
    return assess(observed) if observed else ()


@view(
    SourceConnector,
    keys=("id", "cluster name"),
    description="A connector that reads a database and writes its changes to topics. It takes one snapshot at a time.",
)
class SourceConnectorType(Node):
    """What clients see of a source connector; never its configuration, which holds secrets."""

    cluster_id: strawberry.ID = strawberry.field(
        description="The id of the connector's cluster, as `syncCatalog` takes it."
    )
    cluster_name: str = strawberry.field(
        name="cluster", description="The name of the connector's Kafka Connect cluster."
    )
    name: str = strawberry.field(description="The name of the connector in Kafka Connect, unique in its cluster.")
    connector_class: str | None = strawberry.field(
        description="The class of the connector plugin, for example `io.debezium.connector.mysql.MySqlConnector`. "
        "Null if it is not known."
    )
    version: str | None = strawberry.field(description="The version of the connector plugin. Null if it is not known.")
    state: ConnectorState = strawberry.field(description="The state of the connector, as last seen by Topicsnap.")
    state_observed_at: datetime | None = strawberry.field(
        description="When Topicsnap last saw the state. Null if it never did."
    )
    topic_prefix: str | None = strawberry.field(
        description="The connector's `topic.prefix`, by which its notifications name it. Null if it is not known."
    )
    signal_channel: SignalChannelKind | None = strawberry.field(
        description="The channel that carries signals to the connector. Null if signalling is not configured; then "
        "the connector takes no snapshots."
    )

    topics: Any = computed(
        _topics, "The topics that the connector writes, in order of their names.", type=TOPIC_CONNECTION
    )
    active_snapshot: Any = computed(
        _active_snapshot,
        "The snapshot that is running on the connector now. Null if it is free.",
        type=SOURCE_SNAPSHOT | None,
    )
    restart_required: RestartRequirementType | None = computed(
        _restart_required,
        "Why the connector takes no incremental snapshot until its task is restarted. Null if it needs no restart.",
    )
    health: list[HealthFindingType] = computed(
        _health,
        "Findings on whether the connector can be signalled from end to end, worst first. The check runs "
        "when you select this field: it looks at Kafka Connect, Kafka and the source database, which can "
        "take seconds, and sends nothing. Its result is reused for a few seconds. What cannot be reached is "
        "a finding of severity UNKNOWN.",
    )


@view(Listed, description="A page of source connectors, in order of their names.")
class SourceConnectorConnectionType(ConnectionType[SourceConnectorType]):
    """Relay's connection."""

    total_count = TOTAL_COUNT
