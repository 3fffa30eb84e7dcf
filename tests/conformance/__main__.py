"""Runs what others wrote to judge a GraphQL server, and prints the scores: python -m tests.conformance [SUITE ...].

All of it in front of the real demo: a PostgreSQL, a broker, Kafka Connect and Debezium of its own. Ends with 1 where a
suite fails, with what it said.
"""

import asyncio
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from tests.conformance.npm_projects import ROOT, BuildError, Node, find_node
from tests.conformance.suites import DEMO, PRODUCTS, SUITES, Suite
from tests.support.commands import environment, started

START_SECONDS = 240.0
_SCORE = re.compile(r"^.+: (\d+) passed, (\d+) failed$", re.MULTILINE)


@asynccontextmanager
async def demo() -> AsyncIterator[str]:
    """Yield the GraphQL URL of the demo on a free port."""
    async with started("demo", "--port", "0", TMPDIR=tempfile.gettempdir()) as running:
        text = await running.says("Ctrl+C stops everything.", START_SECONDS)
        found = re.search(r"GraphQL +(http\S+)", text)
        assert found, text
        yield found[1]
        await running.stop()


@asynccontextmanager
async def products() -> AsyncIterator[str]:
    """Yield the GraphQL URL of the products subgraph on a free port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.e2e.federation.products",
        cwd=ROOT,
        env=environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), 60)
        assert line, "The products subgraph did not start."
        yield line.decode().strip()
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def judge(suite: Suite, node: Node, arguments: Sequence[str]) -> bool:
    """Run a suite and print its scores; where it failed, all that it said. Returns whether it passed."""
    process = await asyncio.create_subprocess_exec(
        node.node,
        str(suite.script),
        *arguments,
        cwd=ROOT,
        env={**os.environ, "CI": "true", "NODE_ENV": "test"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,  # a group of its own, so that what it started can be ended with it
    )
    out = b""
    try:
        async with asyncio.timeout(suite.timeout_seconds):
            out, _ = await process.communicate()
    except TimeoutError:
        out = f"{suite.script.name} took more than {suite.timeout_seconds:g} s.\n".encode()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    text = out.decode(errors="replace")
    scores = [(int(passed), int(failed)) for passed, failed in _SCORE.findall(text)]
    passed = process.returncode == 0 and len(scores) == suite.scores and all(failed == 0 for _, failed in scores)
    sys.stdout.write("".join(f"{score[0]}\n" for score in _SCORE.finditer(text)) if passed else text)
    sys.stdout.flush()
    return passed


async def main(names: Sequence[str]) -> bool:
    """Run the suites of these names, all where there are none. Returns whether all passed."""
    suites = {name: SUITES[name] for name in names or SUITES}
    node = find_node()
    projects = {suite.project for suite in suites.values()}
    async with AsyncExitStack() as stack:
        installing = asyncio.gather(*(asyncio.to_thread(project.install, node) for project in projects))
        urls = {DEMO: await stack.enter_async_context(demo())}
        if "compatibility" in suites:
            urls[PRODUCTS] = await stack.enter_async_context(products())
        await installing
        passed = [await judge(suite, node, suite.arguments(urls)) for suite in suites.values()]
    return all(passed)


if __name__ == "__main__":
    unknown = sorted(set(sys.argv[1:]) - set(SUITES))
    if unknown:
        sys.exit(f"No suite is named {', '.join(unknown)}; there are: {', '.join(SUITES)}.")
    Path(ROOT / "build").mkdir(exist_ok=True)
    try:
        sys.exit(0 if asyncio.run(main(sys.argv[1:])) else 1)
    except BuildError as error:
        sys.exit(f"The packages of a suite could not be installed: {error}")
