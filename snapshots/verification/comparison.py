"""The comparison of a source's rows with what arrived on the topic: COMPLETE, INCOMPLETE or NOT_PROVABLE. Pure.

The reasoning is in docs/guides/verification.md. COMPLETE means: every row of the source (under the filter, at the time
of the look) has an event on the topic that is not older than the snapshot and is not followed by a delete. INCOMPLETE
means: a row is missing that no transaction has changed since before the dispatch, so only a loss explains it.
Everything else is NOT_PROVABLE.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from snapshots.ports.source_rows import RowCounts, SourceRow
from snapshots.verification.arrivals import Arrivals
from snapshots.vocabulary import SnapshotVerdict

MAX_MISSING = 100_000
"""Most missing rows that are kept by key; rows beyond this limit stay missing."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason; `passing` if a later look may find something else than NOT_PROVABLE."""

    verdict: SnapshotVerdict
    reason: str
    passing: bool = False


def is_untouched(xid: int, horizon: int | None) -> bool:
    """Whether the transaction `xid` (32 bits, as rows have it) had ended when `horizon` (64 bits) was taken.

    Half of all 32-bit numbers are older than the horizon's, half are newer (PostgreSQL docs: Preventing transaction ID
    wraparound). Numbers below 3 are frozen rows, older than anything.
    """
    if horizon is None:
        return False
    return xid < 3 or 0 < (horizon - xid) & 0xFFFFFFFF < 1 << 31  # noqa: PLR2004 (explained above)


@dataclass(slots=True)
class Comparison:
    """Compares the rows of the source, one after the other, with the arrivals; keeps only missing rows."""

    arrivals: Arrivals
    horizon: int | None
    max_missing: int = MAX_MISSING
    rows: int = 0
    _missing: list[SourceRow] = field(default_factory=list)
    _overflow: int = 0

    def add(self, row: SourceRow) -> None:
        """Count a row of the source; call it once for every row."""
        self.rows += 1
        if not self.arrivals.is_present(row.key):
            if len(self._missing) < self.max_missing:
                self._missing.append(row)
            else:
                self._overflow += 1

    def judge(self, obstacles: Iterable[str] = ()) -> Judgement:
        """Return the verdict from all arrivals so far; `obstacles` say why a loss cannot be proved."""
        self._missing = [row for row in self._missing if not self.arrivals.is_present(row.key)]
        missing = len(self._missing) + self._overflow
        if self.arrivals.truncated:
            return Judgement(SnapshotVerdict.NOT_PROVABLE, "The table was truncated in the meantime.")
        if not missing:
            return Judgement(SnapshotVerdict.COMPLETE, _complete_reason(self.rows, self.arrivals))
        lost = sum(
            1 for row in self._missing if is_untouched(row.xid, self.horizon) and not self.arrivals.was_seen(row.key)
        )
        words = f"{missing} of {self.rows} rows of the source are not on the topic"
        obstacle = next(iter(obstacles), None)
        if lost and obstacle is None:
            unmatched = self.arrivals.unmatched
            if not unmatched:
                reason = f"{words}; {lost} of them have not been changed since before the snapshot."
                return Judgement(SnapshotVerdict.INCOMPLETE, reason)
            obstacle = (
                f"{unmatched} rows that the snapshot emitted are not in the source: either they were deleted and "
                "the deletion has not arrived yet, or keys look different there"
            )
        if obstacle is None and self.horizon is None:
            obstacle = (
                "they may have been written since then: the state of the source before the snapshot is known "
                "only for a PostgreSQL source whose verification was requested together with the snapshot"
            )
        if obstacle is None:
            obstacle = "each may have been changed since the snapshot began, and the change may not have arrived yet"
        return Judgement(SnapshotVerdict.NOT_PROVABLE, f"{words}; {obstacle}.", passing=True)


def judge_counts(
    arrivals: Arrivals, counts: RowCounts, why: str, obstacles: Iterable[str] = (), *, scanned: int | None = None
) -> Judgement:
    """Compare numbers if rows cannot be compared by key; `why` gives the reason, as a clause.

    One event stands for at most one row, so fewer events than unchanged rows in the source are a loss. Equal numbers
    are COMPLETE only if nothing was written and the engine reported the same number (`scanned`). One row that was lost,
    and another that was deleted and whose deletion has not arrived yet, can make two of the numbers equal, but not all
    three.
    """
    reads, rows = arrivals.reads, counts.rows
    events = arrivals.read_events
    keys = "" if reads == events else f" with {reads} different keys"
    words = f"{events} snapshot events{keys}, {rows} rows in the source; compared by number only, because {why}"
    obstacle = next(iter(obstacles), None)
    if arrivals.truncated:
        return Judgement(SnapshotVerdict.NOT_PROVABLE, "The table was truncated in the meantime.")
    if counts.untouched is not None and arrivals.present_events < counts.untouched and obstacle is None:
        return Judgement(SnapshotVerdict.INCOMPLETE, f"{words}.")
    changed = arrivals.streamed or (counts.untouched is not None and counts.untouched != rows)
    is_known = counts.untouched is not None and not changed and not arrivals.other_reads
    if not rows or (reads == rows == scanned and is_known):
        return Judgement(SnapshotVerdict.COMPLETE, f"{words}.")
    if obstacle is None:
        if changed:
            obstacle = "rows changed in the meantime"
        elif arrivals.other_reads:
            obstacle = "they include events of other snapshots"
        elif counts.untouched is None:
            obstacle = "it is unknown whether rows were written since then"
        elif reads < rows <= events:
            obstacle = "rows share a key, or came twice"
        elif scanned != reads and reads <= rows:
            obstacle = f"the engine reported {'an unknown number of' if scanned is None else scanned} rows"
        else:
            obstacle = "there are duplicates, or rows were deleted in the meantime"
    return Judgement(SnapshotVerdict.NOT_PROVABLE, f"{words}; {obstacle}.", passing=True)


def _complete_reason(rows: int, arrivals: Arrivals) -> str:
    reason = f"All {rows} rows of the source are on the topic."
    if arrivals.streamed:
        reason += f" {arrivals.streamed} changes were streamed in the meantime and are taken into account."
    return reason
