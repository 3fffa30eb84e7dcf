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


@view(TopicSnapshotRecord, description="One topic within a source snapshot, and what became of it.")
class TopicSnapshotType(Node):
    """What clients see of a topic's part in a snapshot."""

    topic: TopicType = strawberry.field(description="The topic.")
    state: TopicSnapshotState = strawberry.field(description="How far it has come.")
    rows_scanned: BigInt | None = strawberry.field(
        description="Rows that the engine says it read; null until it says so, and where it never does."
    )
    outcome: TopicSnapshotOutcome | None = strawberry.field(
        description="What the engine told of its end; null until then, and of one that was stopped."
    )
    engine_status: str | None = strawberry.field(description="The engine's own word for how the scan ended.")
    started_at: datetime | None = strawberry.field(description="When the engine began to read the table.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    verification: VerificationState = strawberry.field(
        description="How far the verification of its completeness has come."
    )
    verdict: SnapshotVerdict | None = strawberry.field(
        description="Whether every row of the source has arrived; null until it was verified."
    )
    verdict_reason: str | None = strawberry.field(description="Why the verdict is as it is, for people.")
    expected_rows: BigInt | None = strawberry.field(
        description="Rows that the source has under the filter, counted when it was verified; null where that could "
        "not be done."
    )
    emitted_rows: BigInt | None = strawberry.field(
        description="Distinct rows that this snapshot emitted, counted on the topic by their keys; events where there "
        "is no key. Fewer than expected where a change that was streamed meanwhile took the place of a snapshot's row."
    )
    verified_at: datetime | None = strawberry.field(description="When the verdict was found.")

    source_snapshot: Any = computed(_source_snapshot, "The source snapshot that it is part of.", type=SOURCE_SNAPSHOT)
