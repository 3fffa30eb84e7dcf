"""Answers shared by all who ask for the same at about the same time, and kept for a moment."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class _Answer(Generic[V]):
    task: asyncio.Task[V]
    until: float


class SharedAnswers(Generic[K, V]):
    """Asks once for each key; whoever comes while the answer is under way, or fresh, gets the same one."""

    def __init__(self, *, ttl_seconds: float, now: Callable[[], float] = monotonic) -> None:
        """Keep an answer, or a failure, for `ttl_seconds`."""
        self._ttl_seconds = ttl_seconds
        self._now = now
        self._answers: dict[K, _Answer[V]] = {}

    async def get(self, key: K, ask: Callable[[], Awaitable[V]]) -> V:
        """Return the answer for `key`, by `ask` where there is none. Raises what `ask` raised."""
        answer = self._answers.get(key)
        if answer is None or self._now() >= answer.until:
            answer = self._begin(key, ask)
        # Shielded: whoever asked first may be cancelled, and the others still want the answer.
        return await asyncio.shield(answer.task)

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = [answer.task for answer in self._answers.values()]
        self._answers.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, key: K, ask: Callable[[], Awaitable[V]]) -> _Answer[V]:
        now = self._now()
        for outdated in [known for known, answer in self._answers.items() if now >= answer.until]:
            del self._answers[outdated]
        answer = self._answers[key] = _Answer(asyncio.ensure_future(_awaited(ask)), float("inf"))

        def answered(done: asyncio.Task[V]) -> None:
            answer.until = self._now() + self._ttl_seconds
            if not done.cancelled():
                done.exception()  # nobody may have waited for it to the end

        answer.task.add_done_callback(answered)
        return answer


async def _awaited(ask: Callable[[], Awaitable[V]]) -> V:
    return await ask()
