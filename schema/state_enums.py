"""The states of snapshots, published as GraphQL enums with a description for each value."""

from schema.enums import GROWS, publish
from snapshots.states import BulkSnapshotState, SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotVerdict, VerificationState

publish(
    SnapshotState,
    f"The state of a source snapshot. {GROWS}",
    {
        "QUEUED": "Waits for its turn; the source is busy with another snapshot.",
        "PENDING": "Recorded, and nothing was sent yet.",
        "SENDING": "The signal is being handed to the channel.",
        "UNCONFIRMED": "The engine may or may not have the signal, or cannot be reached yet; it is being settled.",
        "DISPATCHED": "The channel accepted the signal. This is not the end: the engine has yet to start.",
        "RUNNING": "The engine reads tables.",
        "PAUSED": "The engine was told to pause.",
        "COMPLETED": "Every topic was snapshotted. Final.",
        "PARTIALLY_COMPLETED": "Some topics were snapshotted, others were not; see their outcomes. Final.",
        "FAILED": "No topic was snapshotted. Final.",
        "CANCELLED": "It was stopped before its end. Final.",
        "ABANDONED": "The source was released, by an operator or by rule, and what became of the snapshot is not "
        "known. Final.",
    },
)
publish(
    SignalState,
    f"The state of one signal. {GROWS}",
    {
        "PENDING": "Not sent yet; signals of one source snapshot are sent one after the other.",
        "SENDING": "On its way.",
        "UNCONFIRMED": "It may or may not have arrived.",
        "SENT": "The channel has it.",
        "ENDED": "The engine is done with it.",
        "REFUSED": "The channel refused it, or it was never sent because the source failed before.",
    },
)
publish(
    TopicSnapshotState,
    f"The state of one topic within a source snapshot. {GROWS}",
    {
        "PENDING": "The engine has not come to it yet.",
        "RUNNING": "The engine reads its table.",
        "COMPLETED": "The table was read. Final.",
        "FAILED": "The table was not read, or not to its end, or the engine never said that it was. Final.",
        "CANCELLED": "The snapshot was stopped before the table was read to its end, or given up before that was told. "
        "Final.",
    },
)
publish(
    BulkSnapshotState,
    f"The state of a bulk snapshot, which follows from those of its source snapshots. {GROWS}",
    {
        "IN_PROGRESS": "At least one source snapshot has not ended.",
        "COMPLETED": "Every source snapshot completed, or there was none because every topic was skipped. Final.",
        "PARTIALLY_COMPLETED": "Some source snapshots completed, wholly or in part, others did not. Final.",
        "FAILED": "Every source snapshot failed or was abandoned. Final.",
        "CANCELLED": "Every source snapshot was cancelled. Final.",
    },
)

publish(
    SnapshotVerdict,
    f"Whether every row of the source has arrived on the topic; see `verdictReason`. {GROWS}",
    {
        "COMPLETE": "Every row that the source has, under the snapshot's filter, is on the topic.",
        "INCOMPLETE": "Rows are missing, and nothing but a loss explains it.",
        "NOT_PROVABLE": "Neither can be proved.",
    },
)
publish(
    VerificationState,
    f"How far a verification has come. {GROWS}",
    {
        "NOT_REQUESTED": "Nobody asked for one.",
        "PENDING": "It waits for the end of the snapshot, or for its turn, or for another look.",
        "RUNNING": "A worker reads topic and table.",
        "DONE": "There is a verdict. Another one may be asked for.",
    },
)

__all__ = [
    "BulkSnapshotState",
    "SignalState",
    "SnapshotState",
    "SnapshotVerdict",
    "TopicSnapshotState",
    "VerificationState",
]
