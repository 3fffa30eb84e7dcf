"""Cancellation: telling one that is meant for us from one that a library lets out, and keeping it from others' work."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class LeakedCancellationError(Exception):
    """Work ended by a CancelledError although nobody cancelled it, as aiokafka's stop() can. Nothing for clients."""


async def contain(work: Awaitable[T]) -> T:
    """Return what `work` returns, and raise what it raises; a cancellation of this task is passed on.

    Raises LeakedCancellationError in the place of a CancelledError that this task was not sent: left alone, it passes
    every `except Exception` on its way, and whoever waits for the answer gets none, or the server's own.
    """
    try:
        return await work
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise LeakedCancellationError("a library raised CancelledError although nobody cancelled this task") from error


async def outlive_caller(task: asyncio.Task[T]) -> T:
    """Return what `task` returns, and raise what it raises; where the caller is cancelled, `task` goes on.

    As asyncio.shield, which from Python 3.14 on logs an error of the task by itself, also one that somebody handles.
    """
    await asyncio.wait({task})
    return task.result()
