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
        "NOT_FOUND": "No source snapshot has this id.",
        "ALREADY_ENDED": "The snapshot has ended already, and its source is free.",
        "NOT_ABANDONABLE": "The signal was not sent yet, or is being sent right now. Topicsnap settles this within a "
        "minute; try again then.",
    },
)


@strawberry.input(description="The source snapshots to abandon, and the reason.")
class AbandonSnapshotsInput:
    """The input of `abandonSnapshots`."""

    snapshot_ids: list[strawberry.ID] = strawberry.field(
        description="The ids of 1 to 500 source snapshots. Duplicates count towards the limit and are handled once."
    )
    reason: str | None = strawberry.field(
        default=None, description="Why you abandon the snapshots, up to 2,000 characters. Kept in the ledger."
    )
    client_mutation_id: str | None = strawberry.field(
        default=None, description="Any text of yours. The payload returns it unchanged."
    )

    def to_domain(self) -> AbandonRequest:
        """Return the request that this is, unchecked."""
        return AbandonRequest(tuple(self.snapshot_ids), self.reason)


@view(Abandonment, description="What happened to one of the snapshots that you asked to abandon.")
class AbandonSnapshotResultType:
    """One answer for each distinct id."""

    snapshot_id: strawberry.ID = strawberry.field(
        name="id", description="The id of the source snapshot, as you sent it."
    )
    success: bool = strawberry.field(
        description="Whether the snapshot is abandoned, by this call or by an earlier one."
    )
    code: AbandonErrorCode | None = strawberry.field(
        description="Why the snapshot was not abandoned, for programs. Null if it was."
    )
    message: str = strawberry.field(description="What happened to the snapshot, as a sentence for people.")
    snapshot: SourceSnapshotType | None = strawberry.field(
        description="The source snapshot as it is now. Null if no snapshot has this id."
    )


@strawberry.type(description="The answer of `abandonSnapshots`. If there are user errors, nothing was done.")
class AbandonSnapshotsPayload:
    """The answer of `abandonSnapshots`."""

    results: list[AbandonSnapshotResultType] = strawberry.field(
        default_factory=list,
        description="One result for each distinct id, in order of first appearance in `snapshotIds`.",
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What is wrong with the request as a whole. Empty if it was carried out."
    )
    client_mutation_id: str | None = strawberry.field(description="The `clientMutationId` of the input, unchanged.")


async def _abandon_snapshots(
    info: Info,
    input: Annotated[
        AbandonSnapshotsInput, strawberry.argument(description="The source snapshots to abandon, and the reason.")
    ],
) -> Mapping[str, object]:
    context = info.context
    return {"results": await abandon_snapshots(context.services, context.principal, input.to_domain())}


ABANDON_SNAPSHOTS = operation(
    AbandonSnapshotsPayload,
    _abandon_snapshots,
    "Give up source snapshots of which you expect nothing more, so that their sources can take new "
    "ones. The engine is not told: rows that it still reads will arrive. Each snapshot is abandoned or "
    "refused on its own. Calling this again changes nothing.",
)
