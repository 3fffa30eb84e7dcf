"""One follower for each Kafka that the catalogue names, started and stopped as the catalogue changes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from gateway.following.follower import Apply, Follower, Topics
from gateway.following.supervision import Supervised, Well
from snapshots.errors import TopicsnapError

logger = logging.getLogger(__name__)

_REFRESH_SECONDS = 2.0

Wanted = Callable[[], Awaitable[Mapping[str, Topics]]]
"""Tells from the catalogue what to follow, by Kafka bootstrap servers. Raises DatabaseError."""


class Followers:
    """Keeps a follower running for each Kafka."""

    def __init__(self, wanted: Wanted, apply: Apply, *, group: str) -> None:
        """Follow what `wanted` tells, asked every two seconds."""
        self._wanted = wanted
        self._apply = apply
        self._group = group
        self._followers: dict[str, tuple[Follower, Supervised, asyncio.Task[None]]] = {}

    def faults(self) -> dict[str, str]:
        """What is wrong now, as a sentence by Kafka bootstrap servers; empty where all is well."""
        return {bootstrap: work.last_fault for bootstrap, (_, work, _) in self._followers.items() if work.last_fault}

    async def run(self, well: Well) -> None:
        """Follow until cancelled; all followers have ended then. `well` is called when the catalogue has answered."""
        try:
            while True:
                wanted = await self._ask()
                if wanted is not None:
                    well()
                    await self._refresh(wanted)
                await asyncio.sleep(_REFRESH_SECONDS)
        finally:
            await self._refresh({})

    async def _ask(self) -> Mapping[str, Topics] | None:
        try:
            return await self._wanted()
        except TopicsnapError as error:
            # The followers go on with what they know; they meet the same database and say so themselves.
            logger.warning("the catalogue cannot be read: %s", error)
            return None

    async def _refresh(self, wanted: Mapping[str, Topics]) -> None:
        gone = [self._followers.pop(bootstrap)[2] for bootstrap in set(self._followers) - set(wanted)]
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        for bootstrap, topics in wanted.items():
            if bootstrap not in self._followers:
                self._followers[bootstrap] = self._start(bootstrap)
            self._followers[bootstrap][0].topics = topics

    def _start(self, bootstrap: str) -> tuple[Follower, Supervised, asyncio.Task[None]]:
        follower = Follower(bootstrap, self._apply, group=self._group)
        work = Supervised(f"follower of Kafka at {bootstrap}", follower.run)
        return follower, work, asyncio.create_task(work.supervise())
