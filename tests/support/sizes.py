"""How much a run tries, chosen by the variable SIZE: `quick`, `ci` or `closing`.

`make test` is quick unless SIZE says otherwise, `.ci/run` takes the CI sizes, and the closing sizes are run once before
a larger piece of work counts as done. docs/tests.md says what each tier tries.
"""

import os
from enum import StrEnum

from hypothesis import HealthCheck, settings


class Size(StrEnum):
    """A size."""

    QUICK = "quick"
    CI = "ci"
    CLOSING = "closing"


SIZE = Size(os.environ.get("SIZE") or Size.QUICK)
_EXAMPLES = {Size.QUICK: 0.2, Size.CI: 1.0, Size.CLOSING: 10.0}
"""Examples of a property, as multiples of those in CI."""
_USUAL_EXAMPLES = 100
"""Of a property that names no number of its own, in CI."""


def examples(in_ci: int) -> int:
    """Return how many examples of a property to try, which are `in_ci` in CI."""
    return max(1, round(in_ci * _EXAMPLES[SIZE]))


def load_hypothesis_profile() -> None:
    """Have Hypothesis try the examples of the size.

    The same ones in each run, so that a failure is that of a change; new ones in the closing size. No deadline of an
    example's: a slow machine is no fault.
    """
    settings.register_profile(
        SIZE,
        max_examples=examples(_USUAL_EXAMPLES),
        derandomize=SIZE is not Size.CLOSING,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile(SIZE)
