"""One topic within a source snapshot."""

from datetime import datetime
from typing import Any

import strawberry

from schema.catalog.topic import TopicType
from schema.context import Info
from schema.enums import TopicSnapshotOutcome
from schema.fields import computed, view
from schema.node import Node
from schema.references import SOURCE_SNAPSHOT
from schema.scalars import BigInt
from schema.state_enums import SnapshotVerdict, TopicSnapshotState, VerificationState
from snapshots.records import SourceSnapshotRecord, TopicSnapshotRecord


async def _source_snapshot(topic: strawberry.Parent[TopicSnapshotRecord], info: Info) -> SourceSnapshotRecord:
    """Load it together with those of the other topics of the answer."""
    record = await info.context.loaders.source_snapshots.load(topic.source_snapshot_id)
    if record is None:
        raise LookupError(topic.source_snapshot_id)  # a foreign key says that this cannot be
    return record


@view(TopicSnapshotRecord, description="One topic of a source snapshot, and what happened to it.")
class TopicSnapshotType(Node):
    """What clients see of a topic's part in a snapshot."""

    topic: TopicType = strawberry.field(description="The topic that is snapshotted.")
    state: TopicSnapshotState = strawberry.field(description="The state of this topic's snapshot now.")
    rows_scanned: BigInt | None = strawberry.field(
        description="The number of rows that the engine says it read. Null until it reports a number; some "
        "connectors never do."
    )
    outcome: TopicSnapshotOutcome | None = strawberry.field(
        description="What the engine reported at the end of this table's scan. Null until then, and if the scan was "
        "stopped."
    )
    engine_status: str | None = strawberry.field(
        description="The engine's own word for how the scan ended. Null until then."
    )
    started_at: datetime | None = strawberry.field(
        description="When the engine began to read the table. Null until then."
    )
    finished_at: datetime | None = strawberry.field(
        description="When the snapshot of this topic ended. Null until then."
    )
    verification: VerificationState = strawberry.field(description="How far the verification of this topic has come.")
    verdict: SnapshotVerdict | None = strawberry.field(
        description="Whether every row of the source has arrived on the topic. Null until it was verified."
    )
    verdict_reason: str | None = strawberry.field(
        description="Why the verdict is as it is, as sentences for people. Null until it was verified."
    )
    expected_rows: BigInt | None = strawberry.field(
        description="The number of rows that the source has under the filter, counted during the verification. Null "
        "if they could not be counted."
    )
    emitted_rows: BigInt | None = strawberry.field(
        description="The number of distinct rows that this snapshot put on the topic, counted by key during the "
        "verification, or the number of events if there is no key. It can be lower than `expectedRows` "
        "without a loss: a streamed change may have replaced the row of the snapshot. Null if they could not "
        "be counted."
    )
    verified_at: datetime | None = strawberry.field(description="When the verdict was found. Null until then.")

    source_snapshot: Any = computed(
        _source_snapshot, "The source snapshot that this topic belongs to.", type=SOURCE_SNAPSHOT
    )
