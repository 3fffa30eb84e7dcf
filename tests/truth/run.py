"""A run: so many scenarios, several at a time, each told in one line; in the end how many were wrong."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sandbox.stack import Sandbox
from tests.truth.lanes import Lane
from tests.truth.play import SCENARIO_SECONDS, Result, play
from tests.truth.scenarios import Scenario, make_scenario
from tests.truth.stage import Stage, open_stage

BATCH = 5
"""How many scenarios a lane plays between two restarts of its connectors."""
_PREPARE_SECONDS = 180.0

Say = Callable[[str], None]


@dataclass
class Report:
    """What a run found."""

    results: list[Result] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """What kept scenarios from being played at all."""
    seconds: float = 0.0
    left: int = 0
    """How many scenarios were not played, because the time was over."""

    @property
    def wrong(self) -> int:
        """How many scenarios were wrong."""
        return sum(bool(result.faults) for result in self.results) + len(self.broken)

    def summary(self) -> list[str]:
        """Return the closing lines."""
        outcomes: Counter[str] = Counter()
        remedies: Counter[str] = Counter()
        for result in self.results:
            outcomes += result.outcomes
            remedies += result.remedies
        topics = sum(result.topics for result in self.results)
        listed = ", ".join(f"{name} {times}" for name, times in outcomes.most_common())
        helped = ", ".join(f"{name} {times}" for name, times in remedies.most_common()) or "none"
        each = self.seconds / max(1, len(self.results))
        missed = [f"not played, because the time was over: {self.left}"] if self.left else []
        return [
            *missed,
            f"topics: {listed}",
            f"an operator's remedies: {helped}",
            f"time: {self.seconds:.0f} s, {each:.1f} s a scenario",
            f"truth: {len(self.results)} scenarios, {topics} topics, {self.wrong} wrong",
        ]


async def run(sandbox: Sandbox, seeds: Sequence[int], *, lanes: int, say: Say, seconds: float | None = None) -> Report:
    """Play the scenarios of these seeds on so many lanes at a time. Nothing in it waits for ever.

    After `seconds` no further ones are begun; by default there is time enough even where each takes its full time.
    """
    report, began = Report(), time.monotonic()
    until = began + (seconds or len(seeds) * SCENARIO_SECONDS)
    waiting = [make_scenario(seed) for seed in seeds]
    async with open_stage(sandbox) as stage, asyncio.TaskGroup() as group:
        for _ in range(min(lanes, len(waiting))):
            group.create_task(_keep_playing(stage, waiting, min(BATCH, -(-len(seeds) // lanes)), report, say, until))
    report.left = len(waiting)
    report.seconds = time.monotonic() - began
    return report


async def _keep_playing(
    stage: Stage, waiting: list[Scenario], size: int, report: Report, say: Say, until: float
) -> None:
    lane: Lane | None = None
    while waiting and time.monotonic() < until:
        batch, waiting[:] = waiting[:size], waiting[size:]
        left = list(batch)
        try:
            async with asyncio.timeout(_PREPARE_SECONDS + len(batch) * SCENARIO_SECONDS):
                lane = await _play_batch(stage, lane, left, report, say)
        except Exception as error:  # noqa: BLE001 (it costs this batch, not the run)
            for scenario in left:
                report.broken.append(f"seed={scenario.seed}: not played: {error!r}")
                say(report.broken[-1])
            lane = None


async def _play_batch(stage: Stage, old: Lane | None, left: list[Scenario], report: Report, say: Say) -> Lane | None:
    """Play the scenarios of `left`, taking each out of it; return the lane if it can be used again."""
    batch = list(left)
    lane = old
    while left:
        lane = await stage.lane(left, lane)
        ids = await stage.topic_ids(lane)
        async with lane.reading(left) as reader:
            while left:
                result = await play(stage, lane, reader, ids, left[0])
                left.pop(0)
                report.results.append(result)
                say(_line(len(report.results), result))
                if not reader.is_alive:
                    raise RuntimeError("the reader of the topics has ended")
                if result.needs_new_lane:
                    break
        if left or report.results[-1].needs_new_lane:
            await lane.end()
            lane = None
    if lane is not None:
        await lane.drop(*(table for scenario in batch for table in scenario.made))
    return lane


def _line(number: int, result: Result) -> str:
    listed = ", ".join(f"{name} {times}" for name, times in result.outcomes.items() if times)
    remedies = "".join(f"; {name} x{times}" for name, times in result.remedies.items())
    verdict = "ok" if not result.faults else "WRONG"
    head = f"{number:4} seed={result.scenario.seed} {verdict} {result.seconds:.1f} s: {result.scenario} -> {listed}"
    return "\n".join([head + remedies, *(f"       {fault}" for fault in result.faults)])
