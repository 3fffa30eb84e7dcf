"""A bulk snapshot, and pages of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Optional

import strawberry

from schema.connections import DEFAULT_PAGE, After, ConnectionType, First, Listed, check_first
from schema.context import Info
from schema.enums import SnapshotType
from schema.fields import computed, view
from schema.following.ledger_event import LedgerEventConnectionType
from schema.following.progress import SnapshotProgressType
from schema.following.results import SourceSnapshotResultType
from schema.following.skipped_topic import SkippedTopicType
from schema.following.source_snapshot import SourceSnapshotType
from schema.following.summary import BulkOperationSummaryType
from schema.node import Node
from schema.state_enums import BulkSnapshotState
from snapshots.audit import LedgerEvent
from snapshots.records import BulkSnapshotRecord
from snapshots.requesting.answers import ResultCounts, SourceResult, count_results, results_of


def _summary(bulk: strawberry.Parent[BulkSnapshotRecord]) -> ResultCounts:
    return count_results(bulk.snapshots, len(bulk.skips))


def _results(bulk: strawberry.Parent[BulkSnapshotRecord]) -> tuple[SourceResult, ...]:
    return results_of(bulk)


async def _retry_of(bulk: strawberry.Parent[BulkSnapshotRecord], info: Info) -> BulkSnapshotRecord | None:
    """Load it together with those of the others of the answer."""
    return await info.context.loaders.bulk_snapshots.load(bulk.retry_of) if bulk.retry_of is not None else None


async def _retries(bulk: strawberry.Parent[BulkSnapshotRecord], info: Info) -> Sequence[BulkSnapshotRecord]:
    """Load them together with those of the others of the answer."""
    return await info.context.loaders.retries.load(bulk.id) or ()


async def _events(
    bulk: strawberry.Parent[BulkSnapshotRecord], info: Info, first: First = DEFAULT_PAGE, after: After = None
) -> Listed[LedgerEvent]:
    """Read one page."""
    check_first(first)
    return Listed(await info.context.loaders.events(bulk.id, first, after), after)


@view(
    BulkSnapshotRecord,
    keys=("id",),
    description="A request to snapshot many topics: what was asked, what was answered, and what has happened since.",
)
class BulkSnapshotType(Node):
    """What clients see of a bulk snapshot."""

    snapshot_type: SnapshotType = strawberry.field(
        description="How the tables are read, for all topics of this bulk snapshot."
    )
    requested_by: str = strawberry.field(description="The name of the caller who asked for the bulk snapshot.")
    requested_at: datetime = strawberry.field(description="When the bulk snapshot was asked for.")
    reason: str | None = strawberry.field(description="The reason that the caller gave. Null if there was none.")
    state: BulkSnapshotState = strawberry.field(
        description="The state now, which follows from the states of the source snapshots."
    )

    progress: SnapshotProgressType = strawberry.field(
        description="How many topics have finished and how many rows were read so far. Skipped topics are not counted."
    )
    summary: BulkOperationSummaryType = computed(_summary, "Counts of the results, as answered to the caller.")
    snapshots: list[SourceSnapshotType] = strawberry.field(
        description="The source snapshots as they are now, in order of first appearance of their sources in the "
        "request."
    )
    results: list[SourceSnapshotResultType] = computed(
        _results, "The results as answered to the caller: one for each source, in order of first appearance."
    )
    skips: list[SkippedTopicType] = strawberry.field(
        name="skippedTopics", description="The topics that were not sent to any source connector, in input order."
    )
    retry_of: Optional["BulkSnapshotType"] = computed(
        _retry_of, "The bulk snapshot that this one retries. Null if this is no retry, or if that one was pruned."
    )
    retries: list["BulkSnapshotType"] = computed(_retries, "The bulk snapshots that retry this one, oldest first.")
    events: LedgerEventConnectionType = computed(
        _events,
        "The history of this bulk snapshot: every change of state with its cause, oldest first.",
    )


@view(Listed, description="A page of bulk snapshots, newest first.")
class BulkSnapshotConnectionType(ConnectionType[BulkSnapshotType]):
    """Relay's connection."""
