"""One PostgreSQL server in a directory of ours, on the loopback interface, for as long as we live."""

import signal
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from persistence.embedded import runfile, sessions
from persistence.embedded.accounts import barrier, unprivileged_account
from persistence.embedded.binaries import find_binaries, reachable
from persistence.embedded.data_directory import DataDirectory
from persistence.embedded.directories import locked, make_directory
from persistence.embedded.errors import DirectoryBusyError, EmbeddedPostgresError, ProcessError
from persistence.embedded.ports import LOOPBACK, free_port
from persistence.embedded.processes import ChildProcess, Command, until

_START_TIMEOUT_SECONDS = 120.0
"""Long, because a server that was killed first recovers from its log."""
_STOP_TIMEOUT_SECONDS = 30.0
_PORT_ATTEMPTS = 5
_NAME = "postgres"
# Fast shutdown, then immediate (pg_ctl's words for these signals): both keep what was committed.
_STOP_SIGNALS = (signal.SIGINT, signal.SIGQUIT)


class EmbeddedPostgres:
    """A server over a persistent directory: made at the first start, continued at the next.

    It listens on 127.0.0.1 alone, without a socket file, and takes passwords only (SCRAM): others here stay out.
    As root its processes run as an unprivileged account, since PostgreSQL refuses root.
    """

    def __init__(self, directory: Path, *, port: int | None = None, settings: Mapping[str, str] | None = None) -> None:
        """Describe the server; nothing is touched before `start`.

        Data, password and log are kept in `directory`, which is made if missing. Without a port, each start takes a
        free one. `settings` are parameters of postgresql.conf, in effect while this object runs the server.
        """
        self.directory = directory.resolve()
        self._fixed_port = port
        self._settings = dict(settings or {})
        self._port: int | None = None
        self._password = ""
        self._process: ChildProcess | None = None
        self._held = ExitStack()

    @property
    def port(self) -> int:
        """The port it listens on.

        Raises:
            EmbeddedPostgresError: it does not run.
        """
        if self._port is None:
            message = "the embedded PostgreSQL server is not running"
            raise EmbeddedPostgresError(message)
        return self._port

    @property
    def pid(self) -> int | None:
        """The process id of the server, None where it does not run."""
        return self._process.pid if self._process and self._process.returncode is None else None

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """Return `postgresql://user:password@127.0.0.1:port/database`, for the superuser or a role of `create_role`.

        It holds a password: never log it.
        """
        return f"postgresql://{quote(user)}:{quote(self._password)}@{LOOPBACK}:{self.port}/{quote(database, safe='')}"

    async def start(self) -> None:
        """Start it and return when it accepts connections: about 0.6 s in a new directory, 0.1 s in an old one.

        Raises:
            EmbeddedPostgresError: there are no binaries for this platform, the directory is in use, out of reach or
                belongs to another major version, or the server does not come up; the message says which.
        """
        if self._process is not None:
            message = "the embedded PostgreSQL server is running already"
            raise EmbeddedPostgresError(message)
        try:
            cluster = self._locked_cluster()
            self._process, self._port = await self._launch(cluster)
            self._password = cluster.password()
        except BaseException as error:
            self._held.close()
            if isinstance(error, ProcessError | DirectoryBusyError | OSError | LookupError):
                raise EmbeddedPostgresError(_reason(error)) from error
            raise

    async def stop(self) -> None:
        """Stop it, waiting for running statements to be rolled back; no error if it does not run."""
        process, self._process, self._port = self._process, None, None
        try:
            if process is not None:
                await process.stop(_STOP_TIMEOUT_SECONDS)
        finally:
            self._held.close()

    async def __aenter__(self) -> Self:
        """Start it."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        await self.stop()

    async def create_database(self, name: str) -> None:
        """Make a database unless there is one of this name."""
        await sessions.create_database(self.url(), name)

    async def create_role(self, name: str, *, options: str = "") -> None:
        """Let a role log in with the server's password, so that `url(user=name)` works; make it if there is none.

        `options` are words of CREATE ROLE (`REPLICATION`, `BYPASSRLS`), SQL that no user may choose.
        """
        await sessions.create_role(self.url(), name, self._password, options)

    def _locked_cluster(self) -> DataDirectory:
        make_directory(self.directory)
        self._held.enter_context(locked(self.directory))
        account = unprivileged_account(self.directory / "data")
        obstacle = barrier(self.directory, account)
        if account and obstacle:
            message = (
                f"PostgreSQL does not run as root, and the account {account.name} cannot enter {obstacle}: "
                "choose a directory elsewhere, or run as an ordinary user"
            )
            raise EmbeddedPostgresError(message)
        return DataDirectory(self.directory, reachable(find_binaries(), account, self.directory), account)

    async def _launch(self, cluster: DataDirectory) -> tuple[ChildProcess, int]:
        """Start the server, on another free port where somebody was faster than we were."""
        reason = ""
        for _ in range(_PORT_ATTEMPTS):
            port = self._fixed_port or free_port()
            process = await self._spawn(cluster, port)
            if await _became_ready(cluster, process):
                return process, port
            reason = process.log_tail()
            if self._fixed_port is not None or "Address already in use" not in reason:
                break
        message = f"PostgreSQL did not start in {self.directory}: {reason}"
        raise EmbeddedPostgresError(message)

    async def _spawn(self, cluster: DataDirectory, port: int) -> ChildProcess:
        await runfile.end_orphan(self.directory, _NAME, _STOP_SIGNALS)
        sync = self._settings.get("fsync", "on") != "off"
        await cluster.prepare(sync=sync)
        settings = {
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",
            "port": str(port),
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self._settings,
        }
        parameters = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        argv = (cluster.binaries.program("postgres"), "-D", str(cluster.data), *parameters)
        return await ChildProcess.start(
            Command(
                _NAME,
                argv,
                self.directory,
                account=cluster.account,
                stop_signals=_STOP_SIGNALS,
                death_signal=signal.SIGINT,
            )
        )


async def _became_ready(cluster: DataDirectory, process: ChildProcess) -> bool:
    """Wait until the server is ready; where it is not, and on cancellation, it is ended before this returns."""
    ready = False
    try:
        await until(
            lambda: process.returncode is not None or cluster.is_ready(process.pid),
            _START_TIMEOUT_SECONDS,
        )
        ready = process.returncode is None and cluster.is_ready(process.pid)
    finally:
        if not ready:
            await process.stop(_STOP_TIMEOUT_SECONDS)
    return ready


def _reason(error: Exception) -> str:
    """Return what happened, in words for people; of an error of the system without its number."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename} cannot be used: {error.strerror}" if error.filename else error.strerror
    return str(error)
