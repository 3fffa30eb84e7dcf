"""The states of snapshots, published as GraphQL enums with a description for each value."""

from schema.enums import GROWS, publish
from snapshots.states import BulkSnapshotState, SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotVerdict, VerificationState

publish(
    SnapshotState,
    f"The state of a source snapshot. {GROWS}",
    {
        "QUEUED": "The snapshot waits for another one on the same source. Not produced yet.",
        "PENDING": "The snapshot is recorded, and nothing was sent yet.",
        "SENDING": "The signal is being handed to the channel.",
        "UNCONFIRMED": "The engine may or may not have the signal, or cannot be reached yet. Topicsnap is finding out.",
        "DISPATCHED": "The channel accepted the signal. The engine has not started yet.",
        "RUNNING": "The engine is reading tables.",
        "PAUSED": "The engine has paused the snapshot.",
        "COMPLETED": "Every topic was snapshotted. Final.",
        "PARTIALLY_COMPLETED": "Some topics were snapshotted and others were not; see their outcomes. Final.",
        "FAILED": "No topic was snapshotted. Final.",
        "CANCELLED": "The snapshot was stopped before its end. Final.",
        "ABANDONED": "The source was released, by an operator or by a rule of Topicsnap. The outcome of the snapshot "
        "is not known. Final.",
    },
)
publish(
    SignalState,
    f"The state of one signal. {GROWS}",
    {
        "PENDING": "The signal was not sent yet. The signals of one source snapshot are sent one after the other.",
        "SENDING": "The signal is being handed to the channel.",
        "UNCONFIRMED": "The signal may or may not have reached the channel. Topicsnap is finding out.",
        "SENT": "The channel accepted the signal.",
        "ENDED": "The engine is done with the signal.",
        "REFUSED": "The channel refused the signal, or the source failed before the signal was sent.",
    },
)
publish(
    TopicSnapshotState,
    f"The state of one topic within a source snapshot. {GROWS}",
    {
        "PENDING": "The engine has not reached this topic yet.",
        "RUNNING": "The engine is reading the table.",
        "COMPLETED": "The engine has read the table. Final.",
        "FAILED": "The engine did not read the table, or not to its end, or never reported that it did. Final.",
        "CANCELLED": "The snapshot was stopped, or given up, before the engine reported that it had read the table. "
        "Final.",
    },
)
publish(
    BulkSnapshotState,
    f"The state of a bulk snapshot, which follows from the states of its source snapshots. {GROWS}",
    {
        "IN_PROGRESS": "At least one source snapshot has not ended yet.",
        "COMPLETED": "Every source snapshot completed, or there was none because every topic was skipped. Final.",
        "PARTIALLY_COMPLETED": "Some source snapshots completed, at least in part, and others did not. Final.",
        "FAILED": "Every source snapshot failed or was abandoned. Final.",
        "CANCELLED": "Every source snapshot was cancelled. Final.",
    },
)

publish(
    SnapshotVerdict,
    f"Whether every row of the source has arrived on the topic. `verdictReason` says why. {GROWS}",
    {
        "COMPLETE": "Every row that the source has, under the filter of the snapshot, is on the topic.",
        "INCOMPLETE": "Rows are missing on the topic, and nothing but a loss explains it.",
        "NOT_PROVABLE": "Neither completeness nor a loss can be proved.",
    },
)
publish(
    VerificationState,
    f"How far a verification has come. {GROWS}",
    {
        "NOT_REQUESTED": "Nobody asked for a verification.",
        "PENDING": "The verification waits for the end of the snapshot, for its turn, or for another look.",
        "RUNNING": "A worker is reading topic and table.",
        "DONE": "There is a verdict. You may ask for another verification.",
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
