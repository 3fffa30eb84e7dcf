"""What is counted since a moment, and how it is printed."""

import sys
from dataclasses import dataclass


def tell(line: str) -> None:
    """Print what was counted: `pytest -rP` shows it."""
    sys.stdout.write(f"{line}\n")


@dataclass(frozen=True)
class Counts:
    """What was counted and asserted; printed by each test."""

    accepted: int
    """Topics of accepted source snapshots."""
    succeeded: int
    failed: int
    lost: int
    signals: int
    sent_twice: int
    run_twice: int
    rows: int
    again: int
    """Rows beyond those: an engine that was killed sends some again, and runs signals again."""
    held_by_engine: int
    """Sources that were held because the engine ran an ended signal again by itself."""


@dataclass(frozen=True)
class Mark:
    """A moment, since which things are counted."""

    seen: dict[str, int]
    told: int
    signals: dict[str, frozenset[str]]
    bulk_ids: frozenset[str]
