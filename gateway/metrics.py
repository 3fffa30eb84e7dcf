"""What a process counts: every definition, how counters are fed, and where they are kept.

They are kept in memory and logged when the process stops. An endpoint for Prometheus is one more `Metrics`.
"""

from collections import Counter as Tally
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, assert_never

from snapshots.plan import Refusal
from snapshots.ports.signal_channel import Receipt
from snapshots.records import SourceAnswer
from snapshots.requesting.dispatch import Outcome, Unconfirmed, Unreached
from snapshots.vocabulary import SnapshotVerdict


@dataclass(frozen=True, slots=True)
class Counter:
    """A number that only grows, for each combination of its labels' values."""

    name: str
    labels: tuple[str, ...]


OPERATIONS = Counter("operations", ("entry", "outcome"))
"""Operations of clients, by the way they came and how their run ended."""
SUBSCRIPTIONS = Counter("subscriptions", ("entry",))
"""Subscriptions that were begun."""
ANSWERS = Counter("source_answers", ("kind", "code"))
"""Answers to clients, one for each source of a bulk snapshot; no code for a signal that was dispatched."""
SIGNALS = Counter("signals", ("outcome", "code"))
"""Outcomes of sending signals and of looking for them; no code for a signal that its channel has."""
VERDICTS = Counter("verdicts", ("verdict",))
"""Verdicts of verifications, one for each topic."""
DEAD_LETTERS = Counter("dead_letters", ())
"""Notifications that this process could not apply and has set aside."""


class Metrics(Protocol):
    """Keeps counters."""

    def count(self, counter: Counter, *values: str) -> None:
        """Add one to `counter` under `values`, one for each of its labels in order."""
        ...


class NoMetrics:
    """Implements Metrics where nobody reads the counters: commands that end when their work is done."""

    def count(self, counter: Counter, *values: str) -> None:
        """Do nothing."""


class ProcessMetrics:
    """Implements Metrics in the memory of this process."""

    def __init__(self) -> None:
        """Start at zero."""
        self._tally: Tally[tuple[Counter, tuple[str, ...]]] = Tally()

    def count(self, counter: Counter, *values: str) -> None:
        """Add one."""
        self._tally[counter, values] += 1

    def totals(self) -> Mapping[str, int]:
        """Return what was counted, by names such as `operations.rest.answered`, sorted."""
        names = {
            ".".join((counter.name, *filter(None, values))): count for (counter, values), count in self._tally.items()
        }
        return dict(sorted(names.items()))


class OutcomeMetrics:
    """Implements the port Telemetry by counting."""

    def __init__(self, metrics: Metrics) -> None:
        """Count in `metrics`."""
        self._metrics = metrics

    def source_answered(self, answer: SourceAnswer) -> None:
        """Count the answer."""
        self._metrics.count(ANSWERS, answer.kind.value.lower(), answer.code.value if answer.code else "")

    def signal_sent(self, outcome: Outcome) -> None:
        """Count the outcome."""
        match outcome:
            case Receipt():
                self._metrics.count(SIGNALS, "accepted", "")
            case Refusal():
                self._metrics.count(SIGNALS, "failed", outcome.code.value)
            case Unconfirmed():
                self._metrics.count(SIGNALS, "unconfirmed", outcome.code.value)
            case Unreached():
                self._metrics.count(SIGNALS, "unreached", outcome.code.value)
            case _:
                assert_never(outcome)

    def topic_verified(self, verdict: SnapshotVerdict) -> None:
        """Count the verdict."""
        self._metrics.count(VERDICTS, verdict.value.lower())

    def notification_set_aside(self) -> None:
        """Count the dead letter."""
        self._metrics.count(DEAD_LETTERS)
