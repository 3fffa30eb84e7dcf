"""One signal, as it was sent."""

from datetime import datetime

import strawberry

from schema.enums import SignalChannelKind
from schema.state_enums import SignalState
from snapshots.records import SignalRecord


@strawberry.type(description="An `execute-snapshot` signal of a source snapshot, exactly as it was sent.")
class Signal:
    """What went to the engine, and where."""

    id: strawberry.ID = strawberry.field(description="The id inside the signal, which the engine's notifications name.")
    channel: SignalChannelKind = strawberry.field(description="What carries it.")
    state: SignalState = strawberry.field(description="How far it has come.")
    data: str = strawberry.field(description="Its `data`: the exact JSON text.")
    destination: str | None = strawberry.field(
        description="Where the channel put it: a table, or `topic/partition@offset`. Null until it was accepted."
    )
    sent_at: datetime | None = strawberry.field(description="When the channel accepted it.")
    ended_at: datetime | None = strawberry.field(description="When the engine was done with it, or it was refused.")

    @classmethod
    def from_domain(cls, record: SignalRecord) -> "Signal":
        """Return what clients see of `record`."""
        return cls(
            id=strawberry.ID(record.id),
            channel=record.channel,
            state=record.state,
            data=record.data,
            destination=record.destination,
            sent_at=record.sent_at,
            ended_at=record.ended_at,
        )
