"""A temporary root of each run's own.

Runs of one user would share `/tmp/pytest-of-USER`, and each resets the rights of that folder when it begins: a server
that runs under another account, as our PostgreSQL does where we are root, would lose its way in the middle of a test.
"""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

_VARIABLE = "PYTEST_DEBUG_TEMPROOT"
"""Where pytest makes its folders; its worker processes are told the folder itself."""
_ROOT = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Make the root, unless the caller has chosen one."""
    if hasattr(config, "workerinput") or config.getoption("basetemp") or _VARIABLE in os.environ:
        return
    root = Path(tempfile.mkdtemp(prefix="snaptests-"))  # short: the path of a Unix socket has 107 bytes
    root.chmod(0o711)
    os.environ[_VARIABLE] = str(root)
    config.stash[_ROOT] = root


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember whether there is anything to look at."""
    if exitstatus == pytest.ExitCode.OK and (root := session.config.stash.get(_ROOT, None)):
        shutil.rmtree(root, ignore_errors=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave the environment as it was."""
    if config.stash.get(_ROOT, None):
        os.environ.pop(_VARIABLE, None)
