"""Input and payload of `abandonSnapshots`."""

from collections.abc import Sequence
from typing import Self

import strawberry

from resolvers.following.abandon_snapshots import Abandonment
from schema.enums import GROWS, publish
from schema.following.source_snapshot import SourceSnapshot
from schema.user_error import UserError, user_errors
from snapshots.errors import RequestError
from snapshots.following.abandoning import AbandonErrorCode, AbandonRequest

publish(
    AbandonErrorCode,
    f"Why a snapshot was not abandoned. {GROWS}",
    {
        "NOT_FOUND": "No source snapshot has the id.",
        "ALREADY_ENDED": "It has ended, and its source is free.",
        "NOT_ABANDONABLE": "Its signal is not out yet, or just on its way: that is settled by itself within a minute.",
    },
)


@strawberry.input(description="Snapshots of which nothing more is expected.")
class AbandonSnapshotsInput:
    """The input of `abandonSnapshots`."""

    snapshot_ids: list[strawberry.ID] = strawberry.field(
        description="Source snapshots, 1 to 500; duplicates count, and are then taken once."
    )
    reason: str | None = strawberry.field(
        default=None, description="Why, kept in the ledger; at most 2,000 characters."
    )
    client_mutation_id: str | None = strawberry.field(default=None, description="Returned as it is.")

    def to_domain(self) -> AbandonRequest:
        """Return the request that this is, unchecked."""
        return AbandonRequest(tuple(self.snapshot_ids), self.reason)


@strawberry.type(description="What became of one of the ids.")
class AbandonSnapshotResult:
    """One answer for each distinct id."""

    id: strawberry.ID = strawberry.field(description="The id, as it was sent.")
    success: bool = strawberry.field(description="Whether it is abandoned, now or since an earlier call.")
    code: AbandonErrorCode | None = strawberry.field(description="Why it is not; null where it is.")
    message: str = strawberry.field(description="What became of it, for people.")
    snapshot: SourceSnapshot | None = strawberry.field(
        description="The snapshot as it is now; null where nothing has the id."
    )

    @classmethod
    def from_domain(cls, answer: Abandonment) -> Self:
        """Return what clients see of `answer`."""
        return cls(
            id=strawberry.ID(answer.snapshot_id),
            success=answer.code is None,
            code=answer.code,
            message=answer.message,
            snapshot=SourceSnapshot.from_domain(answer.snapshot) if answer.snapshot else None,
        )


@strawberry.type(description="What was done. Where there are user errors, nothing was.")
class AbandonSnapshotsPayload:
    """The answer of `abandonSnapshots`."""

    results: list[AbandonSnapshotResult] = strawberry.field(
        description="One for each distinct id, in order of first appearance in `snapshotIds`."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What is wrong with the request as a whole; empty where it was carried out."
    )
    client_mutation_id: str | None = strawberry.field(description="As it was sent.")

    @classmethod
    def from_domain(cls, answers: Sequence[Abandonment], client_mutation_id: str | None) -> Self:
        """Return the answer to a request that was carried out."""
        results = [AbandonSnapshotResult.from_domain(answer) for answer in answers]
        return cls(results=results, user_errors=[], client_mutation_id=client_mutation_id)

    @classmethod
    def refused(cls, error: RequestError, client_mutation_id: str | None) -> Self:
        """Return the answer to a request that was refused."""
        return cls(results=[], user_errors=user_errors(error), client_mutation_id=client_mutation_id)
