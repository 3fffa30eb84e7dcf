"""One trial: a fresh copy, its own .venv, the demo to the first COMPLETED, the rest of the installation, unit tests."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_SECONDS = 900.0
"""How long one step may take; a slow machine takes two minutes for the longest."""
_READY = "Ctrl+C stops everything."


class TrialError(Exception):
    """A step did not do what it promises; the message says which, and what was printed."""


@dataclass(slots=True)
class Trial:
    """The trial in the folder, made if missing, with an environment that is as the user's."""

    root: Path
    folder: Path
    environ: Mapping[str, str]
    took: dict[str, float] = field(default_factory=dict)

    def run(self, python: Path, pip: str) -> None:
        """Do all of it. Raises TrialError."""
        copy_checkout(self.root, self.folder)
        self._step("venv", lambda: self._make_venv(python, pip))
        self._step("make install-demo", lambda: self._call("make", "install-demo"))
        self._step("make demo to COMPLETED", self._demo)
        if said := self._call("make", "install-demo"):
            raise TrialError(f"The second installation should have had nothing to do, and said:\n{said}")
        self._step("make install", lambda: self._call("make", "install"))
        tests = ("tests/unit", "tests/packaging/test_locks.py")
        self._step("unit tests", lambda: self._call(".venv/bin/pytest", "-q", "-p", "no:cacheprovider", *tests))

    def pip_version(self) -> str:
        """Return the version of the pip that was used."""
        return self._call(".venv/bin/python", "-m", "pip", "--version").split()[1]

    def _make_venv(self, python: Path, pip: str) -> None:
        self._call(str(python), "-m", "venv", ".venv")
        # "--no-deps": this is the one package that is not locked here.
        wanted = ("--upgrade", "pip") if not pip else (f"pip=={pip}",)
        self._call(".venv/bin/python", "-m", "pip", "install", "--quiet", "--no-deps", *wanted)

    def _demo(self) -> None:
        demo = Demo(self.folder, self.environ)
        try:
            said = demo.ready()
            command = next((line for line in said.splitlines() if " snapshot " in line and " --watch " in line), None)
            if command is None:
                raise TrialError(f"The demo prints no command to paste:\n{said}")
            # It ends with 1, as two of the topics are skipped.
            watched = self._call(*shlex.split(command), codes=(1,))
            if not re.search(r"^bulk_\w+: completed, 4 of 4 topics read", watched, re.MULTILINE):
                raise TrialError(f"The first bulk snapshot did not complete:\n{watched}")
        finally:
            said = demo.interrupt()
        if "Stopped." not in said:
            raise TrialError(f"The demo did not say that it stopped:\n{said[-2000:]}")

    def _step(self, name: str, do: Callable[[], object]) -> None:
        begun = time.monotonic()
        do()
        self.took[name] = time.monotonic() - begun

    def _call(self, *command: str, codes: Collection[int] = (0,)) -> str:
        """Return what the command printed. Raises TrialError where it ends with another code."""
        try:
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=self.environ,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise TrialError(f"{shlex.join(command)} took more than {_SECONDS:.0f} s.") from error
        if done.returncode not in codes:
            raise TrialError(f"{shlex.join(command)} ended with {done.returncode}:\n{done.stdout[-6000:]}")
        return done.stdout


class Demo:
    """`make demo` on a free port, as if on a terminal of its own."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            ("make", "demo", "PORT=0"),  # noqa: S607 - make from PATH, as a newcomer has it
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        # It may hang before it is ready, and reading its output would hang with it.
        self._deadline = threading.Timer(_SECONDS, self._signal, (signal.SIGKILL,))
        self._deadline.start()
        self._said: list[str] = []

    def ready(self) -> str:
        """Return what it printed until it was ready. Raises TrialError where it ends before."""
        out = self._process.stdout
        for line in out or ():
            self._said.append(line)
            if _READY in line:
                return "".join(self._said)
        raise TrialError(f"make demo ended before it was ready:\n{''.join(self._said)[-6000:]}")

    def interrupt(self) -> str:
        """Press Ctrl+C, wait for its end, and return all that it printed."""
        self._signal(signal.SIGINT)
        rest, _ = self._process.communicate()
        self._deadline.cancel()
        return "".join(self._said) + rest

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)


def copy_checkout(root: Path, folder: Path) -> None:
    """Copy what git knows or would add, as it lies there."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in names:
        if name and (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name)
