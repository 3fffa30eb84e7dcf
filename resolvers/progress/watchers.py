"""Who watches a bulk snapshot, what each of them was handed last, and how time passes meanwhile."""

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
    """What a look found. Two that were taken at different times are equal where they show the same."""

    record: BulkSnapshotRecord | None
    """None where there is no such bulk snapshot."""
    at: datetime = field(compare=False)
    """From before the reading: as of then `record` tells what depends on the time alone."""
    stalled: tuple[datetime | None, ...] = ()
    """Since when each source snapshot is stalled."""

    @property
    def is_final(self) -> bool:
        """Whether nothing else will be seen."""
        return self.record is None or self.record.is_final


class NotReadYet:
    """Stands where no look has been taken yet."""


NOT_READ_YET: Final = NotReadYet()
Seen = ProgressView | NotReadYet


class Pace:
    """The clock by which a hub works; a test brings one that it moves."""

    def now(self) -> float:
        """The time, in seconds since some moment."""
        return time.monotonic()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        """Wait for `event`, at most `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()


class Watcher:
    """One who watches: a place for the newest state alone, so that who is slow costs no more than who is quick."""

    __slots__ = ("_error", "_news", "newest")

    def __init__(self) -> None:
        """Begin without a state."""
        self.newest: Seen = NOT_READ_YET
        self._news = asyncio.Event()
        self._error: Exception | None = None

    def put(self, sight: ProgressView) -> None:
        """Hand over a state, in the place of one that was not taken yet."""
        self.newest = sight
        self._news.set()

    def fail(self, error: Exception) -> None:
        """Have `take` raise `error`, for one who has seen no state at all."""
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
    """When its silence will have lasted so long that it counts as stalled; None where no sign of life is due."""

    def due_at(self, interval_seconds: float, look_seconds: float) -> float:
        """When to look next: `interval_seconds` after the last time where it changed, else `look_seconds`.

        Between the two where it stalls meanwhile, which nobody announces.
        """
        if self.looked_at is None:
            return self.not_before
        soonest, latest = self.looked_at + interval_seconds, self.looked_at + look_seconds
        due = soonest if self.changed else latest
        if self.stalls_at is not None:
            due = min(due, max(soonest, self.stalls_at))
        return max(self.not_before, due)

    def see(self, sight: ProgressView) -> ProgressView:
        """Return `sight`, or what was seen before where that is equal, so that `is` tells whether it changed."""
        if isinstance(self.sight, NotReadYet) or self.sight != sight:
            self.sight = sight
            return sight
        return self.sight
