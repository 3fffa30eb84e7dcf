"""`abandonSnapshots`: its input, its payload and its field."""

from collections.abc import Mapping
from typing import Annotated

import strawberry

from resolvers.following.abandon_snapshots import Abandonment, abandon_snapshots
from schema.context import Info
from schema.enums import GROWS, publish
from schema.fields import view
from schema.following.source_snapshot import SourceSnapshotType
from schema.operations import operation
from schema.user_error import UserError
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


@view(Abandonment, description="What became of one of the ids.")
class AbandonSnapshotResultType:
    """One answer for each distinct id."""

    snapshot_id: strawberry.ID = strawberry.field(name="id", description="The id, as it was sent.")
    success: bool = strawberry.field(description="Whether it is abandoned, now or since an earlier call.")
    code: AbandonErrorCode | None = strawberry.field(description="Why it is not; null where it is.")
    message: str = strawberry.field(description="What became of it, for people.")
    snapshot: SourceSnapshotType | None = strawberry.field(
        description="The snapshot as it is now; null where nothing has the id."
    )


@strawberry.type(description="What was done. Where there are user errors, nothing was.")
class AbandonSnapshotsPayload:
    """The answer of `abandonSnapshots`."""

    results: list[AbandonSnapshotResultType] = strawberry.field(
        default_factory=list, description="One for each distinct id, in order of first appearance in `snapshotIds`."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What is wrong with the request as a whole; empty where it was carried out."
    )
    client_mutation_id: str | None = strawberry.field(description="As it was sent.")


async def _abandon_snapshots(
    info: Info,
    input: Annotated[AbandonSnapshotsInput, strawberry.argument(description="The snapshots, and why.")],
) -> Mapping[str, object]:
    context = info.context
    return {"results": await abandon_snapshots(context.services, context.principal, input.to_domain())}


ABANDON_SNAPSHOTS = operation(
    AbandonSnapshotsPayload,
    _abandon_snapshots,
    "Give up source snapshots of which nothing more is expected, and release their sources for new ones. The "
    "engine is told nothing: what it still reads arrives all the same. Each id is abandoned or refused by "
    "itself, and to abandon again changes nothing.",
)
