"""A child process that cannot outlive us.

Three nets, each for what slips through the one before: `stop`; on Linux the kernel's signal on our death (leash.py),
which even SIGKILL cannot prevent; and a run file, from which the next start in the same directory ends an orphan (macOS
has no such signal).

The kernel's signal comes when the *thread* that started the child ends: start children on the main thread's event loop.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from persistence.embedded import leash, runfile
from persistence.embedded.accounts import Account
from persistence.embedded.errors import ProcessError

_POLL_SECONDS = 0.01
_REAP_SECONDS = 5.0
_KEPT_VARIABLES = ("PATH", "HOME", "LANG", "TZ", "TMPDIR")
"""Children get no more of our environment: it may hold secrets, and PG* variables would change what they do."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, as whom, and how it likes to be ended."""

    name: str
    argv: tuple[str, ...]
    directory: Path
    """Where `<name>.log` and the run file go."""
    account: Account | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    working_directory: Path | None = None
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM,)
    """Sent one after the other, each when the one before did not help; SIGKILL comes last by itself."""
    death_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends it when we die (Linux)."""

    @property
    def log(self) -> Path:
        """The file of its output; the one of the run before is kept beside it with the ending `.1`."""
        return self.directory / f"{self.name}.log"


class ChildProcess:
    """One running child. Leave its context, or call `stop`, to end it."""

    def __init__(self, command: Command, process: subprocess.Popen[bytes]) -> None:
        """Wrap a process just started; use `start` instead."""
        self.command = command
        self._process = process

    @classmethod
    async def start(cls, command: Command) -> Self:
        """Start the command in a session of its own, so that Ctrl-C in a terminal reaches us and not the child.

        An orphan that an earlier run left in the same directory is ended first.

        Raises:
            ProcessError: the program cannot be started, or the orphan does not end.
        """
        await runfile.end_orphan(command.directory, command.name, command.stop_signals)
        if command.log.exists():
            command.log.replace(command.log.with_suffix(".log.1"))
        try:
            process = _spawn(command)
        except OSError as error:
            message = f"{command.name} cannot be started: {error}"
            raise ProcessError(message) from error
        runfile.write(command.directory, command.name, process.pid)
        return cls(command, process)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs, then its exit status, negative for the signal that ended it."""
        return self._process.poll()

    def log_tail(self, lines: int = 10) -> str:
        """Return the last lines of its output."""
        text = self.command.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.strip().splitlines()[-lines:])

    async def wait(self, timeout_seconds: float) -> bool:
        """Wait for it to end; return whether it did in time."""
        return await until(lambda: self.returncode is not None, timeout_seconds)

    async def stop(self, timeout_seconds: float = 10.0) -> None:
        """End it, gently first: `timeout_seconds` for each of its stop signals, then SIGKILL. No error if it has ended.

        A cancellation cuts the patience short, never the ending: the child is gone when this returns or raises.
        """
        try:
            for number in self.command.stop_signals:
                if self.returncode is not None:
                    break
                self._process.send_signal(number)
                await self.wait(timeout_seconds)
        finally:
            self.kill()

    def kill(self) -> None:
        """End it at once by SIGKILL and take its exit status; no error if it has ended."""
        if self.returncode is None:
            self._process.kill()
            self._process.wait(_REAP_SECONDS)
        runfile.remove(self.command.directory, self.command.name)

    async def __aenter__(self) -> Self:
        """Return itself, running already."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        await self.stop()


async def until(condition: Callable[[], bool], timeout_seconds: float) -> bool:
    """Ask until the condition holds; return False where it did not within the time."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child: the few variables of ours that it needs, and `extra`."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return kept | dict(extra)


def _spawn(command: Command) -> subprocess.Popen[bytes]:
    # The log is its owner's alone: a server's can hold statements with their values.
    output = os.open(command.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        return _popen(command, output)
    finally:
        os.close(output)


def _popen(command: Command, output: int) -> subprocess.Popen[bytes]:
    account = command.account
    argv = command.argv
    user = account
    if sys.platform == "linux" and sys.executable:
        uid, gid = (account.uid, account.gid) if account else (-1, -1)
        leashed = (os.getpid(), int(command.death_signal), uid, gid)
        argv = (sys.executable, "-I", "-S", leash.__file__, *(str(part) for part in leashed), *argv)
        user = None
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd=command.working_directory or command.directory,
        env=clean_environment(command.environment),
        start_new_session=True,
        user=user.uid if user else None,
        group=user.gid if user else None,
        extra_groups=[] if user else None,
    )


async def run(command: Command, timeout_seconds: float) -> str:
    """Run a command to its end and return its output.

    Raises:
        ProcessError: it cannot be started, takes longer than that, or ends with a failure; with its last output.
    """
    async with await ChildProcess.start(command) as child:
        ended = await child.wait(timeout_seconds)
        if not ended or child.returncode != 0:
            reason = f"ended with status {child.returncode}" if ended else f"took longer than {timeout_seconds:g} s"
            message = f"{command.name} {reason}: {child.log_tail()}"
            raise ProcessError(message)
        return child.log_tail(lines=1_000)
