"""Work that continues after its request has ended: a client that disconnects does not cancel a dispatch."""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from snapshots.cancellation import outlive_caller

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Background:
    """Runs coroutines in its own tasks and keeps track of them, so that a shutdown can wait for them."""

    def __init__(self) -> None:
        """Start with no work under way."""
        self._tasks: set[asyncio.Task[Any]] = set()

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end and return its result, even if the caller is cancelled in the meantime."""
        task = self._task(work)
        try:
            return await outlive_caller(task)
        except asyncio.CancelledError:
            # The caller is gone, and asyncio would report an error only when it collects the task.
            task.add_done_callback(_log_failure)
            raise

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in the background. Nobody waits for it, so its errors are logged."""
        self._task(work).add_done_callback(_log_failure)

    def _task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def drain(self, timeout_seconds: float) -> int:
        """Wait for all running work and what it starts, at most `timeout_seconds`; return how many still run."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                while self._tasks:
                    await asyncio.wait(set(self._tasks))
        return len(self._tasks)


def _log_failure(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and (error := task.exception()):
        logger.error("background work failed", exc_info=error)
