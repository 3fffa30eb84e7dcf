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
    f"What kind of thing an event is about. {GROWS}",
    {
        "SOURCE_SNAPSHOT": "A source snapshot. `subject` is its id, and the states are values of SnapshotState.",
        "SIGNAL": "A signal. `subject` is its id, and the states are values of SignalState.",
        "TOPICS": "Topics that ended in the same way at the same time. `subject` is the id of their source "
        "snapshot, the states are values of TopicSnapshotState, and `detail.topics` lists the topics.",
        "VERIFICATION": "The verification of one topic. `subject` is the id of the topic snapshot, `toState` is a "
        "value of SnapshotVerdict, and `detail` holds the counts.",
        "PRUNING": "The removal of old bulk snapshots by an operator.",
    },
)


@view(
    LedgerEvent,
    description="A change of state, written in the same transaction as the change itself. It is never changed: "
    "the application's database role can neither update nor delete it.",
)
class LedgerEventType:
    """What clients see of an event."""

    at: datetime = strawberry.field(description="When the event was recorded.")
    subject_kind: LedgerSubject = strawberry.field(description="What kind of thing the event is about.")
    subject_id: strawberry.ID = strawberry.field(
        name="subject", description="The id of the thing that the event is about."
    )
    from_state: str | None = strawberry.field(
        description="The state before the change. Null for the first event of its subject."
    )
    to_state: str = strawberry.field(description="The state after the change.")
    cause: str = strawberry.field(
        description="Who or what caused the change, for people: for example `requested by ada`, `dispatch`, `settle` "
        "(Topicsnap's sweep) or `notification` (the engine reported it)."
    )
    detail: JSON | None = strawberry.field(
        description="More about the change, as a JSON object. It can hold: `code` and `message` of a failure, the "
        "number of the `attempt` to send and its `destination`, the `topics` that ended with their outcomes, "
        "the notification that is the `evidence`, and the foreign signal that the snapshot was `joinedBy`. "
        "More members may be added. Null if there is nothing to add."
    )


@view(Listed, description="A page of events, oldest first.")
class LedgerEventConnectionType(ConnectionType[LedgerEventType]):
    """Relay's connection."""
