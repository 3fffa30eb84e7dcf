"""Work that goes on: it comes back after every fault, later each time, and says what is wrong."""

import asyncio
import logging

import pytest

from gateway.following.supervision import ReportHealthy, Supervised
from snapshots.errors import TopicsnapError
from tests.support.waiting import FAULT_SECONDS


async def test_it_comes_back_after_every_kind_of_fault(caplog: pytest.LogCaptureFixture) -> None:
    faults: list[Exception | None] = [TopicsnapError("Kafka is away."), ValueError("bug"), None]
    pauses: list[float] = []
    seen: list[str | None] = []

    async def run(report_healthy: ReportHealthy) -> None:
        if not faults:
            report_healthy()
            await asyncio.Event().wait()
        if (fault := faults.pop(0)) is not None:
            raise fault

    work = Supervised("test", run)

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        seen.append(work.last_fault)

    task = asyncio.create_task(work.supervise(pause))
    async with asyncio.timeout(FAULT_SECONDS):
        while faults or work.last_fault is not None:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0)
    assert work.alive
    assert work.faults == 3
    assert seen == ["Kafka is away.", "unexpected ValueError; see the log", "it ended by itself"]
    assert 0.5 <= pauses[0] <= 1.0 <= pauses[1] <= 2.0 <= pauses[2] <= 4.0
    assert [record.levelno for record in caplog.records] == [logging.WARNING, logging.ERROR, logging.ERROR]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not work.alive


async def test_the_pause_has_a_ceiling() -> None:
    pauses: list[float] = []

    async def run(_: ReportHealthy) -> None:
        raise TopicsnapError("away")

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 20:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Supervised("test", run).supervise(pause)
    assert max(pauses) <= 30.0
    assert min(pauses[8:]) >= 15.0
