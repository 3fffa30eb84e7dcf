"""Time limits that pass when a test says so, in the place of asyncio.timeout."""

import asyncio


class TimeLimits:
    """Makes limits that never pass by themselves, and knows which of them are under way."""

    def __init__(self) -> None:
        self._made: list[asyncio.Timeout] = []

    def __call__(self, seconds: float) -> asyncio.Timeout:
        self._made.append(asyncio.timeout(None))
        return self._made[-1]

    @property
    def under_way(self) -> int:
        """How many have been entered and not left."""
        return len(self._entered())

    def expire(self) -> None:
        """Have the time be over, for all that are under way."""
        for limit in self._entered():
            limit.reschedule(asyncio.get_running_loop().time())

    def _entered(self) -> list[asyncio.Timeout]:
        return [limit for limit in self._made if "[active]" in repr(limit)]
