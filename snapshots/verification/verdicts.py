"""What a verification says of one topic's snapshot, and what has to be known from before its dispatch."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Offsets = Mapping[int, int]
"""Offsets of a topic by partition: each that of the next record."""


class SnapshotVerdict(StrEnum):
    """Whether every row of the source has arrived on the topic."""

    COMPLETE = "COMPLETE"
    INCOMPLETE = "INCOMPLETE"
    NOT_PROVABLE = "NOT_PROVABLE"


class VerificationState(StrEnum):
    """How far the verification of a topic's snapshot has come."""

    NOT_REQUESTED = "NOT_REQUESTED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    DONE = "DONE"

    @property
    def is_open(self) -> bool:
        """Whether a verdict is still to come."""
        return self in {VerificationState.PENDING, VerificationState.RUNNING}


@dataclass(frozen=True, slots=True)
class Mark:
    """Where topic and source stood before the dispatch; what could not be asked then is None."""

    offsets: Offsets | None = None
    """The topic's end offsets; empty where there was no such topic."""
    horizon: int | None = None
    """A transaction of PostgreSQL: every one below it had ended (`txid_snapshot_xmin`, 64 bits)."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found of one topic."""

    verdict: SnapshotVerdict
    reason: str
    expected_rows: int | None = None
    """Rows of the source under the snapshot's filter, when it was looked at; None where it could not be."""
    emitted_rows: int | None = None
    """Snapshot events by distinct key, or all of them where there is no key; None where they could not be read."""
    end_offsets: Offsets | None = None
    """Up to where the topic was read."""
    passing: bool = False
    """Whether a later look may find something else than this NOT_PROVABLE."""
