"""Holds the ledger's verdicts against what arrived, in random scenarios: python -m tests.truth [SCENARIOS [SEED]].

On a real Debezium of its own. Each scenario is told with its seed: `SCENARIOS=1 SEED=…` plays it again. Ends with 1
where any verdict was wrong. LANES=n plays so many at a time; after SECONDS=n no further ones are begun. Without a
number of scenarios, or with 0, the size says how many; in CI they are the same ones each time.
"""

import asyncio
import logging
import os
import random
import sys

from sandbox.stack import Sandbox
from sandbox.workspace import workspace
from tests.support.sizes import SIZE, Size
from tests.truth.run import run

LANES = 3
SCENARIOS = {Size.QUICK: 5, Size.CI: 20, Size.CLOSING: 200}


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main(scenarios: int, seed: int) -> int:
    """Play so many scenarios, of this seed and those that follow it. Returns the exit code."""
    async with workspace() as directory, Sandbox(directory) as sandbox:
        lanes = int(os.environ.get("LANES", str(LANES)))
        seconds = float(os.environ.get("SECONDS", "0")) or None
        report = await run(sandbox, range(seed, seed + scenarios), lanes=lanes, say=say, seconds=seconds)
    for line in report.summary():
        say(line)
    return 1 if report.wrong or report.left else 0


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    count = (int(sys.argv[1]) if len(sys.argv) > 1 else 0) or SCENARIOS[SIZE]
    chosen = 1 if SIZE is Size.CI else random.randrange(1, 10**6)  # noqa: S311
    first = int(sys.argv[2]) if len(sys.argv) > 2 else chosen
    sys.exit(asyncio.run(main(count, first)))
