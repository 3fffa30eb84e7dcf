"""Cancellation: telling ours from one that a library raises, and keeping it away from the work of others."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class LeakedCancellationError(Exception):
    """Work ended with a CancelledError although nobody cancelled it, as aiokafka's stop() can. Not shown to clients."""


async def contain(work: Awaitable[T]) -> T:
    """Return what `work` returns, and raise what it raises; pass on a cancellation of this task.

    Raises LeakedCancellationError instead of a CancelledError that was not sent to this task. Otherwise that error
    would pass every `except Exception`, and the caller would get no answer, or the server's own.
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
