"""Watching bulk snapshots: one look into the ledger for each change, handed to everybody who watches.

Announcements say that something changed, never what. A look every few seconds stands in for those that are lost.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from persistence.ledger.following.announcements import Changed, Listening
from resolvers.progress.watchers import Key, NotReadYet, Pace, ProgressView, Watched, Watcher
from snapshots.cancellation import contain
from snapshots.errors import TopicsnapError
from snapshots.health.stall import next_stall, stalled_since
from snapshots.identifiers import Clock, is_valid_id, utc_now
from snapshots.records import BulkSnapshotRecord

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 0.25
"""The least time between two looks at one bulk snapshot, and so between two of its states."""
LOOK_SECONDS = 15.0
"""The time between two looks that nothing asked for, while announcements arrive."""
DEAF_LOOK_SECONDS = 2.0
"""The same while they do not."""
RETRY_SECONDS = 1.0
"""The time after which a look that failed is taken again."""
LINGER_SECONDS = 30.0
"""How long announcements are still listened to after the last watcher has left."""
MOST_AT_ONCE = 50
"""Bulk snapshots in one look; those that have waited longest come first."""
_PAST_SECONDS = 0.001
"""How long after the limit of silence a look is taken: at the limit itself nothing counts as stalled yet."""
_ABREAST = 16
"""Watchers that are woken in one turn of the event loop; other work gets its turns in between."""


class Records(Protocol):
    """The part of the ledger that is read."""

    async def bulk_snapshots(self, tenant_id: str, ids: Sequence[str]) -> Mapping[str, BulkSnapshotRecord]:
        """Return the bulk snapshots of `ids` that exist, by id."""
        ...


class Announced(Protocol):
    """Says what changed; persistence.ledger.following.announcements has the one over PostgreSQL."""

    async def follow(self, changed: Changed, listening: Listening) -> None:
        """Tell `changed` of every change, and `listening` whether changes are told from now on; until cancelled."""
        ...


class ProgressHub:
    """Hands the states of bulk snapshots to everybody in this process who watches them.

    Each watcher gets the state as it is when it comes, then every change, at most one in INTERVAL_SECONDS, and is done
    after the final one. A change is also that a source snapshot counts as stalled, or no longer. Who is slow misses
    states in between, never the last. Works only while somebody watches.
    """

    def __init__(
        self,
        records: Records,
        announced: Announced | None = None,
        pace: Pace | None = None,
        *,
        stall_after: timedelta,
        clock: Clock = utc_now,
    ) -> None:
        """Look into `records` at the word of `announced`; without that, look every few seconds.

        What is silent for `stall_after` by `clock` counts as stalled; the process's clock and limit have to be given.
        """
        self._records = records
        self._stall_after = stall_after
        self._clock = clock
        self._announced = announced
        self._pace = pace or Pace()
        self._watched: dict[Key, Watched] = {}
        self._wake = asyncio.Event()
        self._deaf = True
        self._failing = False
        self._work: asyncio.Task[None] | None = None

    @property
    def watchers(self) -> int:
        """How many watch now."""
        return sum(len(watched.watchers) for watched in self._watched.values())

    async def watch(self, tenant_id: str, bulk_snapshot_id: str) -> AsyncGenerator[ProgressView, None]:
        """Yield the state now and whenever it changes, until it is final; no record, and the end, where there is none.

        Raises what the ledger raises where it cannot be read at first; later it is tried again instead.
        """
        if not is_valid_id(bulk_snapshot_id):
            yield ProgressView(None, self._clock())
            return
        with self._watching((tenant_id, bulk_snapshot_id)) as watcher:
            while True:
                sight = await watcher.take()
                yield sight
                if sight.is_final:
                    return

    async def close(self) -> None:
        """Stop working; who still watches gets nothing more."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait({self._work})

    @contextlib.contextmanager
    def _watching(self, key: Key) -> Iterator[Watcher]:
        watcher = Watcher()
        watched = self._watched.setdefault(key, Watched())
        watched.watchers.add(watcher)
        # What was seen before may be older than what this watcher has read elsewhere.
        watched.changed = True
        self._wake.set()
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._run())
        try:
            yield watcher
        finally:
            watched.watchers.discard(watcher)
            if not watched.watchers:
                self._watched.pop(key, None)
                self._wake.set()

    async def _run(self) -> None:
        while True:
            following = asyncio.create_task(self._follow())
            try:
                await self._look_while_watched()
            finally:
                following.cancel()
                await asyncio.wait({following})
            if not self._watched:  # else somebody came while the connection was closed
                return

    async def _follow(self) -> None:
        try:
            if self._announced is not None:
                await self._announced.follow(self._note, self._note_listening)
        except Exception:
            logger.exception(
                "listening for changes failed unexpectedly; reading the ledger every %g s instead", DEAF_LOOK_SECONDS
            )
        finally:
            self._deaf = True

    def _note(self, tenant_id: str, bulk_snapshot_id: str) -> None:
        if watched := self._watched.get((tenant_id, bulk_snapshot_id)):
            watched.changed = True
            self._wake.set()

    def _note_listening(self, listening: bool) -> None:  # noqa: FBT001 (a state of two values)
        self._deaf = not listening
        # What happened while nobody listened was not announced.
        for watched in self._watched.values():
            watched.changed = True
        self._wake.set()

    async def _look_while_watched(self) -> None:
        """Look wherever it is time, until nobody has watched for a while."""
        left_at: float | None = None
        while True:
            self._wake.clear()
            now = self._pace.now()
            if self._watched:
                left_at = None
                look_seconds = DEAF_LOOK_SECONDS if self._deaf else LOOK_SECONDS
                due = {key: one.due_at(INTERVAL_SECONDS, look_seconds) for key, one in self._watched.items()}
                next_at = min(due.values())
                if next_at <= now:
                    await self._look([key for key in sorted(due, key=due.__getitem__) if due[key] <= now])
                    continue
            else:
                left_at = now if left_at is None else left_at
                next_at = left_at + LINGER_SECONDS
                if next_at <= now:
                    return
            await self._pace.wait(self._wake, next_at - now)

    async def _look(self, keys: Sequence[Key]) -> None:
        """Look at the first of `keys`, all of a tenant in one go, and hand over what is seen."""
        by_tenant: dict[str, list[str]] = defaultdict(list)
        for tenant_id, id_ in keys[:MOST_AT_ONCE]:
            by_tenant[tenant_id].append(id_)
        for tenant_id, ids in by_tenant.items():
            # Who comes from now on is served by the next look: this one may already have read.
            served = {
                id_: tuple(self._begin((tenant_id, id_)).watchers) for id_ in ids if (tenant_id, id_) in self._watched
            }
            at = self._clock()
            try:
                found = await contain(self._records.bulk_snapshots(tenant_id, list(served)))
            except Exception as error:  # noqa: BLE001 - the work goes on for everybody else
                self._note_failure(tenant_id, served, error)
                continue
            self._failing = False
            for id_, watchers in served.items():
                if watched := self._watched.get((tenant_id, id_)):
                    await _hand_over(self._see(watched, found.get(id_), at), watchers)

    def _begin(self, key: Key) -> Watched:
        watched = self._watched[key]
        watched.looked_at = self._pace.now()
        watched.changed = False
        return watched

    def _see(self, watched: Watched, record: BulkSnapshotRecord | None, at: datetime) -> ProgressView:
        """Take in what a look found that began at `at`, and note when the time alone will change it."""
        if record is None:
            return watched.see(ProgressView(None, at))
        stalls_at = next_stall(record.snapshots, at, self._stall_after)
        watched.stalls_at = (
            None
            if stalls_at is None
            else self._pace.now() + (stalls_at - self._clock()).total_seconds() + _PAST_SECONDS
        )
        stalled = tuple(stalled_since(one, at, self._stall_after) for one in record.snapshots)
        return watched.see(ProgressView(record, at, stalled))

    def _note_failure(self, tenant_id: str, served: Mapping[str, Sequence[Watcher]], error: Exception) -> None:
        if not isinstance(error, TopicsnapError):
            logger.error("reading the ledger failed unexpectedly", exc_info=error)
        elif not self._failing:
            logger.warning("cannot read the ledger, trying again: %s", error)
        self._failing = True
        for id_, watchers in served.items():
            if watched := self._watched.get((tenant_id, id_)):
                watched.changed = True
                watched.not_before = self._pace.now() + RETRY_SECONDS
            for watcher in watchers:
                if isinstance(watcher.newest, NotReadYet):
                    watcher.fail(error)


async def _hand_over(sight: ProgressView, watchers: Sequence[Watcher]) -> None:
    """Give `sight` to those of `watchers` who do not have it."""
    for number, watcher in enumerate(watchers, start=1):
        if watcher.newest is not sight:
            watcher.put(sight)
        if number % _ABREAST == 0:
            await asyncio.sleep(0)
