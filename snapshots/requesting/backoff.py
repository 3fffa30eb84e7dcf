"""When a signal is tried again whose channel was away: how often, and how long it rests before. Pure but for chance."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

Chance = Callable[[], float]
"""Returns a number from 0 to 1, drawn evenly."""


def jittered(seconds: float, chance: Chance) -> float:
    """Return something between half of `seconds` and all, so that those who failed together do not return together."""
    return seconds * (0.5 + 0.5 * chance())


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How the worker goes on where a dispatch found the channel away until its deadline.

    Only for what certainly did not arrive: there is nothing to look for, and to send it again cannot double it.
    """

    further_attempts: int = 5
    """How often a signal is tried after the first dispatch; 0 for never."""
    first_rest_seconds: float = 10.0
    """The longest rest before the first further attempt; each next one is twice as long."""
    longest_rest_seconds: float = 300.0
    chance: Chance = field(default=random.random, compare=False)

    def rest_after(self, attempt: int) -> timedelta | None:
        """Return how long the signal rests after its `attempt`-th attempt (from 1), None where that was the last."""
        if attempt > self.further_attempts:
            return None
        ceiling = min(self.longest_rest_seconds, self.first_rest_seconds * 2.0 ** min(attempt - 1, 60))
        return timedelta(seconds=jittered(ceiling, self.chance))
