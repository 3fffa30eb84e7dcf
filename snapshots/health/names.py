"""Writing lists of names in messages."""

from collections.abc import Sequence

MOST_NAMES = 5


def some(names: Sequence[str]) -> str:
    """Return `names` separated by commas, at most the first few; `none` if there are none."""
    if not names:
        return "none"
    rest = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {rest} more" if rest > 0 else "")
