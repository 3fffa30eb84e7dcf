"""Time limits that pass when a test says so, in the place of asyncio.timeout."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class TimeLimits:
    """Makes limits that never pass by themselves, and knows which of them are under way."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Timeout] = set()

    @property
    def under_way(self) -> int:
        """How many have been entered and not left."""
        return len(self._under_way)

    @asynccontextmanager
    async def __call__(self, seconds: float) -> AsyncIterator[None]:
        async with asyncio.timeout(None) as limit:
            self._under_way.add(limit)
            try:
                yield
            finally:
                self._under_way.discard(limit)

    def expire(self) -> None:
        """Have the time be over, for all that are under way."""
        for limit in self._under_way:
            limit.reschedule(asyncio.get_running_loop().time())
