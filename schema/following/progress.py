"""How far a snapshot has come."""

from collections.abc import Iterable

import strawberry

from schema.scalars import BigInt
from snapshots.records import TopicSnapshotRecord


@strawberry.type(description="How far a snapshot has come, as far as the engine told.")
class SnapshotProgress:
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

    @classmethod
    def of(cls, topics: Iterable[TopicSnapshotRecord]) -> "SnapshotProgress":
        """Count over `topics`."""
        total = finished = rows = 0
        for topic in topics:
            total += 1
            finished += topic.state.is_terminal
            rows += topic.rows_scanned or 0
        return cls(
            topics_total=total,
            topics_finished=finished,
            rows_scanned=BigInt(rows),
            fraction=finished / total if total else None,
        )
