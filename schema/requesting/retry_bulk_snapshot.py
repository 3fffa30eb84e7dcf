"""`retryBulkSnapshot`: its input and its field; its payload is that of `bulkSnapshotTopics`."""

from collections.abc import Mapping
from typing import Annotated

import strawberry

from resolvers.requesting.retry_bulk_snapshot import retry_bulk_snapshot
from schema.context import Info
from schema.operations import operation
from schema.requesting.bulk_snapshot_topics import BulkSnapshotTopicsPayload, answered
from snapshots.requesting.retry import RetryRequest


@strawberry.input(description="A bulk snapshot of which something failed.")
class RetryBulkSnapshotInput:
    """What to dispatch again."""

    bulk_snapshot_id: strawberry.ID = strawberry.field(description="The bulk snapshot.")
    snapshot_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Only these of its source snapshots, at most 500; all where absent."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="1 to 255 characters. A second call of the same caller with this key sends nothing and answers "
        "what the first one did; with another input it is refused. Kept for 7 days.",
    )
    reason: str | None = strawberry.field(
        default=None, description="Why, kept in the ledger; at most 2,000 characters."
    )
    client_mutation_id: str | None = strawberry.field(default=None, description="Returned as it is.")

    def to_domain(self) -> RetryRequest:
        """Return the request that this is, unchecked."""
        return RetryRequest(
            self.bulk_snapshot_id,
            None if self.snapshot_ids is None else tuple(self.snapshot_ids),
            self.idempotency_key,
            self.reason,
        )


async def _retry_bulk_snapshot(
    info: Info,
    input: Annotated[RetryBulkSnapshotInput, strawberry.argument(description="What to dispatch again.")],
) -> Mapping[str, object]:
    context = info.context
    return answered(info, await retry_bulk_snapshot(context.services, context.principal, input.to_domain()))


RETRY_BULK_SNAPSHOT = operation(
    BulkSnapshotTopicsPayload,
    _retry_bulk_snapshot,
    "Dispatch again what failed of a bulk snapshot and may succeed now, as a new bulk snapshot with `retryOf`: "
    "source snapshots that failed for a reason that can pass or were abandoned, and the failed topics of those "
    "that completed in part, with filters, surrogate keys and type as before and routes by the catalogue of now. "
    "What a retry has taken up already is left out.",
)
