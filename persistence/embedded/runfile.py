"""The record of a running child, so that the next start can end an orphan and nothing else."""

import asyncio
import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from persistence.embedded.errors import ProcessError
from persistence.embedded.identity import identify, is_alive

_PATIENCE_SECONDS = 10.0
_POLL_SECONDS = 0.01


def write(directory: Path, name: str, pid: int) -> None:
    """Record that `name` runs in the directory under this pid."""
    text = json.dumps({"pid": pid, "identity": identify(pid)})
    _path(directory, name).write_text(text, encoding="utf-8")


def remove(directory: Path, name: str) -> None:
    """Forget it; no error where there is no record."""
    _path(directory, name).unlink(missing_ok=True)


async def end_orphan(directory: Path, name: str, stop_signals: tuple[signal.Signals, ...]) -> bool:
    """End what an earlier run left running under this name; return whether there was something to end.

    A process that merely has the same pid is left alone. The caller makes sure that the earlier run is dead (`locked`).

    Raises:
        ProcessError: it does not end, not even by SIGKILL, or belongs to another user.
    """
    pid = orphan_pid(directory, name)
    if pid is None:
        remove(directory, name)
        return False
    try:
        for number in (*stop_signals, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
            if await _ended(pid):
                remove(directory, name)
                return True
    except PermissionError as error:
        message = f"{name} of an earlier run still runs as process {pid} and belongs to another user"
        raise ProcessError(message) from error
    message = f"{name} of an earlier run still runs as process {pid} and does not end"
    raise ProcessError(message)


def orphan_pid(directory: Path, name: str) -> int | None:
    """Return the pid in the record if that very process still runs, else None; an unreadable record counts as none."""
    try:
        record = json.loads(_path(directory, name).read_text(encoding="utf-8"))
        pid, identity = int(record["pid"]), record["identity"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return pid if identity is not None and is_alive(pid) and identify(pid) == identity else None


async def _ended(pid: int) -> bool:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while is_alive(pid):
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(_POLL_SECONDS)
    return True


def _path(directory: Path, name: str) -> Path:
    return directory / f"{name}.run.json"
