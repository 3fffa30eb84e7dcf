"""How far a snapshot has come."""

import strawberry

from schema.fields import view
from schema.scalars import BigInt
from snapshots.records import SnapshotProgress


@view(SnapshotProgress, description="How far a snapshot has come, as far as the engine told.")
class SnapshotProgressType:
    """Counted over the topics of one source snapshot, or of all of a bulk snapshot."""

    topics_total: int = strawberry.field(description="Topics asked for.")
    topics_finished: int = strawberry.field(description="Topics that ended, whatever their outcome.")
    rows_scanned: BigInt = strawberry.field(
        description="Rows that the engine says it read so far. Progress, not proof: a restart of the connector starts "
        "its count anew."
    )
    fraction: float | None = strawberry.field(
        description="Finished topics of all, from 0 to 1; null where there are none."
    )
