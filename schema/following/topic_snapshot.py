"""One topic within a source snapshot."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from schema.catalog.topic import Topic
from schema.context import Info
from schema.enums import TopicSnapshotOutcome
from schema.fields import computed
from schema.node import Node
from schema.scalars import BigInt
from schema.state_enums import SnapshotVerdict, TopicSnapshotState, VerificationState
from snapshots.records import TopicSnapshotRecord

if TYPE_CHECKING:
    from schema.following.source_snapshot import SourceSnapshot


@strawberry.type(description="One topic within a source snapshot, and what became of it.")
class TopicSnapshot(Node):
    """What clients see of a topic's part in a snapshot."""

    source_snapshot_id: strawberry.Private[str]
    topic: Topic = strawberry.field(description="The topic.")
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

    @computed("The source snapshot that it is part of.")
    async def source_snapshot(
        self, info: Info
    ) -> Annotated["SourceSnapshot", strawberry.lazy("schema.following.source_snapshot")]:
        """Load it together with those of the other topics of the answer."""
        from schema.following.source_snapshot import SourceSnapshot  # noqa: PLC0415 (the two name each other)

        record = await info.context.loaders.source_snapshots.load(self.source_snapshot_id)
        if record is None:
            raise LookupError(self.source_snapshot_id)  # a foreign key says that this cannot be
        return SourceSnapshot.from_domain(record)

    @classmethod
    def from_domain(cls, record: TopicSnapshotRecord) -> Self:
        """Return what clients see of `record`."""
        return cls(
            id=strawberry.ID(record.id),
            source_snapshot_id=record.source_snapshot_id,
            topic=Topic.from_domain(record.topic),
            state=record.state,
            rows_scanned=None if record.rows_scanned is None else BigInt(record.rows_scanned),
            outcome=record.outcome,
            engine_status=record.engine_status,
            started_at=record.started_at,
            finished_at=record.finished_at,
            verification=record.verification,
            verdict=record.verdict,
            verdict_reason=record.verdict_reason,
            expected_rows=None if record.expected_rows is None else BigInt(record.expected_rows),
            emitted_rows=None if record.emitted_rows is None else BigInt(record.emitted_rows),
            verified_at=record.verified_at,
        )
