"""What really arrived: the snapshot rows on the topics of the sources, as any consumer would see them."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Self

from persistence.embedded.sessions import connected
from sandbox.topics import Record, read_topics
from sandbox.waiting import eventually
from tests.support.debezium.sources import FENCE, OwnSource

_FOR_EVER_SECONDS = 3600.0
_FENCE_SECONDS = 30.0
_IDLE_READINGS = 3
"""One may be under way when a fence is met, and each of the others takes a tenth of a second."""


@dataclass(frozen=True)
class WatchedSource:
    """A source of the suite as it runs."""

    own: OwnSource
    database_url: str


class Arrivals:
    """Reads the topics of all sources from their beginning, in the background, and remembers what came."""

    def __init__(self, bootstrap: str, sources: Sequence[WatchedSource]) -> None:
        self._bootstrap = bootstrap
        self._sources = {source.own.name: source for source in sources}
        self._records: Sequence[Record] = ()
        self._seen = 0
        self._idle = 0
        """How many times in a row the reader has found nothing new."""
        self._fences = count(1)
        self._task: asyncio.Task[object] | None = None

    async def __aenter__(self) -> Self:
        topics = [
            source.own.topic(table)
            for source in self._sources.values()
            for table in (FENCE, *(made.name for made in source.own.tables))
        ]
        self._task = asyncio.create_task(read_topics(self._bootstrap, topics, self._see, _FOR_EVER_SECONDS))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _see(self, records: Sequence[Record]) -> bool:
        self._records = records
        self._idle = self._idle + 1 if len(records) == self._seen else 0
        self._seen = len(records)
        return False

    def watch(self, *sources: OwnSource) -> "Watch":
        """Watch these sources from now on: what their connectors have read before is left out, also if it comes later.

        A snapshot may be told to have ended before its last rows have come.
        """
        return Watch(self, tuple(source.name for source in sources), time.time_ns() // 1_000_000)

    @property
    def names(self) -> frozenset[str]:
        """The names of the sources whose topics are read."""
        return frozenset(self._sources)

    def since(self, moment_ms: int) -> list[Record]:
        """Return the snapshot rows that connectors have read since then, by the one clock of this machine."""
        return [record for record in self._records if record.is_snapshot_row and _read_at(record) >= moment_ms]

    async def caught_up(self) -> None:
        """Return when the reader has met what was on its topics: it meets the records of several in no order."""

        async def idle() -> bool:
            return self._idle > _IDLE_READINGS

        await eventually(idle, _FENCE_SECONDS, "the end of what was on its way")

    async def pass_fence(self, name: str) -> None:
        """Return when a change made now has come through the connector, and with it all that it had read before."""
        number = next(self._fences)
        source = self._sources[name]
        async with connected(source.database_url) as connection:
            await connection.execute(f"INSERT INTO public.{FENCE} VALUES ($1)", number)
        topic = source.own.topic(FENCE)

        async def arrived() -> bool:
            return any(
                record.topic == topic and _after(record).get("id") == number and not record.is_snapshot_row
                for record in self._records
            )

        await eventually(arrived, _FENCE_SECONDS, f"the fence of {name}")

    async def pass_all(self, name: str) -> None:
        """Return when a change made now to each table has come, and with it all that was on its way to the topics.

        A fence alone is another topic, and a reader of several meets their records in no order.
        """
        source = self._sources[name]
        before = self._updates()
        async with connected(source.database_url) as connection:
            for made in source.own.tables:
                await connection.execute(f"UPDATE public.{made.name} SET id = id WHERE id = 1")

        async def arrived() -> bool:
            now = self._updates()
            topics = [source.own.topic(made.name) for made in source.own.tables]
            return all(now[topic] > before[topic] for topic in topics)

        await eventually(arrived, _FENCE_SECONDS, f"a change of each table of {name}")

    def _updates(self) -> Counter[str]:
        return Counter(record.topic for record in self._records if (record.value or {}).get("op") == "u")


class Watch:
    """The snapshot rows of some sources since a moment."""

    def __init__(self, arrivals: Arrivals, names: tuple[str, ...], since_ms: int) -> None:
        self._arrivals = arrivals
        self._names = names
        self._since_ms = since_ms

    async def rows(self) -> dict[str, list[dict[str, object]]]:
        """Return all snapshot rows that the sources have sent by now, by topic; topics without any are absent."""
        async with asyncio.TaskGroup() as group:
            for name in self._names:
                group.create_task(self._arrivals.pass_fence(name))
        await self._arrivals.caught_up()
        found: dict[str, list[dict[str, object]]] = {}
        for record in self._arrivals.since(self._since_ms):
            if record.topic.partition(".")[0] in self._names:
                found.setdefault(record.topic, []).append(_after(record))
        return found

    async def counts(self) -> dict[str, int]:
        """Return how many rows came on each topic."""
        return {topic: len(rows) for topic, rows in (await self.rows()).items()}


def _read_at(record: Record) -> int:
    """When its connector has read it, in milliseconds."""
    moment = (record.value or {})["ts_ms"]
    assert isinstance(moment, int)
    return moment


def _after(record: Record) -> dict[str, object]:
    after = (record.value or {}).get("after")
    return after if isinstance(after, dict) else {}
