"""`make test-all` and `.ci/run`: run every tier, whatever fails and without a second try, and tell of each in one line.

A line holds the tier, whether it passed, its seconds and its figures. SIZE says how much each tier tries (ci).
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Tier:
    """A target of the Makefile, and how long it may take in the CI size: what hangs must not take the others' time."""

    target: str
    limit_seconds: float
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a tier."""

    target: str
    word: str
    """`passed`, `FAILED`, or `FAILED (stopped)` where it took too long."""
    seconds: float
    figures: str

    @property
    def passed(self) -> bool:
        """Whether it went well."""
        return self.word == "passed"

    def __str__(self) -> str:
        """The closing line."""
        return f"{self.target}: {self.word} in {self.seconds:.0f} s" + (f": {self.figures}" if self.figures else "")


TIERS = (
    Tier("check", 10 * MINUTE, ("--keep-going",)),
    Tier("test", 15 * MINUTE),
    Tier("test-built", 10 * MINUTE),
    Tier("test-real", 20 * MINUTE),
    Tier("truth", 10 * MINUTE),
    Tier("test-faults", 15 * MINUTE),
    Tier("test-conformance", 10 * MINUTE),
    Tier("test-install", 15 * MINUTE),
)
CLOSING_FACTOR = 15
"""How many times as long a tier may take in the closing size."""
_KILL_SECONDS = 30.0
"""How long a tier that is stopped has to end what it started."""

_PYTEST = re.compile(r"^(?:=+ )?(?P<counts>(?:\d+ [a-z]+(?:, )?)+) in [\d.]+s")
_SCORE = re.compile(r"^(?:.+: )?(?P<passed>\d+) passed, (?P<failed>\d+) failed(?:, (?P<skipped>\d+) skipped)?$")
_COUNTED = re.compile(
    r"^(?:truth: (?P<truth>.+)|(?P<contracts>Contracts: .+)\.|.*Total (?P<coverage>coverage: [\d.]+%))"
)


def figures_of(lines: Iterable[str]) -> str:
    """Return what a tier's output counts, in the order in which it comes: tests, scores, scenarios, coverage."""
    found: list[str] = []
    passed = failed = 0
    for line in lines:
        if pytest := _PYTEST.match(line):
            found.append(pytest["counts"])
        elif score := _SCORE.match(line):
            passed, failed = passed + int(score["passed"]), failed + int(score["failed"])
        elif counted := _COUNTED.match(line):
            found += [text for text in counted.groups() if text]
    if passed or failed:
        found.append(f"{passed} passed, {failed} failed")
    return "; ".join(found)


def run(tier: Tier, *, limit_seconds: float) -> Outcome:
    """Run a tier, printing what it says, and return what became of it."""
    sys.stdout.write(f"\n--- make {tier.target}\n")
    sys.stdout.flush()
    began = time.monotonic()
    process = subprocess.Popen(
        ("make", *tier.options, tier.target),  # noqa: S607 - make from PATH, as a developer has it
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # a group of its own, so that all of it can be stopped
    )
    lines: list[str] = []
    # Beside, as something that a stopped tier left may hold its output open.
    copying = threading.Thread(target=_copy, args=(process, lines), daemon=True)
    copying.start()
    try:
        code = process.wait(limit_seconds)
        word = "FAILED" if code else "passed"
    except subprocess.TimeoutExpired:
        word = "FAILED (stopped)"
    finally:
        _stop(process)
    copying.join(10)
    return Outcome(tier.target, word, time.monotonic() - began, figures_of(list(lines)))


def _copy(process: "subprocess.Popen[str]", lines: list[str]) -> None:
    if process.stdout is None:
        return
    with process.stdout as said:
        for line in said:
            lines.append(line.rstrip("\n"))
            sys.stdout.write(line)
            sys.stdout.flush()


def _stop(process: "subprocess.Popen[str]") -> None:
    """End the tier's processes, if there are any left."""
    with contextlib.suppress(ProcessLookupError):
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_KILL_SECONDS)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def main(names: Sequence[str]) -> int:
    """Run the tiers of these names, all where there are none, and return the exit code."""
    os.environ["SIZE"] = size = os.environ.get("SIZE") or "ci"
    factor = CLOSING_FACTOR if size == "closing" else 1
    known = {tier.target: tier for tier in TIERS}
    if unknown := [name for name in names if name not in known]:
        sys.stderr.write(f"No tier is named {', '.join(unknown)}; there are: {', '.join(known)}.\n")
        return 2
    wanted = [known[name] for name in names] or TIERS
    outcomes: list[Outcome] = []
    try:
        outcomes.extend(run(tier, limit_seconds=tier.limit_seconds * factor) for tier in wanted)
    finally:
        seconds = sum(one.seconds for one in outcomes)
        closing = [f"SIZE={size}, {seconds:.0f} s in all", *map(str, outcomes)]
        sys.stdout.write("\n" + "\n".join(closing) + "\n")
    return 0 if all(one.passed for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
