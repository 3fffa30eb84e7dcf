"""Which Pythons are tried with which pips."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
OLD_PIPS = ("22.3.1", "23.2.1")
"""Those that resolve what they find unpinned. They run on Python 3.11 and on none later."""
NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Case:
    """One combination."""

    version: str
    """Of Python, as in 3.11."""
    pip: str

    def __str__(self) -> str:
        """As it is shown."""
        return f"Python {self.version}, pip {self.pip}"


def cases(*, full: bool, found: Mapping[str, Path]) -> list[Case]:
    """Return what to try: all of it, or one Python with the oldest pip and the newest.

    The full size names also what is not there, so that nobody takes it for tried.
    """
    if full:
        return [
            *(Case("3.11", pip) for pip in OLD_PIPS),
            *(Case(version, NEWEST) for version in PYTHONS),
        ]
    first = next((version for version in PYTHONS if version in found), PYTHONS[0])
    return [Case("3.11", OLD_PIPS[0]), Case(first, NEWEST)]
