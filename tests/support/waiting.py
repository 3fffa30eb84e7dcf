"""Waiting for a state in tests."""

import asyncio
import time
from collections.abc import Awaitable, Callable

FAULT_SECONDS = 60.0
"""How long a test waits for what must happen. Only a fault uses it up: no test says how quick anything is."""
_PAUSE_SECONDS = 0.01


async def until(condition: Callable[[], object], what: str = "the state that was waited for") -> None:
    """Return once `condition` holds. Fails where it does not come about."""

    async def probe() -> object:
        return condition()

    await until_told(probe, what)


async def until_told(probe: Callable[[], Awaitable[object]], what: str = "the state that was waited for") -> None:
    """Return once what `probe` asks somebody else is true."""
    deadline = time.monotonic() + FAULT_SECONDS
    while not await probe():
        assert time.monotonic() < deadline, f"{what} did not come about"
        await asyncio.sleep(_PAUSE_SECONDS)
