"""`retryBulkSnapshot`: its input and its field; its payload is that of `bulkSnapshotTopics`."""

from collections.abc import Mapping
from typing import Annotated

import strawberry

from resolvers.requesting.retry_bulk_snapshot import retry_bulk_snapshot
from schema.context import Info
from schema.operations import operation
from schema.requesting.bulk_snapshot_topics import BulkSnapshotTopicsPayload, answered
from snapshots.requesting.retry import RetryRequest


@strawberry.input(description="The bulk snapshot to retry, and which parts of it.")
class RetryBulkSnapshotInput:
    """What to dispatch again."""

    bulk_snapshot_id: strawberry.ID = strawberry.field(
        description="The id of the bulk snapshot of which something failed."
    )
    snapshot_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Retry only these source snapshots of the bulk snapshot, at most 500. Leave it out to retry all.",
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="A text of 1 to 255 characters that names this call. A second call of the same caller with the "
        "same key sends nothing and returns the answer of the first; with another input it is refused. Kept "
        "for 7 days by default.",
    )
    reason: str | None = strawberry.field(
        default=None, description="Why you retry the bulk snapshot, up to 2,000 characters. Kept in the ledger."
    )
    client_mutation_id: str | None = strawberry.field(
        default=None, description="Any text of yours. The payload returns it unchanged."
    )

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
    input: Annotated[
        RetryBulkSnapshotInput, strawberry.argument(description="The bulk snapshot to retry, and which parts of it.")
    ],
) -> Mapping[str, object]:
    context = info.context
    return answered(info, await retry_bulk_snapshot(context.services, context.principal, input.to_domain()))


RETRY_BULK_SNAPSHOT = operation(
    BulkSnapshotTopicsPayload,
    _retry_bulk_snapshot,
    "Snapshot again what failed of a bulk snapshot and may succeed now, as a new bulk snapshot with "
    "`retryOf`. It retries source snapshots that were abandoned or failed for a reason that can pass, "
    "and the failed topics of those that completed in part. Type, filters and surrogate keys are as "
    "before; the catalogue of now decides which source gets each topic. Topics that another retry is "
    "reading or has read are left out.",
)
