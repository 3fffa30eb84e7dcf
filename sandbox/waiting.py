"""Waiting for a state by asking for it, never by a fixed pause."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sandbox.errors import SandboxError

T = TypeVar("T")

_POLL_SECONDS = 0.05


async def eventually(probe: Callable[[], Awaitable[T | None]], timeout_seconds: float, what: str) -> T:
    """Ask until the probe returns something other than None or False, and return that.

    Raises:
        SandboxError: it did not within the time; names `what` was waited for.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        answer = await probe()
        if answer is not None and answer is not False:
            return answer
        if time.monotonic() >= deadline:
            message = f"{what}: not within {timeout_seconds:g} s"
            raise SandboxError(message)
        await asyncio.sleep(_POLL_SECONDS)
