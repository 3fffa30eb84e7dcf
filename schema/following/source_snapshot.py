"""One source's part of a bulk snapshot."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self

import strawberry

from resolvers.health.check_health import find_causes, stalled
from schema.catalog.source_connector import SourceConnector
from schema.context import Info
from schema.enums import SnapshotErrorCode, SnapshotOrigin, SnapshotType
from schema.fields import computed
from schema.following.progress import SnapshotProgress
from schema.following.signal import Signal
from schema.following.topic_snapshot import TopicSnapshot
from schema.health.findings import HealthFinding, health_findings
from schema.node import Node
from schema.state_enums import SnapshotState
from snapshots.records import SourceSnapshotRecord
from snapshots.requesting.retry import topics_to_retry

if TYPE_CHECKING:
    from schema.following.bulk_snapshot import BulkSnapshot


@strawberry.federation.type(
    keys=["id"],
    description="One source's part of a bulk snapshot: the durable record, from request to end.",
)
class SourceSnapshot(Node):
    """What clients see of a source snapshot."""

    record: strawberry.Private[SourceSnapshotRecord]
    source: SourceConnector = strawberry.field(description="The connector that reads the tables.")
    snapshot_type: SnapshotType = strawberry.field(description="How the tables are read.")
    origin: SnapshotOrigin = strawberry.field(description="Who started it.")
    followed: bool = strawberry.field(
        description="Whether the connector tells of its snapshots. Where it does not, how each topic ended is never "
        "known: the snapshot ends as ABANDONED when its end shows otherwise, or after some time."
    )
    state: SnapshotState = strawberry.field(description="How far it has come, now.")
    code: SnapshotErrorCode | None = strawberry.field(
        description="What went wrong, for programs; null where nothing did."
    )
    message: str | None = strawberry.field(description="What went wrong, for people; null where nothing did.")
    requested_at: datetime = strawberry.field(description="When it was asked for.")
    dispatched_at: datetime | None = strawberry.field(description="When the channel accepted its first signal.")
    started_at: datetime | None = strawberry.field(description="When the engine reported that it began.")
    finished_at: datetime | None = strawberry.field(description="When it reached a final state.")

    @computed("Whether something of it failed that `retryBulkSnapshot` would dispatch again.")
    def retryable(self) -> bool:
        """Look when asked."""
        return bool(topics_to_retry(self.record))

    @computed("Its signals, in the order in which they are sent: the next when the last has ended.")
    def signals(self) -> list[Signal]:
        """Build them when asked."""
        return [Signal.from_domain(signal) for signal in self.record.signals]

    @computed("Its topics, in the order in which they were asked for.")
    def topics(self) -> list[TopicSnapshot]:
        """Build them when asked."""
        return [TopicSnapshot.from_domain(topic) for topic in self.record.topics]

    @computed("How far it has come, in topics and rows.")
    def progress(self) -> SnapshotProgress:
        """Count when asked."""
        return SnapshotProgress.of(self.record.topics)

    @computed(
        "Since when it has given no sign of life, neither a start nor progress, where that is longer than the "
        "gateway's limit (10 minutes by default); null where it is not, and where none is due. Worked out, not a state."
    )
    def stalled_since(self, info: Info) -> datetime | None:
        """Compare with the time of the answer."""
        return stalled(info.context.services, self.record, info.context.loaders.at)

    @computed(
        "Where it is stalled: what may be the cause, the likeliest first, each with a remedy. Looked up when asked: "
        "the connector, its topics and its database are looked at, which can take seconds. Empty where it "
        "is not stalled."
    )
    async def stall_causes(self, info: Info) -> list[HealthFinding]:
        """Look at the source together with those of the other snapshots of the answer."""
        if stalled(info.context.services, self.record, info.context.loaders.at) is None:
            return []
        observed = await info.context.loaders.signalling.load(self.record.source.id)
        return health_findings(await find_causes(info.context.services, self.record, observed))

    @computed("The bulk snapshot that it is part of.")
    async def bulk_snapshot(
        self, info: Info
    ) -> Annotated["BulkSnapshot", strawberry.lazy("schema.following.bulk_snapshot")]:
        """Load it together with those of the other source snapshots of the answer."""
        from schema.following.bulk_snapshot import BulkSnapshot  # noqa: PLC0415 (the two name each other)

        record = await info.context.loaders.bulk_snapshots.load(self.record.bulk_snapshot_id)
        if record is None:
            raise LookupError(self.record.bulk_snapshot_id)  # a foreign key says that this cannot be
        return BulkSnapshot.from_domain(record)

    @classmethod
    def from_domain(cls, record: SourceSnapshotRecord) -> Self:
        """Return what clients see of `record`."""
        return cls(
            id=strawberry.ID(record.id),
            record=record,
            source=SourceConnector.from_domain(record.source),
            snapshot_type=record.snapshot_type,
            origin=record.origin,
            followed=record.followed,
            state=record.state,
            code=record.code,
            message=record.message,
            requested_at=record.requested_at,
            dispatched_at=record.dispatched_at,
            started_at=record.started_at,
            finished_at=record.finished_at,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str | None = None) -> Self | None:
        """Find the source snapshot that another subgraph names."""
        record = await info.context.loaders.source_snapshots.load(id) if id is not None else None
        return cls.from_domain(record) if record else None
