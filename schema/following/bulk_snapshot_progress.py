"""`bulkSnapshotProgress`: watching one bulk snapshot."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from schema.context import Info
from schema.fields import streamed
from schema.following.bulk_snapshot import BulkSnapshotType
from snapshots.records import BulkSnapshotRecord


async def _watch(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of the bulk snapshot to watch.")]
) -> AsyncGenerator[BulkSnapshotRecord | None, None]:
    """Watch one bulk snapshot."""
    context = info.context
    async with aclosing(context.services.progress.watch(context.principal.tenant_id, id)) as sights:
        async for sight in sights:
            context.loaders.forget(sight.at)  # each state is an answer of its own
            if sight.record is not None:
                context.loaders.remember(sight.record)
            yield sight.record


BULK_SNAPSHOT_PROGRESS = streamed(
    _watch,
    "The bulk snapshot as it is now, and again whenever a selected field changes, at most four times "
    "a second. `stalledSince` counts as a change, too. Intermediate states may be left out, but the "
    "final one always comes and completes the stream; if a verification was asked for, that is the one "
    "with the last verdict. Null, and completed, if there is no such bulk snapshot.",
    type=BulkSnapshotType | None,
)
