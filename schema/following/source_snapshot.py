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
    description="The part of a bulk snapshot that one source connector carries out, recorded from request to end.",
)
class SourceSnapshotType(Node):
    """What clients see of a source snapshot."""

    source: SourceConnectorType = strawberry.field(description="The source connector that reads the tables.")
    snapshot_type: SnapshotType = strawberry.field(description="How the tables are read.")
    origin: SnapshotOrigin = strawberry.field(description="Who started the snapshot.")
    followed: bool = strawberry.field(
        description="Whether the connector sends notifications about its snapshots. If it does not, the outcome of "
        "each topic stays unknown: the snapshot becomes ABANDONED when something else shows that it ended, "
        "or after some time."
    )
    state: SnapshotState = strawberry.field(description="The state of the snapshot now.")
    code: SnapshotErrorCode | None = strawberry.field(description="What went wrong, for programs. Null if nothing did.")
    message: str | None = strawberry.field(
        description="What went wrong, as a sentence for people. Null if nothing did."
    )
    requested_at: datetime = strawberry.field(description="When the snapshot was asked for.")
    dispatched_at: datetime | None = strawberry.field(
        description="When the channel accepted the first signal. Null until then."
    )
    started_at: datetime | None = strawberry.field(
        description="When the engine reported that it began. Null until then."
    )
    finished_at: datetime | None = strawberry.field(
        description="When the snapshot reached a final state. Null until then."
    )

    retryable: bool = computed(_retryable, "Whether `retryBulkSnapshot` would snapshot something of it again.")
    signals: list[SignalType] = strawberry.field(
        description="The signals, in the order in which they are sent. Each is sent when the one before has ended."
    )
    topics: list[TopicSnapshotType] = strawberry.field(
        description="The topics of this snapshot, in the order in which they were asked for."
    )
    progress: SnapshotProgressType = strawberry.field(
        description="How many topics have finished and how many rows were read so far."
    )
    stalled_since: datetime | None = computed(
        _stalled_since,
        "When the snapshot last gave a sign of life, if that is longer ago than the gateway's limit (10 "
        "minutes by default). Null if it is not, or if no sign is due. Calculated when you ask; it is not "
        "part of the state.",
    )
    stall_causes: list[HealthFindingType] = computed(
        _stall_causes,
        "Possible causes of a stall, likeliest first, each with a remedy. The check runs when you select "
        "this field: it looks at the connector, its topics and its database, which can take seconds. Empty "
        "if the snapshot is not stalled.",
    )
    bulk_snapshot: Any = computed(
        _bulk_snapshot, "The bulk snapshot that this source snapshot belongs to.", type=BULK_SNAPSHOT
    )
