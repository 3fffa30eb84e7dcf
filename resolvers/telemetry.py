"""The port that the operations tell outcomes to, for whoever counts them."""

from typing import Protocol

from snapshots.records import SourceAnswer
from snapshots.requesting.dispatch import Outcome
from snapshots.vocabulary import SnapshotVerdict


class Telemetry(Protocol):
    """Hears of every outcome once it is recorded. No method may wait or raise."""

    def source_answered(self, answer: SourceAnswer) -> None:
        """A client is told `answer` for one source of its bulk snapshot."""
        ...

    def signal_sent(self, outcome: Outcome) -> None:
        """Sending one signal, or looking for it, had this outcome."""
        ...

    def topic_verified(self, verdict: SnapshotVerdict) -> None:
        """The verification of one topic ended with this verdict."""
        ...


class NoTelemetry:
    """Implements the port Telemetry where nobody counts."""

    def source_answered(self, answer: SourceAnswer) -> None:
        """Do nothing."""

    def signal_sent(self, outcome: Outcome) -> None:
        """Do nothing."""

    def topic_verified(self, verdict: SnapshotVerdict) -> None:
        """Do nothing."""
