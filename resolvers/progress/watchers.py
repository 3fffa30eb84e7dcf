"""The watchers of a bulk snapshot, the last state that each received, and the clock."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from snapshots.records import BulkSnapshotRecord

Key = tuple[str, str]
"""A tenant, and the id of a bulk snapshot."""


@dataclass(frozen=True, slots=True)
class ProgressView:
    """The result of a reading. Two results from different times are equal if they show the same."""

    record: BulkSnapshotRecord | None
    """None if there is no such bulk snapshot."""
    at: datetime = field(compare=False)
    """The time before the reading; everything in `record` that depends only on time is as of then."""
    stalled: tuple[datetime | None, ...] = ()
    """Since when each source snapshot is stalled."""

    @property
    def is_final(self) -> bool:
        """Whether nothing more will change."""
        return self.record is None or self.record.is_final


class NotReadYet:
    """Marks that nothing has been read yet."""


NOT_READ_YET: Final = NotReadYet()
Seen = ProgressView | NotReadYet


class Pace:
    """The hub's clock; tests pass one that they control."""

    def now(self) -> float:
        """The time, in seconds since some moment."""
        return time.monotonic()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for `event`, at most `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()


class Watcher:
    """A watcher. It holds only the newest state, so a slow watcher costs no more than a fast one."""

    __slots__ = ("_error", "_news", "newest")

    def __init__(self) -> None:
        """Begin without a state."""
        self.newest: Seen = NOT_READ_YET
        self._news = asyncio.Event()
        self._error: Exception | None = None

    def put(self, sight: ProgressView) -> None:
        """Store a state, and replace one that was not taken yet."""
        self.newest = sight
        self._news.set()

    def fail(self, error: Exception) -> None:
        """Make `take` raise `error` if this watcher has seen no state at all."""
        self._error = error
        self._news.set()

    async def take(self) -> ProgressView:
        """Wait for a state that was not taken yet, and return the newest."""
        await self._news.wait()
        self._news.clear()
        if isinstance(self.newest, NotReadYet):
            raise self._error or RuntimeError("woken without a state or an error")
        return self.newest


@dataclass(slots=True, eq=False)
class Watched:
    """A bulk snapshot that somebody watches."""

    watchers: set[Watcher] = field(default_factory=set)
    sight: Seen = NOT_READ_YET
    """As last seen."""
    changed: bool = True
    """Whether there is a reason to look."""
    looked_at: float | None = None
    not_before: float = 0.0
    """After a look that failed: when to try again."""
    stalls_at: float | None = None
    """When it will count as stalled if it stays silent; None if no sign of life is due."""

    def due_at(self, interval_seconds: float, look_seconds: float) -> float:
        """Return when to read next: `interval_seconds` after the last time if it changed, else `look_seconds`.

        If it will stall before that, which nobody announces, read at that moment.
        """
        if self.looked_at is None:
            return self.not_before
        soonest, latest = self.looked_at + interval_seconds, self.looked_at + look_seconds
        due = soonest if self.changed else latest
        if self.stalls_at is not None:
            due = min(due, max(soonest, self.stalls_at))
        return max(self.not_before, due)

    def see(self, sight: ProgressView) -> ProgressView:
        """Return `sight`, or the previous value if that is equal, so that `is` shows whether it changed."""
        if isinstance(self.sight, NotReadYet) or self.sight != sight:
            self.sight = sight
            return sight
        return self.sight
