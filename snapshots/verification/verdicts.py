"""The result of verifying one topic's snapshot, and what must be recorded before its dispatch."""

from dataclasses import dataclass

from snapshots.ports.topic_reader import Offsets
from snapshots.vocabulary import SnapshotVerdict


@dataclass(frozen=True, slots=True)
class Mark:
    """The positions of topic and source before the dispatch; None for what could not be read then."""

    offsets: Offsets | None = None
    """The topic's end offsets; empty if there was no such topic."""
    horizon: int | None = None
    """A transaction of PostgreSQL: every one below it had ended (`txid_snapshot_xmin`, 64 bits)."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The result for one topic."""

    verdict: SnapshotVerdict
    reason: str
    expected_rows: int | None = None
    """Rows of the source under the snapshot's filter, at the time of the look; None if they could not be counted."""
    emitted_rows: int | None = None
    """Snapshot events by distinct key, or all of them if there is no key; None if they could not be read."""
    end_offsets: Offsets | None = None
    """The offsets up to which the topic was read."""
    passing: bool = False
    """Whether a later look may find something else than this NOT_PROVABLE."""
