"""The folder of what was fetched: a file that arrived whole is never fetched again, however the installation ends.

pip writes each file to a temporary folder of its own, and moves none of them before all are there. So each gets a
second name here as soon as it appears. One that was cut off does no harm: pip checks the hash of what lies here, and
fetches it anew. pip's own cache would do the same, but may be off or not writable, or the index forbids it.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from scripts.installing.locks import Lock
from scripts.installing.pip import Pip
from scripts.installing.problems import explained

_LOOK_SECONDS = 0.2
_MB = 1_000_000

Show = Callable[[str], None]


class Downloads:
    """The folder, inside the checkout; to be removed when everything is installed."""

    def __init__(self, folder: Path) -> None:
        """Use this folder, made if missing."""
        self.folder = folder
        self.files = folder / "files"
        self.temporary = folder / "tmp"
        self.log = folder / "pip.log"

    def fetch(self, lock: Lock, pip: Pip, settings: dict[str, str], show: Show) -> None:
        """Fetch what the lock names and is not here yet; `show` how far it is. Raises InstallError."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.files.mkdir(parents=True, exist_ok=True)
        self.temporary.mkdir()
        names = {entry.name for entry in lock.entries}
        arguments = ("download", "--no-deps", "--require-hashes", "--only-binary=:all:", "-r", str(lock.path))
        process = pip.start(
            *arguments, "-d", str(self.files), log=self.log, variables={**settings, "TMPDIR": str(self.temporary)}
        )

        def look() -> None:
            newest = self.keep()
            fetched = sum(_size(path) for path in self.files.iterdir() if _project(path) in names)
            of = f" of about {lock.size.download_mb} MB" if lock.size.download_mb else " MB"
            show(f"{lock.group}: fetched {fetched // _MB}{of}" + (f", {newest}" if newest else ""))

        code = wait(process, look)
        shutil.rmtree(self.temporary, ignore_errors=True)
        if code:
            raise explained(f"pip could not fetch the packages of {lock.path.name}", self.log)

    def keep(self) -> str | None:
        """Give a second name to each file that pip is fetching or has fetched; return the name of the newest."""
        newest = None
        # The order in which pip makes its folders is that of their times.
        for path in sorted(_wheels(self.temporary), key=_age):
            with suppress(OSError):  # it is there already, or gone, or the file system knows no second names
                os.link(path, self.files / path.name)
            newest = _project(path)
        return newest

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def wait(process: "subprocess.Popen[bytes]", look: Callable[[], None]) -> int:
    """Return the exit code of the process; `look` now and then until it ends, and once after. It dies with us.

    It is killed, not asked to end: asked, pip would remove what it has fetched.
    """
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(_LOOK_SECONDS)
                look()
                return code
            look()
    except BaseException:
        look()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


def _wheels(folder: Path) -> list[Path]:
    """Return the wheels in the folders of `folder`, which pip removes while we look."""
    found = []
    for below in folder.iterdir():
        with suppress(OSError):
            found += [path for path in below.iterdir() if path.suffix == ".whl"]
    return found


def _project(wheel: Path) -> str:
    return re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower()


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _age(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0
