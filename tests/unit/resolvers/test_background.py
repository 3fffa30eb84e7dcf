"""Work that outlives its caller: run to its end, its result or error not lost, waited for at shutdown."""

import asyncio
import logging

import pytest

from resolvers.background import Background

AT_ONCE = 0.001
"""A time limit for what never ends."""
IN_GOOD_TIME = 60
"""A time limit that is never waited for."""


class Work:
    """A piece of work that a test lets go on when it likes."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.may_end = asyncio.Event()
        self.ended = False

    async def run(self) -> None:
        self.begun.set()
        await self.may_end.wait()
        self.ended = True


async def test_the_caller_gets_the_result() -> None:
    async def works() -> str:
        return "result"

    assert await Background().finish(works()) == "result"


async def test_the_caller_gets_the_error() -> None:
    async def fails() -> None:
        raise ValueError("no luck")

    with pytest.raises(ValueError, match="no luck"):
        await Background().finish(fails())


async def test_a_caller_that_is_cancelled_does_not_stop_the_work() -> None:
    background, work = Background(), Work()
    caller = asyncio.create_task(background.finish(work.run()))
    await work.begun.wait()

    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not work.ended

    work.may_end.set()
    assert await background.drain(IN_GOOD_TIME) == 0
    assert work.ended


async def test_an_error_of_work_whose_caller_has_gone_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    background, work = Background(), Work()

    async def fails() -> None:
        await work.run()
        raise ValueError("nobody listens")

    caller = asyncio.create_task(background.finish(fails()))
    await work.begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller

    with caplog.at_level(logging.ERROR, logger="resolvers.background"):
        work.may_end.set()
        await background.drain(IN_GOOD_TIME)
        await asyncio.sleep(0)

    assert [(record.name, str(record.exc_info[1])) for record in caplog.records if record.exc_info] == [
        ("resolvers.background", "nobody listens")
    ]


async def test_an_error_that_the_caller_got_is_not_logged_as_well(caplog: pytest.LogCaptureFixture) -> None:
    async def fails() -> None:
        raise ValueError("no luck")

    with pytest.raises(ValueError, match="no luck"):
        await Background().finish(fails())
    await asyncio.sleep(0)

    assert caplog.text == ""


async def test_started_work_runs_on_its_own() -> None:
    background, work = Background(), Work()

    background.start(work.run())
    await work.begun.wait()
    work.may_end.set()

    assert await background.drain(IN_GOOD_TIME) == 0
    assert work.ended


async def test_an_error_of_started_work_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    background = Background()

    async def fails() -> None:
        raise ValueError("nobody listens")

    with caplog.at_level(logging.ERROR, logger="resolvers.background"):
        background.start(fails())
        assert await background.drain(IN_GOOD_TIME) == 0

    assert [(record.name, str(record.exc_info[1])) for record in caplog.records if record.exc_info] == [
        ("resolvers.background", "nobody listens")
    ]


async def test_draining_without_work_returns_at_once() -> None:
    assert await Background().drain(IN_GOOD_TIME) == 0
    assert await Background().drain(0) == 0


async def test_draining_does_not_wait_for_ever_and_tells_how_much_is_left() -> None:
    background, works = Background(), [Work(), Work(), Work()]
    for work in works:
        background.start(work.run())
        await work.begun.wait()
    works[0].may_end.set()

    assert await background.drain(AT_ONCE) == 2

    for work in works:
        work.may_end.set()
    assert await background.drain(IN_GOOD_TIME) == 0
    assert all(work.ended for work in works)  # the first drain gave up, and cancelled nothing


async def test_draining_waits_for_what_the_work_starts_in_turn() -> None:
    background = Background()
    ended = asyncio.Event()

    async def takes_many_turns() -> None:
        for _ in range(50):
            await asyncio.sleep(0)
        ended.set()

    async def starts_another() -> None:
        background.start(takes_many_turns())

    background.start(starts_another())

    assert await background.drain(IN_GOOD_TIME) == 0
    assert ended.is_set()
