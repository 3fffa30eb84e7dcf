"""How long to rest between attempts that fail one after the other. Pure but for chance."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

Chance = Callable[[], float]
"""Returns a number from 0 to 1, drawn evenly."""

_MOST_DOUBLINGS = 60


@dataclass(frozen=True, slots=True)
class Backoff:
    """Rests that double from failure to failure, up to a longest one.

    Each rest lies between half of its limit and the limit, drawn by `chance`: those who failed together do not all
    come back together.
    """

    first_seconds: float
    """The longest rest after the first failure."""
    longest_seconds: float
    chance: Chance = field(default=random.random, compare=False)

    def after(self, failures: int) -> float:
        """Return how many seconds to rest after `failures` failures in a row, from 1 on."""
        doublings = max(0, min(failures - 1, _MOST_DOUBLINGS))
        limit = min(self.longest_seconds, self.first_seconds * 2.0**doublings)
        return limit * (0.5 + 0.5 * self.chance())
