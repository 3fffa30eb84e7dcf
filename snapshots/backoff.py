"""How long to wait between attempts that fail one after the other. Pure except for chance."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

Chance = Callable[[], float]
"""Returns a number from 0 to 1, drawn evenly."""

_MOST_DOUBLINGS = 60


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waiting times that double with each failure, up to a longest one.

    Each waiting time lies between half of its limit and the limit, chosen by `chance`, so that callers that failed
    together do not all return together.
    """

    first_seconds: float
    """The longest waiting time after the first failure, in seconds."""
    longest_seconds: float
    chance: Chance = field(default=random.random, compare=False)

    def after(self, failures: int) -> float:
        """Return how many seconds to wait after `failures` failures in a row, from 1 on."""
        doublings = max(0, min(failures - 1, _MOST_DOUBLINGS))
        limit = min(self.longest_seconds, self.first_seconds * 2.0**doublings)
        return limit * (0.5 + 0.5 * self.chance())
