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
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The bulk snapshot's id.")]
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
    "A bulk snapshot as it is now, then again whenever something that was asked for changes (`stalledSince` too, "
    "which comes by the time alone), at most four times a second, and to the end: the final state comes last and "
    "completes the subscription; where a verification was asked for, that with the last verdict. States in "
    "between may be left out, the final one never is. Null, and complete, where there is none.",
    type=BulkSnapshotType | None,
)
