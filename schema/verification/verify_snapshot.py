"""`verifySnapshot`: its input, its payload and its field."""

from collections.abc import Mapping
from typing import Annotated

import strawberry

from resolvers.verification.verify_snapshot import verify_snapshot
from schema.context import Info
from schema.following.source_snapshot import SourceSnapshotType
from schema.operations import operation
from schema.user_error import UserError


@strawberry.input(description="The source snapshot or bulk snapshot whose topics a worker is to verify.")
class VerifySnapshotInput:
    """What to verify."""

    snapshot_id: strawberry.ID = strawberry.field(
        description="The id of a source snapshot, or of a bulk snapshot to verify all its source snapshots."
    )
    client_mutation_id: str | None = strawberry.field(
        default=None, description="Any text of yours. The payload returns it unchanged."
    )


@strawberry.type(
    description="The answer of `verifySnapshot`. A worker verifies later: follow `verification` of each topic "
    "snapshot, and read its `verdict` once that is DONE."
)
class VerifySnapshotPayload:
    """What will be verified."""

    snapshots: list[SourceSnapshotType] = strawberry.field(
        default_factory=list, description="The source snapshots that will be verified. Empty if there are user errors."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What is wrong with the request. Empty if it was accepted."
    )
    client_mutation_id: str | None = strawberry.field(description="The `clientMutationId` of the input, unchanged.")


async def _verify_snapshot(
    info: Info,
    input: Annotated[
        VerifySnapshotInput,
        strawberry.argument(description="The source snapshot or bulk snapshot whose topics a worker is to verify."),
    ],
) -> Mapping[str, object]:
    context = info.context
    records = await verify_snapshot(context.services, context.principal, input.snapshot_id)
    for record in records:
        context.loaders.source_snapshots.prime(record.id, record, force=True)
    return {"snapshots": records}


VERIFY_SNAPSHOT = operation(
    VerifySnapshotPayload,
    _verify_snapshot,
    "Ask a worker to check, once the snapshot has ended, that every row of the source has arrived on "
    "each topic. A loss can be proved only if `verify` was set when the snapshot was requested.",
)
