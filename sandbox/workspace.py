"""Temporary directories that do not pile up: what a killed run left behind, the next one removes."""

import asyncio
import os
import shutil
import signal
import stat
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path

from persistence.embedded import runfile
from persistence.embedded.directories import locked
from persistence.embedded.errors import DirectoryBusyError, ProcessError

_PREFIX = "topicsnap-run-"
_MARKER = ".topicsnap-workspace"
"""In every directory that `workspace` made: nothing else is ever swept, whatever its name."""
_RUN_FILE = ".run.json"


@asynccontextmanager
async def workspace(parent: Path | None = None) -> AsyncIterator[Path]:
    """Yield a new directory in `parent` (the system's temporary one), for us alone, and remove it at the end.

    Directories of dead runs are removed first, and what still runs in them is ended.
    """
    parent = parent or Path(tempfile.gettempdir())
    await _sweep(parent)
    with ExitStack() as held:
        directory = _claim(held, parent)
        try:
            yield directory
        finally:
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)


async def end_orphans(directory: Path) -> None:
    """End what a dead run left running anywhere below the directory; the caller holds its lock.

    Raises:
        ProcessError: something does not end.
    """
    records = _run_files(directory)
    names = [(record.parent, record.name.removesuffix(_RUN_FILE)) for record in records]
    await asyncio.gather(*(runfile.end_orphan(parent, name, (signal.SIGINT,)) for parent, name in names))


def _run_files(directory: Path) -> list[Path]:
    return list(directory.rglob("*" + _RUN_FILE))


def _left_behind(parent: Path) -> list[Path]:
    return [found for found in parent.glob(_PREFIX + "*") if _is_ours(found)]


def _claim(held: ExitStack, parent: Path) -> Path:
    """Make a directory and lock it; once more where the sweep of another run was between the two."""
    while True:
        directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        # The account of the embedded server passes through to its data.
        directory.chmod(0o711)
        with suppress(DirectoryBusyError, FileNotFoundError):
            held.enter_context(locked(directory))
            (directory / _MARKER).touch()
            return directory


async def _sweep(parent: Path) -> None:
    for directory in _left_behind(parent):
        # Busy means that its owner lives; anything else is not worth failing a new run for.
        with suppress(DirectoryBusyError, ProcessError, OSError), locked(directory):
            await end_orphans(directory)
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)


def _is_ours(directory: Path) -> bool:
    with suppress(OSError):
        status = directory.lstat()
        ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
        return ours and (directory / _MARKER).is_file()
    return False
