"""The input of `retryBulkSnapshot`; its payload is that of `bulkSnapshotTopics`."""

import strawberry

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
