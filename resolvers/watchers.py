"""Who watches a bulk snapshot, what each of them was handed last, and how time passes meanwhile."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Final

from snapshots.records import BulkSnapshotRecord

Key = tuple[str, str]
"""A tenant, and the id of a bulk snapshot."""


class Unseen:
    """Stands where no look has been taken yet; None is what one finds who looks for what does not exist."""


UNSEEN: Final = Unseen()
Seen = BulkSnapshotRecord | None | Unseen


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
        self.newest: Seen = UNSEEN
        self._news = asyncio.Event()
        self._error: Exception | None = None

    def put(self, record: BulkSnapshotRecord | None) -> None:
        """Hand over a state, in the place of one that was not taken yet."""
        self.newest = record
        self._news.set()

    def fail(self, error: Exception) -> None:
        """Have `take` raise `error`, for one who has seen no state at all."""
        self._error = error
        self._news.set()

    async def take(self) -> BulkSnapshotRecord | None:
        """Wait for a state that was not taken yet, and return the newest."""
        await self._news.wait()
        self._news.clear()
        if isinstance(self.newest, Unseen):
            raise self._error or RuntimeError("woken for nothing")
        return self.newest


@dataclass(slots=True, eq=False)
class Watched:
    """A bulk snapshot that somebody watches."""

    watchers: set[Watcher] = field(default_factory=set)
    record: Seen = UNSEEN
    """As last seen."""
    changed: bool = True
    """Whether there is a reason to look."""
    looked_at: float | None = None
    not_before: float = 0.0
    """After a look that failed: when to try again."""

    def due_at(self, interval_seconds: float, look_seconds: float) -> float:
        """When to look next: `interval_seconds` after the last time where it changed, else `look_seconds`."""
        if self.looked_at is None:
            return self.not_before
        return max(self.not_before, self.looked_at + (interval_seconds if self.changed else look_seconds))

    def see(self, record: BulkSnapshotRecord | None) -> BulkSnapshotRecord | None:
        """Return `record`, or what was seen before where that is equal, so that `is` tells whether it changed."""
        if isinstance(self.record, Unseen) or self.record != record:
            self.record = record
            return record
        return self.record
