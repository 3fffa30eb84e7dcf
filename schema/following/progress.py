"""How far a snapshot has come."""

import strawberry

from schema.fields import view
from schema.scalars import BigInt
from snapshots.records import SnapshotProgress


@view(SnapshotProgress, description="How far a snapshot has come, as reported by the engine.")
class SnapshotProgressType:
    """Counted over the topics of one source snapshot, or of all of a bulk snapshot."""

    topics_total: int = strawberry.field(description="The number of topics that were asked for.")
    topics_finished: int = strawberry.field(description="The number of topics that have ended, whatever their outcome.")
    rows_scanned: BigInt = strawberry.field(
        description="The number of rows that the engine has read so far. This shows progress and proves nothing: the "
        "count starts again when the connector restarts."
    )
    fraction: float | None = strawberry.field(
        description="The share of topics that have ended, from 0 to 1. Null if there are no topics."
    )
