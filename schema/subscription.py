"""The root of all subscriptions."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from schema.bulk_snapshot import BulkSnapshot
from schema.context import Info
from schema.fields import streamed


@strawberry.type(description="What can be watched.")
class Subscription:
    """Streams; each ends by itself."""

    @streamed(
        "A bulk snapshot as it is now, then again whenever something of it changes, at most four times a "
        "second, and to the end: the final state comes last and completes the subscription. States in between may be "
        "left out, the final one never is. Null, and complete, where there is none."
    )
    async def bulk_snapshot_progress(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The bulk snapshot's id.")]
    ) -> AsyncGenerator[BulkSnapshot | None, None]:
        """Watch one bulk snapshot."""
        context = info.context
        async with aclosing(context.services.progress.watch(context.principal.tenant_id, id)) as states:
            async for record in states:
                context.loaders.forget()  # each state is an answer of its own
                if record is not None:
                    context.loaders.remember(record)
                yield BulkSnapshot.from_domain(record) if record is not None else None
