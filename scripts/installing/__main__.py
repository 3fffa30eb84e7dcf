"""`python -m scripts.installing demo|dev`: set .venv up, one process at a time. `--check`: only say whether it is."""

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from scripts.installing.errors import InstallError
from scripts.installing.installer import Installer
from scripts.installing.progress import Progress

ROOT = Path.cwd()


def main(arguments: list[str]) -> int:
    """Return the exit code."""
    check = "--check" in arguments
    (profile,) = (argument for argument in arguments if argument != "--check")
    progress = Progress()
    chosen = bool(os.environ.get("PYTHON"))
    installer = Installer(ROOT, profile, environ=dict(os.environ), progress=progress, chosen=chosen)
    if check:
        return 0 if installer.up_to_date() else 1
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        with alone(ROOT / ".venv.lock", progress) as lock:
            # The one that was waited for may have done it.
            if not installer.up_to_date():
                installer.run(lock)
    except InstallError as error:
        progress.say(f"Topicsnap is not installed. {error}")
        return 1
    except OSError as error:
        progress.say(f"Topicsnap is not installed. {error}. Run this again when that is mended.")
        return 1
    except KeyboardInterrupt:
        progress.say("Stopped before the end. Run this again: what was fetched is kept.")
        return 130
    return 0


@contextmanager
def alone(path: Path, progress: Progress) -> Iterator[int]:
    """Hold the kernel's lock on the file, which ends with the processes that hold it; wait for who has it."""
    lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.say("Another installation is under way in this checkout. Waiting for its end.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock
    finally:
        os.close(lock)


def _stop(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
