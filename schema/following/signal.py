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

    id: strawberry.ID = strawberry.field(description="The id of the signal. Notifications of the engine refer to it.")
    channel: SignalChannelKind = strawberry.field(description="The channel that carries the signal.")
    state: SignalState = strawberry.field(description="How far the signal has come.")
    data: str = strawberry.field(description="The exact JSON text of the signal's `data`.")
    destination: str | None = strawberry.field(
        description="Where the channel put the signal: a table, or `topic/partition@offset`. Null until the channel "
        "accepted it."
    )
    sent_at: datetime | None = strawberry.field(description="When the channel accepted the signal. Null until then.")
    ended_at: datetime | None = strawberry.field(
        description="When the engine was done with the signal, or the signal was refused. Null until then."
    )
