"""What a verification says of one topic's snapshot, and what has to be known from before its dispatch."""

from dataclasses import dataclass

from snapshots.ports.topic_reader import Offsets
from snapshots.vocabulary import SnapshotVerdict


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
