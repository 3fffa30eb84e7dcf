"""Work that has to go on: run again after every fault, later each time, and never silently gone."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from snapshots.backoff import Backoff
from snapshots.errors import TopicsnapError

logger = logging.getLogger(__name__)

ReportHealthy = Callable[[], None]
"""Called by work that has reached what it depends on: whatever was wrong before is over."""

_RESTS = Backoff(first_seconds=1.0, longest_seconds=30.0)
_HEALTHY_SECONDS = 60.0
"""Having run that long, work counts as recovered, and the next pause is short again."""


@dataclass(slots=True)
class Supervised:
    """Work under supervision, and what is known of it."""

    name: str
    run: Callable[[ReportHealthy], Awaitable[None]]
    """Runs until it is cancelled; a return counts as a fault. Calls its argument whenever all works."""
    faults: int = 0
    """How often it had to be started again."""
    last_fault: str | None = None
    """A sentence; None while nothing is wrong."""
    alive: bool = field(default=False, init=False)
    """Whether somebody sees to it that it runs."""

    def report_healthy(self) -> None:
        """Forget the last fault: the work has reached what it depends on."""
        self.last_fault = None

    async def supervise(self, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Run it until cancelled; after a fault, wait about a second, twice as long each time, up to 30 seconds."""
        self.alive = True
        attempt = 0
        try:
            while True:
                started = time.monotonic()
                reason = await self._attempt()
                attempt = 1 if time.monotonic() - started > _HEALTHY_SECONDS else attempt + 1
                self.faults += 1
                self.last_fault = reason
                await pause(_RESTS.after(attempt))
        finally:
            self.alive = False

    async def _attempt(self) -> str:
        """Run it once and return why it ended."""
        try:
            await self.run(self.report_healthy)
        except TopicsnapError as error:
            logger.warning("%s has to be started again: %s", self.name, error)
            return str(error)
        except Exception as error:
            logger.exception("%s failed unexpectedly and is started again", self.name)
            return f"unexpected {type(error).__name__}; see the log"
        logger.error("%s ended by itself and is started again", self.name)
        return "it ended by itself"
