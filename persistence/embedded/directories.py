"""The directory of an embedded server or a sandbox: where it is by default, who may enter it, who uses it now."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persistence.embedded.errors import DirectoryBusyError

_ENTER_ONLY = 0o711
"""For what root makes: an unprivileged server has to pass through, nobody has to list."""
_OWNER_ONLY = 0o700


def default_directory() -> Path:
    """Return where Topicsnap keeps its own data: /var/lib/topicsnap for root, else `topicsnap` in the user's data home.

    The data home is $XDG_DATA_HOME, or ~/.local/share (XDG Base Directory Specification).
    """
    if os.geteuid() == 0:
        return Path("/var/lib/topicsnap")
    home = os.environ.get("XDG_DATA_HOME", "")
    return (Path(home) if Path(home).is_absolute() else Path.home() / ".local" / "share") / "topicsnap"


def make_directory(directory: Path) -> None:
    """Make the directory and those above it that are missing, whatever the umask; existing ones stay as they are.

    Raises:
        OSError: it cannot be made.
    """
    missing = [folder for folder in (directory, *directory.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        folder.chmod(_ENTER_ONLY if os.geteuid() == 0 else _OWNER_ONLY)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the directory for this process; the kernel lets go of it when we die, however that happens.

    Raises:
        DirectoryBusyError: another live process, or another user of it in this one, holds it.
    """
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            message = f"{directory} is in use by another running process"
            raise DirectoryBusyError(message) from error
        yield
    finally:
        os.close(descriptor)
