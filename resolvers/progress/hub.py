"""Watching bulk snapshots: one reading of the ledger for each change, shared by all watchers.

Announcements say that something changed, never what. A reading every few seconds makes up for lost announcements.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from persistence.ledger.following.announcements import Changed, Listening
from resolvers.progress.rhythm import RHYTHM, Rhythm
from resolvers.progress.watchers import Key, NotReadYet, Pace, ProgressView, Watched, Watcher
from snapshots.cancellation import contain
from snapshots.errors import TopicsnapError
from snapshots.health.stall import next_stall, stalled_since
from snapshots.identifiers import Clock, is_valid_id, utc_now
from snapshots.records import BulkSnapshotRecord

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 50
"""Bulk snapshots in one reading; those that have waited longest come first."""
_PAST_SECONDS = 0.001
"""How long after the limit of silence a reading is due: exactly at the limit nothing counts as stalled yet."""
_ABREAST = 16
"""Watchers that are woken in one turn of the event loop, so that other work gets its turns in between."""


class Records(Protocol):
    """The part of the ledger that is read."""

    async def bulk_snapshots(self, tenant_id: str, ids: Sequence[str]) -> Mapping[str, BulkSnapshotRecord]:
        """Return the bulk snapshots of `ids` that exist, by id."""
        ...


class Announced(Protocol):
    """Reports which bulk snapshots changed; persistence.ledger.following.announcements implements it."""

    async def follow(self, changed: Changed, listening: Listening) -> None:
        """Until cancelled, report every change to `changed`, and to `listening` whether changes are reported."""
        ...


class ProgressHub:
    """Sends the states of bulk snapshots to all watchers in this process.

    Each watcher gets the current state when it arrives, then every change, at most one in an interval of the `rhythm`,
    and is done after the final one. It is also a change if a source snapshot counts as stalled, or no longer does. A
    slow watcher may skip intermediate states but always receives the final one. The hub works only while somebody
    watches.
    """

    def __init__(
        self,
        records: Records,
        announced: Announced | None = None,
        pace: Pace | None = None,
        *,
        rhythm: Rhythm = RHYTHM,
        stall_after: timedelta,
        clock: Clock = utc_now,
    ) -> None:
        """Read `records` when `announced` reports a change; without that, read every few seconds.

        A snapshot that is silent for `stall_after` by `clock` counts as stalled; pass the process's clock and limit.
        """
        self._records = records
        self._stall_after = stall_after
        self._clock = clock
        self._announced = announced
        self._pace = pace or Pace()
        self._rhythm = rhythm
        self._watched: dict[Key, Watched] = {}
        self._wake = asyncio.Event()
        self._deaf = True
        self._failing = False
        self._work: asyncio.Task[None] | None = None

    @property
    def watchers(self) -> int:
        """The number of watchers now."""
        return sum(len(watched.watchers) for watched in self._watched.values())

    async def watch(self, tenant_id: str, bulk_snapshot_id: str) -> AsyncGenerator[ProgressView, None]:
        """Yield the state now and whenever it changes, until it is final; yield no record, once, if there is none.

        Raises the ledger's error if the first reading fails; later readings are tried again instead.
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
        """Stop working; remaining watchers get nothing more."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait({self._work})

    @contextlib.contextmanager
    def _watching(self, key: Key) -> Iterator[Watcher]:
        watcher = Watcher()
        watched = self._watched.setdefault(key, Watched())
        watched.watchers.add(watcher)
        # The last reading may be older than what this watcher has read elsewhere.
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
            if not self._watched:  # otherwise somebody came while the connection was closed
                return

    async def _follow(self) -> None:
        try:
            if self._announced is not None:
                await self._announced.follow(self._note, self._note_listening)
        except Exception:
            logger.exception(
                "listening for changes failed unexpectedly; reading the ledger every %g s instead",
                self._rhythm.deaf_look,
            )
        finally:
            self._deaf = True

    def _note(self, tenant_id: str, bulk_snapshot_id: str) -> None:
        if watched := self._watched.get((tenant_id, bulk_snapshot_id)):
            watched.changed = True
            self._wake.set()

    def _note_listening(self, listening: bool) -> None:  # noqa: FBT001 (a state of two values)
        self._deaf = not listening
        # Changes while nobody listened were not announced.
        for watched in self._watched.values():
            watched.changed = True
        self._wake.set()

    async def _look_while_watched(self) -> None:
        """Read whatever is due, until nobody has watched for a while."""
        left_at: float | None = None
        while True:
            self._wake.clear()
            now = self._pace.now()
            if self._watched:
                left_at = None
                look_seconds = self._rhythm.deaf_look if self._deaf else self._rhythm.look
                due = {key: one.due_at(self._rhythm.interval, look_seconds) for key, one in self._watched.items()}
                next_at = min(due.values())
                if next_at <= now:
                    await self._look([key for key in sorted(due, key=due.__getitem__) if due[key] <= now])
                    continue
            else:
                left_at = now if left_at is None else left_at
                next_at = left_at + self._rhythm.linger
                if next_at <= now:
                    return
            await self._pace.wait(self._wake, next_at - now)

    async def _look(self, keys: Sequence[Key]) -> None:
        """Read the first of `keys`, all ids of a tenant at once, and pass on the results."""
        by_tenant: dict[str, list[str]] = defaultdict(list)
        for tenant_id, id_ in keys[:MOST_AT_ONCE]:
            by_tenant[tenant_id].append(id_)
        for tenant_id, ids in by_tenant.items():
            # Watchers who come from now on wait for the next reading: this one may already have read.
            served = {
                id_: tuple(self._begin((tenant_id, id_)).watchers) for id_ in ids if (tenant_id, id_) in self._watched
            }
            at = self._clock()
            try:
                found = await contain(self._records.bulk_snapshots(tenant_id, list(served)))
            except Exception as error:  # noqa: BLE001 - the work continues for all others
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
                watched.not_before = self._pace.now() + self._rhythm.retry
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
