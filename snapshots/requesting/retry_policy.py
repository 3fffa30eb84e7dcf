"""When a signal is tried again whose channel was away: how often, and how long it rests before."""

from dataclasses import dataclass
from datetime import timedelta

from snapshots.backoff import Backoff

_RESTS = Backoff(first_seconds=10.0, longest_seconds=300.0)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How the worker goes on where a dispatch found the channel away until its deadline.

    Only for what certainly did not arrive: there is nothing to look for, and to send it again cannot double it.
    """

    further_attempts: int
    """How often a signal is tried after the first dispatch; 0 for never."""
    rests: Backoff = _RESTS

    def rest_after(self, attempt: int) -> timedelta | None:
        """Return how long the signal rests after its `attempt`-th attempt (from 1), None where that was the last."""
        if attempt > self.further_attempts:
            return None
        return timedelta(seconds=self.rests.after(attempt))
