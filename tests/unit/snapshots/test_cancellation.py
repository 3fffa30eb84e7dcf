"""A cancellation that is ours passes; one that a library lets out is a failure."""

import asyncio

import pytest

from snapshots.cancellation import LeakedCancellationError, contain, outlive_caller


async def test_what_work_returns_and_raises_is_left_alone() -> None:
    async def work(number: int) -> float:
        return 1 / number

    assert await contain(work(2)) == 0.5
    with pytest.raises(ZeroDivisionError):
        await contain(work(0))


async def test_the_cancellation_of_something_that_was_waited_for_is_an_error() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel()
    with pytest.raises(LeakedCancellationError):
        await contain(future)


async def test_a_cancellation_of_the_task_is_passed_on() -> None:
    task = asyncio.create_task(contain(asyncio.Event().wait()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_deadline_around_it_is_kept() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await contain(asyncio.Event().wait())


async def test_a_task_goes_on_when_its_caller_is_cancelled() -> None:
    done = asyncio.Event()

    async def work() -> str:
        await done.wait()
        return "result"

    task = asyncio.create_task(work())
    caller = asyncio.create_task(outlive_caller(task))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    done.set()
    assert await outlive_caller(task) == "result"


async def test_an_error_that_somebody_handles_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """asyncio.shield, from Python 3.14 on, would log it for the caller that was cancelled."""
    failing = asyncio.Event()

    async def fail() -> None:
        await failing.wait()
        raise ValueError("a fault")

    task = asyncio.create_task(fail())
    gone = asyncio.create_task(outlive_caller(task))
    await asyncio.sleep(0)
    gone.cancel()
    failing.set()
    with pytest.raises(ValueError, match="a fault"):
        await outlive_caller(task)
    assert gone.cancelled()
    assert caplog.records == []
