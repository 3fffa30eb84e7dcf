"""Work that outlives the request which started it: a client that disconnects does not cancel a dispatch."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """Runs coroutines in tasks of its own and knows them all, so that a shutdown can wait for them."""

    def __init__(self) -> None:
        """Start with no work under way."""
        self._tasks: set[asyncio.Task[Any]] = set()

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` to its end and return its result, even if the caller is cancelled meanwhile."""
        return await asyncio.shield(self.start(work))

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` on its own; its task is kept until it is done."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def drain(self, timeout_seconds: float) -> int:
        """Wait for what is under way, at most `timeout_seconds`; return how many tasks were still running then."""
        if not self._tasks:
            return 0
        _, pending = await asyncio.wait(set(self._tasks), timeout=timeout_seconds)
        return len(pending)
