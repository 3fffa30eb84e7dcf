"""One source's part of a bulk snapshot."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from resolvers.health.check_health import find_causes, stalled
from schema.catalog.source_connector import SourceConnectorType
from schema.context import Info
from schema.enums import SnapshotErrorCode, SnapshotOrigin, SnapshotType
from schema.fields import computed, view
from schema.following.progress import SnapshotProgressType
from schema.following.signal import SignalType
from schema.following.topic_snapshot import TopicSnapshotType
from schema.health.findings import HealthFindingType
from schema.node import Node
from schema.references import BULK_SNAPSHOT
from schema.state_enums import SnapshotState
from snapshots.health.findings import HealthFinding
from snapshots.records import BulkSnapshotRecord, SourceSnapshotRecord
from snapshots.requesting.retry import topics_to_retry


def _retryable(snapshot: strawberry.Parent[SourceSnapshotRecord]) -> bool:
    return bool(topics_to_retry(snapshot))


def _stalled_since(snapshot: strawberry.Parent[SourceSnapshotRecord], info: Info) -> datetime | None:
    """Compare with the time of the answer."""
    return stalled(info.context.services, snapshot, info.context.loaders.at)


async def _stall_causes(snapshot: strawberry.Parent[SourceSnapshotRecord], info: Info) -> Sequence[HealthFinding]:
    """Look at the source together with those of the other snapshots of the answer."""
    if stalled(info.context.services, snapshot, info.context.loaders.at) is None:
        return ()
    observed = await info.context.loaders.signalling.load(snapshot.source.id)
    return await find_causes(info.context.services, snapshot, observed)


async def _bulk_snapshot(snapshot: strawberry.Parent[SourceSnapshotRecord], info: Info) -> BulkSnapshotRecord:
    """Load it together with those of the other source snapshots of the answer."""
    record = await info.context.loaders.bulk_snapshots.load(snapshot.bulk_snapshot_id)
    if record is None:
        raise LookupError(snapshot.bulk_snapshot_id)  # a foreign key says that this cannot be
    return record


@view(
    SourceSnapshotRecord,
    keys=("id",),
    description="One source's part of a bulk snapshot: the durable record, from request to end.",
)
class SourceSnapshotType(Node):
    """What clients see of a source snapshot."""

    source: SourceConnectorType = strawberry.field(description="The connector that reads the tables.")
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

    retryable: bool = computed(
        _retryable, "Whether something of it failed that `retryBulkSnapshot` would dispatch again."
    )
    signals: list[SignalType] = strawberry.field(
        description="Its signals, in the order in which they are sent: the next when the last has ended."
    )
    topics: list[TopicSnapshotType] = strawberry.field(
        description="Its topics, in the order in which they were asked for."
    )
    progress: SnapshotProgressType = strawberry.field(description="How far it has come, in topics and rows.")
    stalled_since: datetime | None = computed(
        _stalled_since,
        "Since when it has given no sign of life, neither a start nor progress, where that is longer than the "
        "gateway's limit (10 minutes by default); null where it is not, and where none is due. Worked out, not a "
        "state.",
    )
    stall_causes: list[HealthFindingType] = computed(
        _stall_causes,
        "Where it is stalled: what may be the cause, the likeliest first, each with a remedy. Looked up when asked: "
        "the connector, its topics and its database are looked at, which can take seconds. Empty where it "
        "is not stalled.",
    )
    bulk_snapshot: Any = computed(_bulk_snapshot, "The bulk snapshot that it is part of.", type=BULK_SNAPSHOT)
