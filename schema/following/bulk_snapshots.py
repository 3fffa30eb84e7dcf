"""`bulkSnapshots` and `bulkSnapshot`: the bulk snapshots of the ledger, with their filter."""

from datetime import datetime
from typing import Annotated

import strawberry

from schema.catalog.filters import ids, members
from schema.connections import DEFAULT_PAGE, After, First, Listed, check_first
from schema.context import Info
from schema.enums import SnapshotType
from schema.fields import computed
from schema.following.bulk_snapshot import BulkSnapshotConnectionType, BulkSnapshotType
from schema.state_enums import BulkSnapshotState
from snapshots.records import BulkSnapshotFilter, BulkSnapshotRecord


@strawberry.input(
    name="BulkSnapshotFilter",
    description="A filter on bulk snapshots. Those that satisfy all given fields are returned.",
)
class BulkSnapshotFilterInput:
    """The filter of `bulkSnapshots`."""

    state: list[BulkSnapshotState] | None = strawberry.field(
        default=None, description="Only bulk snapshots that are in any of these states now."
    )
    source_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Only bulk snapshots with a source snapshot on any of these source connectors. At most 500 ids.",
    )
    topic_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Only bulk snapshots with any of these topics in a source snapshot; skipped topics do not count. "
        "At most 500 ids.",
    )
    snapshot_type: list[SnapshotType] | None = strawberry.field(
        default=None, description="Only bulk snapshots of any of these types."
    )
    requested_by: list[str] | None = strawberry.field(
        default=None, description="Only bulk snapshots that any of these callers asked for. At most 500 names."
    )
    requested_after: datetime | None = strawberry.field(
        default=None, description="Only bulk snapshots that were requested at this moment or later."
    )
    requested_before: datetime | None = strawberry.field(
        default=None, description="Only bulk snapshots that were requested before this moment."
    )


def _wanted(given: BulkSnapshotFilterInput | None) -> BulkSnapshotFilter:
    """Return what `given` asks. Raises RequestError (INVALID_VALUE) where it holds too much."""
    if given is None:
        return BulkSnapshotFilter()
    return BulkSnapshotFilter(
        states=members("state", given.state),
        source_ids=ids("source_ids", given.source_ids),
        topic_ids=ids("topic_ids", given.topic_ids),
        snapshot_types=members("snapshot_type", given.snapshot_type),
        requested_by=members("requested_by", given.requested_by),
        requested_after=given.requested_after,
        requested_before=given.requested_before,
    )


async def _bulk_snapshots(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    filter: Annotated[
        BulkSnapshotFilterInput | None,
        strawberry.argument(description="Only bulk snapshots that satisfy every given field of this filter."),
    ] = None,
) -> Listed[BulkSnapshotRecord]:
    """Read one page."""
    check_first(first)
    context = info.context
    page = await context.services.ledger.reading.bulk_snapshots_page(
        context.principal.tenant_id, _wanted(filter), first, after
    )
    context.loaders.bulk_snapshots.prime_many({record.id: record for record in page.items})
    return Listed(page, after)


async def _bulk_snapshot(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of the bulk snapshot to find.")]
) -> BulkSnapshotRecord | None:
    """Read one bulk snapshot."""
    return await info.context.loaders.bulk_snapshots.load(id)


BULK_SNAPSHOTS = computed(
    _bulk_snapshots, "The bulk snapshots of the ledger, newest first.", type=BulkSnapshotConnectionType
)
BULK_SNAPSHOT = computed(
    _bulk_snapshot, "The bulk snapshot with this id. Null if there is none.", type=BulkSnapshotType | None
)
