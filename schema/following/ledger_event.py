"""The events of the ledger: how a bulk snapshot came to be as it is."""

from datetime import datetime

import strawberry
from strawberry.scalars import JSON

from schema.connections import ConnectionType, Listed
from schema.enums import GROWS, publish
from schema.fields import view
from snapshots.audit import LedgerEvent, LedgerSubject

publish(
    LedgerSubject,
    f"What an event is about. {GROWS}",
    {
        "SOURCE_SNAPSHOT": "A source snapshot: `subject` is its id, the states are those of SnapshotState.",
        "SIGNAL": "A signal: `subject` is its id, the states are those of SignalState.",
        "TOPICS": "Topics that ended in the same way at once: `subject` is the id of their source snapshot, the states "
        "are those of TopicSnapshotState, and `detail.topics` names them.",
        "VERIFICATION": "The verification of a topic's snapshot: `subject` is the id of the topic snapshot, the state "
        "after is that of SnapshotVerdict, and `detail` holds what was counted.",
        "PRUNING": "The removal of old bulk snapshots by an operator.",
    },
)


@view(
    LedgerEvent,
    description="A change of state, written in the same transaction as the change itself, and never changed: the "
    "application's database role can neither update nor delete it.",
)
class LedgerEventType:
    """What clients see of an event."""

    at: datetime = strawberry.field(description="When it was recorded.")
    subject_kind: LedgerSubject = strawberry.field(description="What it is about.")
    subject_id: strawberry.ID = strawberry.field(name="subject", description="The id of what it is about.")
    from_state: str | None = strawberry.field(description="The state before; null for the first.")
    to_state: str = strawberry.field(description="The state after.")
    cause: str = strawberry.field(
        description="Who or what did it, for people: for example `requested by ada`, `dispatch`, `settle` (the sweep), "
        "`notification` (the engine told)."
    )
    detail: JSON | None = strawberry.field(
        description="What else is known, as a JSON object: `code` and `message` of what went wrong, the number of an "
        "`attempt` to send and its `destination`, `topics` that ended with their outcomes, the notification that "
        "showed it as `evidence`, and the signal of somebody else that the snapshot was `joinedBy`. It may "
        "gain members."
    )


@view(Listed, description="A page of events, in the order in which they happened.")
class LedgerEventConnectionType(ConnectionType[LedgerEventType]):
    """Relay's connection."""
