"""The input and the payload of `verifySnapshot`, and the words of verifications."""

from typing import Self

import strawberry

from schema.following.source_snapshot import SourceSnapshot
from schema.user_error import UserError, user_errors
from snapshots.errors import RequestError
from snapshots.records import SourceSnapshotRecord


@strawberry.input(description="A snapshot to be verified.")
class VerifySnapshotInput:
    """What to verify."""

    snapshot_id: strawberry.ID = strawberry.field(
        description="A source snapshot, or a bulk snapshot for all of its source snapshots."
    )
    client_mutation_id: str | None = strawberry.field(default=None, description="Returned as it is.")


@strawberry.type(
    description="Verification happens later, in a worker: each topic of the snapshots has its `verification` state "
    "and, when that is DONE, its `verdict`."
)
class VerifySnapshotPayload:
    """What will be verified."""

    snapshots: list[SourceSnapshot] = strawberry.field(
        description="The source snapshots that are verified; empty where there are user errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What is wrong with the request; empty where nothing is."
    )
    client_mutation_id: str | None = strawberry.field(description="As it was sent.")

    @classmethod
    def from_domain(cls, records: tuple[SourceSnapshotRecord, ...], client_mutation_id: str | None) -> Self:
        """Return the answer to a request that was taken."""
        return cls(
            snapshots=[SourceSnapshot.from_domain(record) for record in records],
            user_errors=[],
            client_mutation_id=client_mutation_id,
        )

    @classmethod
    def refused(cls, error: RequestError, client_mutation_id: str | None) -> Self:
        """Return the answer to a request that was refused."""
        return cls(snapshots=[], user_errors=user_errors(error), client_mutation_id=client_mutation_id)
