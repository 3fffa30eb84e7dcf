"""`verifySnapshot`: its input, its payload and its field."""

from collections.abc import Mapping
from typing import Annotated

import strawberry

from resolvers.verification.verify_snapshot import verify_snapshot
from schema.context import Info
from schema.following.source_snapshot import SourceSnapshotType
from schema.operations import operation
from schema.user_error import UserError


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

    snapshots: list[SourceSnapshotType] = strawberry.field(
        default_factory=list, description="The source snapshots that are verified; empty where there are user errors."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What is wrong with the request; empty where nothing is."
    )
    client_mutation_id: str | None = strawberry.field(description="As it was sent.")


async def _verify_snapshot(
    info: Info,
    input: Annotated[VerifySnapshotInput, strawberry.argument(description="The snapshot.")],
) -> Mapping[str, object]:
    context = info.context
    records = await verify_snapshot(context.services, context.principal, input.snapshot_id)
    for record in records:
        context.loaders.source_snapshots.prime(record.id, record, force=True)
    return {"snapshots": records}


VERIFY_SNAPSHOT = operation(
    VerifySnapshotPayload,
    _verify_snapshot,
    "Have a worker verify that every row of the source has arrived, for every topic of a snapshot, once it has "
    "ended. A loss can be proved only where `verify` was asked for together with the snapshot.",
)
