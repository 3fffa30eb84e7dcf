"""A temporary root of each run's own.

Runs of one user would share `/tmp/pytest-of-USER`, and each resets the rights of that folder when it begins: a server
that runs under another account, as our PostgreSQL does where we are root, would lose its way in the middle of a test.
"""

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

_VARIABLE = "PYTEST_DEBUG_TEMPROOT"
"""Where pytest makes its folders; its worker processes are told the folder itself."""
_ROOT = pytest.StashKey[Path]()
_PREFIX = "snaptests-"
"""Short: the path of a Unix socket has 107 bytes."""
_KEPT_SECONDS = 24 * 3600
"""How long the folder of a run that failed, or was killed, can be looked at."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the root, unless the caller has chosen one."""
    if hasattr(config, "workerinput") or config.getoption("basetemp") or _VARIABLE in os.environ:
        return
    _remove_old()
    root = Path(tempfile.mkdtemp(prefix=_PREFIX))
    root.chmod(0o711)
    os.environ[_VARIABLE] = str(root)
    config.stash[_ROOT] = root


def _remove_old() -> None:
    """Remove what runs of this user left long ago."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            found = left.stat()
            if found.st_uid == os.geteuid() and time.time() - found.st_mtime > _KEPT_SECONDS:
                shutil.rmtree(left)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remove it, unless there is something to look at."""
    if exitstatus == pytest.ExitCode.OK and (root := session.config.stash.get(_ROOT, None)):
        shutil.rmtree(root, ignore_errors=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the environment as it was."""
    if config.stash.get(_ROOT, None):
        os.environ.pop(_VARIABLE, None)
