"""Answers shared by all who ask for the same at about the same time, and kept for a moment."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

from snapshots.cancellation import outlive_caller

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(slots=True)
class _Answer(Generic[V]):
    """A question under way, or its answer, good until then by the monotonic clock."""

    task: asyncio.Task[V]
    asked_at: float
    until: float


class SharedAnswers(Generic[K, V]):
    """Asks once for each key; whoever comes while the answer is under way, or fresh, gets the same one."""

    def __init__(
        self,
        *,
        ttl_seconds: float,
        between_seconds: float = 0.0,
        now: Callable[[], float] = monotonic,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Keep an answer, or a failure, for `ttl_seconds`.

        Where a kept answer will not do, the same is asked again `between_seconds` after the last time at the earliest,
        once for all who wait.
        """
        self._ttl_seconds = ttl_seconds
        self._between_seconds = between_seconds
        self._now = now
        self._pause = pause
        self._answers: dict[K, _Answer[V]] = {}

    async def get(self, key: K, ask: Callable[[], Awaitable[V]], *, will_do: Callable[[V], bool] = lambda _: True) -> V:
        """Return the answer for `key`, by `ask` where there is none. Raises what `ask` raised.

        An answer that was asked for before this call has to be one that `will_do`.
        """
        called_at = self._now()
        answer = self._answers.get(key)
        if answer is None or called_at >= answer.until:
            answer = self._begin(key, ask)
        # Whoever asked first may be cancelled, and the others still want the answer.
        found = await outlive_caller(answer.task)
        if answer.asked_at < called_at and not will_do(found):
            answer = await self._after(answer, key, ask)
            found = await outlive_caller(answer.task)
        return found

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = [answer.task for answer in self._answers.values()]
        self._answers.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _after(self, answer: _Answer[V], key: K, ask: Callable[[], Awaitable[V]]) -> _Answer[V]:
        """Return the next answer after `answer`, of whoever comes to ask first."""
        rest = answer.asked_at + self._between_seconds - self._now()
        if rest > 0:
            await self._pause(rest)
        latest = self._answers.get(key)
        return self._begin(key, ask) if latest is None or latest is answer else latest

    def _begin(self, key: K, ask: Callable[[], Awaitable[V]]) -> _Answer[V]:
        now = self._now()
        for outdated in [known for known, answer in self._answers.items() if now >= answer.until]:
            del self._answers[outdated]
        answer = self._answers[key] = _Answer(asyncio.ensure_future(_awaited(ask)), now, float("inf"))

        def answered(done: asyncio.Task[V]) -> None:
            answer.until = self._now() + self._ttl_seconds
            if not done.cancelled():
                done.exception()  # nobody may have waited for it to the end

        answer.task.add_done_callback(answered)
        return answer


async def _awaited(ask: Callable[[], Awaitable[V]]) -> V:
    return await ask()
