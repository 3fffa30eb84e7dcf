"""The data directory of a server: made once, checked before each start, never changed by hand."""

import asyncio
import os
import secrets
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from persistence.embedded.accounts import Account
from persistence.embedded.binaries import Binaries
from persistence.embedded.errors import EmbeddedPostgresError, ProcessError
from persistence.embedded.identity import command_of, is_alive
from persistence.embedded.processes import Command, run

_INITDB_TIMEOUT_SECONDS = 120.0
_READY = "ready"
_STATUS_LINE = 8
"""Line of `postmaster.pid` with the status, counted from 1 (PostgreSQL's src/include/utils/pidfile.h)."""


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """The parts of an embedded server's directory: `data`, and `password` beside it."""

    directory: Path
    binaries: Binaries
    account: Account | None

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.directory / "data"

    @property
    def lock_file(self) -> Path:
        """PostgreSQL's own lock and status file."""
        return self.data / "postmaster.pid"

    def password(self) -> str:
        """Return the superuser's password, from a file that only its owner can read."""
        return (self.directory / "password").read_text(encoding="ascii").strip()

    async def prepare(self, *, sync: bool) -> None:
        """Make the data directory unless there is one, and check the one that is there.

        `sync=False` skips the flush to disk of a new one, for servers of tests.

        Raises:
            EmbeddedPostgresError: it cannot be made, holds something else, belongs to another version, or is in use.
        """
        version_file = self.data / "PG_VERSION"
        if not version_file.exists():
            if self.data.exists() and any(self.data.iterdir()):
                message = f"{self.data} is not empty and holds no PostgreSQL data"
                raise EmbeddedPostgresError(message)
            await self._create(sync=sync)
        version = version_file.read_text(encoding="ascii").strip()
        if version != self.binaries.major:
            message = (
                f"{self.data} was made by PostgreSQL {version} and this is PostgreSQL {self.binaries.major}: "
                "give another directory, or move the data by a dump of the old version"
            )
            raise EmbeddedPostgresError(message)
        self._clear_stale_lock()

    def is_ready(self, pid: int) -> bool:
        """Return whether the server with this pid says that it accepts connections."""
        lines = self._lock_lines()
        return len(lines) >= _STATUS_LINE and lines[0] == str(pid) and lines[_STATUS_LINE - 1].strip() == _READY

    async def _create(self, *, sync: bool) -> None:
        """Run initdb beside the final place and move the result there: a killed initdb leaves nothing half done."""
        unfinished = self.directory / "data.unfinished"
        await asyncio.to_thread(shutil.rmtree, unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password_file = self._write_password()
        if self.account:
            os.chown(unfinished, self.account.uid, self.account.gid)
        argv = [
            self.binaries.program("initdb"),
            f"--pgdata={unfinished}",
            "--username=postgres",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "--encoding=UTF8",
            "--no-locale",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
            *(() if sync else ("--no-sync",)),
        ]
        try:
            await run(
                Command("initdb", tuple(argv), self.directory, account=self.account, death_signal=signal.SIGTERM),
                _INITDB_TIMEOUT_SECONDS,
            )
        except ProcessError as error:
            message = f"no data directory could be made in {self.directory}: {error}"
            raise EmbeddedPostgresError(message) from error
        if self.data.exists():
            self.data.rmdir()
        unfinished.rename(self.data)

    def _write_password(self) -> Path:
        path = self.directory / "password"
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(24) + "\n")
        if self.account:
            os.chown(path, self.account.uid, self.account.gid)
        return path

    def _clear_stale_lock(self) -> None:
        """Remove the lock file of a dead server.

        PostgreSQL does so itself, but not where the pid is another process's by now: then it would refuse to start.
        """
        lines = self._lock_lines()
        if not lines:
            return
        pid = int(lines[0]) if lines[0].isdecimal() else 0
        if pid and is_alive(pid) and self._serves(pid):
            message = f"{self.data} is in use by a PostgreSQL server that is not ours (process {pid}): stop it first"
            raise EmbeddedPostgresError(message)
        self.lock_file.unlink(missing_ok=True)

    def _serves(self, pid: int) -> bool:
        """Return whether this process is a server of this directory; in doubt, any PostgreSQL server is."""
        try:
            return Path(f"/proc/{pid}/cwd").readlink() == self.data.resolve()
        except OSError:
            return "postgres" in command_of(pid)

    def _lock_lines(self) -> list[str]:
        try:
            return self.lock_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
