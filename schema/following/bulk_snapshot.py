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
    description="One request to snapshot many topics: what was asked, answered, and became of it.",
)
class BulkSnapshotType(Node):
    """What clients see of a bulk snapshot."""

    snapshot_type: SnapshotType = strawberry.field(description="How the tables are read.")
    requested_by: str = strawberry.field(description="Who asked.")
    requested_at: datetime = strawberry.field(description="When.")
    reason: str | None = strawberry.field(description="Why, in the words of who asked.")
    state: BulkSnapshotState = strawberry.field(description="How far it has come, now.")

    progress: SnapshotProgressType = strawberry.field(
        description="How far it has come, in topics and rows; skipped topics are not counted."
    )
    summary: BulkOperationSummaryType = computed(_summary, "The counts as answered.")
    snapshots: list[SourceSnapshotType] = strawberry.field(
        description="The source snapshots as they stand now, by first appearance of their sources."
    )
    results: list[SourceSnapshotResultType] = computed(
        _results, "The results as answered, one for each source, in order of their first appearance."
    )
    skips: list[SkippedTopicType] = strawberry.field(
        name="skippedTopics", description="The topics that were sent to no source, in input order."
    )
    retry_of: Optional["BulkSnapshotType"] = computed(
        _retry_of, "What this dispatches again; null where it is no retry, and where that was pruned since."
    )
    retries: list["BulkSnapshotType"] = computed(_retries, "The retries of this one, the oldest first.")
    events: LedgerEventConnectionType = computed(
        _events,
        "How it came to be as it is: every change of state with its cause, in the order in which they happened.",
    )


@view(Listed, description="A page of bulk snapshots, the newest first.")
class BulkSnapshotConnectionType(ConnectionType[BulkSnapshotType]):
    """Relay's connection."""
