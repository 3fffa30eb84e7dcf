"""How far a snapshot has come."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import strawberry

from schema.scalars import BigInt
from snapshots.records import SourceSnapshotRecord, TopicSnapshotRecord
from snapshots.states import SnapshotState


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


START_WITHIN = timedelta(minutes=10)
"""How long an engine may take from a signal to its first word; seconds are usual, minutes a busy connector."""


def stalled_since(record: SourceSnapshotRecord, now: datetime) -> datetime | None:
    """Return the moment of dispatch of a snapshot that the engine should have begun by `now`, None for any other."""
    since = record.dispatched_at if record.state is SnapshotState.DISPATCHED else None
    return since if since is not None and now - since > START_WITHIN else None
