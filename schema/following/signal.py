"""One signal, as it was sent."""

from datetime import datetime

import strawberry

from schema.enums import SignalChannelKind
from schema.fields import view
from schema.state_enums import SignalState
from snapshots.records import SignalRecord


@view(SignalRecord, description="An `execute-snapshot` signal of a source snapshot, exactly as it was sent.")
class SignalType:
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
