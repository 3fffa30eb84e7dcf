"""A bulk snapshot, and pages of them."""

from datetime import datetime
from typing import Optional, Self

import strawberry

from schema.connections import DEFAULT_PAGE, After, First, PageInfo, check_first
from schema.context import Info
from schema.enums import SnapshotType
from schema.fields import computed
from schema.following.ledger_event import LedgerEventConnection
from schema.following.progress import SnapshotProgress
from schema.following.source_snapshot import SourceSnapshot
from schema.node import Node
from schema.requesting.results import SourceSnapshotResult, result_of
from schema.requesting.skipped_topic import SkippedTopic
from schema.requesting.summary import BulkOperationSummary
from schema.state_enums import BulkSnapshotState
from snapshots.catalog.contents import Page
from snapshots.records import BulkSnapshotRecord


@strawberry.federation.type(
    keys=["id"], description="One request to snapshot many topics: what was asked, answered, and became of it."
)
class BulkSnapshot(Node):
    """What clients see of a bulk snapshot."""

    record: strawberry.Private[BulkSnapshotRecord]
    snapshot_type: SnapshotType = strawberry.field(description="How the tables are read.")
    requested_by: str = strawberry.field(description="Who asked.")
    requested_at: datetime = strawberry.field(description="When.")
    reason: str | None = strawberry.field(description="Why, in the words of who asked.")
    state: BulkSnapshotState = strawberry.field(description="How far it has come, now.")

    @computed("How far it has come, in topics and rows; skipped topics are not counted.")
    def progress(self) -> SnapshotProgress:
        """Count when asked."""
        return SnapshotProgress.of(topic for snapshot in self.record.snapshots for topic in snapshot.topics)

    @computed("The counts as answered.")
    def summary(self) -> BulkOperationSummary:
        """Count when asked."""
        return BulkOperationSummary.of(self.record.snapshots, len(self.record.skips))

    @computed("The source snapshots as they stand now, by first appearance of their sources.")
    def snapshots(self) -> list[SourceSnapshot]:
        """Build them when asked."""
        return [SourceSnapshot.from_domain(snapshot) for snapshot in self.record.snapshots]

    @computed("The results as answered, one for each source, in order of their first appearance.")
    def results(self) -> list[SourceSnapshotResult]:
        """Build them when asked."""
        return [result_of(snapshot) for snapshot in self.record.snapshots]

    @computed("The topics that were sent to no source, in input order.")
    def skipped_topics(self) -> list[SkippedTopic]:
        """Build them when asked."""
        return [SkippedTopic.from_domain(skip) for skip in self.record.skips]

    @computed("What this dispatches again; null where it is no retry, and where that was pruned since.")
    async def retry_of(self, info: Info) -> Optional["BulkSnapshot"]:
        """Load it together with those of the others of the answer."""
        return await BulkSnapshot.resolve_reference(info, self.record.retry_of)

    @computed("The retries of this one, the oldest first.")
    async def retries(self, info: Info) -> list["BulkSnapshot"]:
        """Load them together with those of the others of the answer."""
        found = await info.context.loaders.retries.load(self.record.id)
        return [BulkSnapshot.from_domain(record) for record in found or ()]

    @computed("How it came to be as it is: every change of state with its cause, in the order in which they happened.")
    async def events(self, info: Info, first: First = DEFAULT_PAGE, after: After = None) -> LedgerEventConnection:
        """Read one page."""
        check_first(first)
        page = await info.context.loaders.events(self.record.id, first, after)
        return LedgerEventConnection.from_domain(page, after=after)

    @classmethod
    def from_domain(cls, record: BulkSnapshotRecord) -> Self:
        """Return what clients see of `record`."""
        return cls(
            id=strawberry.ID(record.id),
            record=record,
            snapshot_type=record.snapshot_type,
            requested_by=record.requested_by,
            requested_at=record.requested_at,
            reason=record.reason,
            state=record.state,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str | None = None) -> Self | None:
        """Find the bulk snapshot that another subgraph names."""
        record = await info.context.loaders.bulk_snapshots.load(id) if id is not None else None
        return cls.from_domain(record) if record else None


@strawberry.type(description="A bulk snapshot in a page.")
class BulkSnapshotEdge:
    """Relay's edge."""

    node: BulkSnapshot = strawberry.field(description="The bulk snapshot.")
    cursor: str = strawberry.field(description="Its place in the list, for `after`.")


@strawberry.type(description="A page of bulk snapshots, the newest first.")
class BulkSnapshotConnection:
    """Relay's connection."""

    edges: list[BulkSnapshotEdge] = strawberry.field(description="The bulk snapshots with their cursors.")
    page_info: PageInfo = strawberry.field(description="Where the page stands in the list.")

    @classmethod
    def from_domain(cls, page: Page[BulkSnapshotRecord], *, after: str | None) -> Self:
        """Return what clients see of `page`, which came after the cursor `after`."""
        return cls(
            edges=[
                BulkSnapshotEdge(node=BulkSnapshot.from_domain(record), cursor=cursor)
                for record, cursor in zip(page.items, page.cursors, strict=True)
            ],
            page_info=PageInfo.of(page, after=after),
        )
