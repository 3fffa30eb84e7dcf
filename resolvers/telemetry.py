"""The port through which operations report outcomes, so that they can be counted."""

from typing import Protocol

from snapshots.records import SourceAnswer
from snapshots.requesting.dispatch import Outcome
from snapshots.vocabulary import SnapshotVerdict


class Telemetry(Protocol):
    """Receives every outcome once it is recorded. No method may wait or raise."""

    def source_answered(self, answer: SourceAnswer) -> None:
        """Report that a client gets `answer` for one source of its bulk snapshot."""
        ...

    def signal_sent(self, outcome: Outcome) -> None:
        """Report the outcome of sending one signal, or of looking for it."""
        ...

    def topic_verified(self, verdict: SnapshotVerdict) -> None:
        """Report that the verification of one topic ended with this verdict."""
        ...

    def notification_set_aside(self) -> None:
        """Report that one notification could not be applied and has become a dead letter."""
        ...
