"""When to send a signal again if its channel was away: how often, and how long to wait before."""

from dataclasses import dataclass
from datetime import timedelta

from snapshots.backoff import Backoff

_RESTS = Backoff(first_seconds=10.0, longest_seconds=300.0)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How the worker continues if a dispatch found the channel away until its deadline.

    It applies only to signals that certainly did not arrive: there is nothing to look for, and sending again cannot
    duplicate the signal.
    """

    further_attempts: int
    """How often to send a signal again after the first dispatch; 0 for never."""
    rests: Backoff = _RESTS

    def rest_after(self, attempt: int) -> timedelta | None:
        """Return how long to wait after attempt number `attempt` (from 1), or None if that was the last one."""
        if attempt > self.further_attempts:
            return None
        return timedelta(seconds=self.rests.after(attempt))
