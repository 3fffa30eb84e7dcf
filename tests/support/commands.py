"""The program as a user runs it: in a process of its own, with an environment of its own."""

import asyncio
import os
import re
import signal
import stat
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("topicsnap")
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass(slots=True)
class Running:
    """A command that runs; its output is collected as it comes."""

    process: asyncio.subprocess.Process
    out: list[str] = field(default_factory=list)
    err: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that it said so far."""
        return "".join((*self.out, *self.err))

    async def says(self, part: str, seconds: float = _SECONDS) -> str:
        """Wait until its output holds `part`, and return all of it; fails where it ends before that."""
        async with asyncio.timeout(seconds):
            while part not in self.text:
                assert self.process.returncode is None, self.text
                await asyncio.sleep(0.02)
        return self.text

    async def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = _SECONDS) -> int:
        """Send it a signal and return its exit code."""
        self.process.send_signal(number)
        async with asyncio.timeout(seconds):
            return await self.process.wait()


def environment(**variables: str) -> dict[str, str]:
    """Return our environment without any setting of Topicsnap, and `variables`."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("TOPICSNAP_", "PORT"))}
    return ours | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"} | variables


def reachable(directory: Path) -> Path:
    """Let the server's unprivileged account pass through pytest's directories, where we are root."""
    if os.geteuid() == 0:
        for folder in (directory, *directory.parents):
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                folder.chmod(stat.S_IMODE(mode) | stat.S_IXGRP | stat.S_IXOTH)
    return directory


async def command(*arguments: str, **variables: str) -> Ended:
    """Run a command to its end."""
    process = await asyncio.create_subprocess_exec(
        PROGRAM,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(**variables),
    )
    try:
        async with asyncio.timeout(_SECONDS):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def ready_url(running: Running) -> str:
    """Wait until `topicsnap serve` is ready, and return where."""
    text = await running.says("Topicsnap is ready at ")
    found = re.search(r"ready at (http://\S+?)/ ", text)
    assert found
    return found[1]


@asynccontextmanager
async def started(*arguments: str, **variables: str) -> AsyncIterator[Running]:
    """Run a command while inside; killed at the end where it still runs."""
    async with launched(str(PROGRAM), *arguments, env=environment(**variables)) as running:
        yield running


@asynccontextmanager
async def launched(*argv: str, env: Mapping[str, str], cwd: Path | None = None) -> AsyncIterator[Running]:
    """Run a program while inside; killed at the end where it still runs."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=env,
        cwd=cwd,
        # What a test kills must not be our whole group.
        start_new_session=True,
    )
    running = Running(process)
    assert process.stdout is not None
    assert process.stderr is not None
    readers = [
        asyncio.create_task(_collect(process.stdout, running.out)),
        asyncio.create_task(_collect(process.stderr, running.err)),
    ]
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await asyncio.gather(*readers)


async def _collect(stream: asyncio.StreamReader, lines: list[str]) -> None:
    while line := await stream.readline():
        lines.append(line.decode())
