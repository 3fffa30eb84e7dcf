"""How many source databases are asked at once, so that those that are away hold up neither the others nor us."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import monotonic

AWAY_SECONDS = 10.0
"""How long a database that did not answer is taken for away, without being asked again."""
_PLACES = 64
_PLACES_EACH = 4


class Places:
    """For the process: 64 connections at most, 4 to a database; what did not answer is left alone for some seconds."""

    def __init__(self, *, away_seconds: float = AWAY_SECONDS, now: Callable[[], float] = monotonic) -> None:
        """Leave what did not answer alone for `away_seconds`."""
        self._away_seconds = away_seconds
        self._now = now
        self._places = asyncio.Semaphore(_PLACES)
        self._places_each: dict[str, asyncio.Semaphore] = {}
        self._away_until: dict[str, float] = {}

    @asynccontextmanager
    async def taken(self, reference: str, seconds: float) -> AsyncIterator[None]:
        """Wait for a place at the database behind `reference`, and keep it for `seconds` at most.

        Raises TimeoutError when they are over, and at once where the database is taken for away.
        """
        each = self._places_each.setdefault(reference, asyncio.Semaphore(_PLACES_EACH))
        async with each, self._places:
            if self._away_until.get(reference, 0.0) > self._now():
                raise TimeoutError
            try:
                async with asyncio.timeout(seconds):
                    yield
            except TimeoutError:
                self._away_until[reference] = self._now() + self._away_seconds
                raise
            self._away_until.pop(reference, None)
