"""One question for all who ask it at about the same time; failures are shared too, and being cancelled is one's own."""

import asyncio

import pytest

from snapshots.engines.debezium.connect.shared_answers import SharedAnswers


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Question:
    """Answers how often it was asked, once it may."""

    def __init__(self) -> None:
        self.times = 0
        self.may = asyncio.Event()
        self.fault: Exception | None = None

    async def ask(self) -> int:
        self.times += 1
        await self.may.wait()
        if self.fault is not None:
            raise self.fault
        return self.times


async def test_who_comes_meanwhile_or_soon_after_gets_the_same_answer() -> None:
    clock, question = Clock(), Question()
    answers: SharedAnswers[str, int] = SharedAnswers(ttl_seconds=2, now=clock)
    waiting = [asyncio.create_task(answers.get("a", question.ask)) for _ in range(50)]
    await asyncio.sleep(0)
    question.may.set()
    assert await asyncio.gather(*waiting) == [1] * 50
    clock.now = 1.9
    assert await answers.get("a", question.ask) == 1
    assert await answers.get("b", question.ask) == 2
    clock.now = 2.0
    assert await answers.get("a", question.ask) == 3


async def test_a_failure_is_shared_for_a_while_as_well() -> None:
    clock, question = Clock(), Question()
    answers: SharedAnswers[str, int] = SharedAnswers(ttl_seconds=2, now=clock)
    question.may.set()
    question.fault = OSError("away")
    for _ in range(3):
        with pytest.raises(OSError, match="away"):
            await answers.get("a", question.ask)
    assert question.times == 1
    question.fault, clock.now = None, 3.0
    assert await answers.get("a", question.ask) == 2


async def test_the_first_who_is_cancelled_takes_nobody_with_it() -> None:
    question = Question()
    answers: SharedAnswers[str, int] = SharedAnswers(ttl_seconds=2)
    first = asyncio.create_task(answers.get("a", question.ask))
    second = asyncio.create_task(answers.get("a", question.ask))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    question.may.set()
    assert await second == 1
    assert first.cancelled()


async def test_closing_gives_up_what_is_under_way() -> None:
    question = Question()
    answers: SharedAnswers[str, int] = SharedAnswers(ttl_seconds=2)
    waiting = asyncio.create_task(answers.get("a", question.ask))
    await asyncio.sleep(0)
    await answers.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
