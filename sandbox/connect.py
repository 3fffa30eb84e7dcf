"""Kafka Connect with Debezium: one standalone worker that keeps its connectors and offsets over a restart."""

from collections.abc import Mapping
from pathlib import Path

import aiohttp
import orjson

from persistence.embedded.ports import LOOPBACK, free_port
from persistence.embedded.processes import ChildProcess
from sandbox.broker import Broker
from sandbox.errors import SandboxError
from sandbox.waiting import eventually
from sandbox.worker import MAIN_CLASS, connector_file, offsets_file, worker_command, write_connector

_START_TIMEOUT_SECONDS = 90.0
_RUNNING_TIMEOUT_SECONDS = 60.0
_REQUEST_TIMEOUT = aiohttp.ClientTimeout(total=15.0)
_PORT_ATTEMPTS = 5
_FLUSH_MS = 1000
"""Short, so that a killed worker repeats little; Kafka Connect's default is a minute."""
# For requests without a body too: aiohttp says application/octet-stream else, and Kafka Connect refuses that with 415.
_JSON_BODY = {"Content-Type": "application/json"}
_REBALANCING = 409
_ERROR = 400


class ConnectWorker:
    """One Kafka Connect worker; its URL stays the same when it is killed and started again."""

    def __init__(self, directory: Path, broker: Broker) -> None:
        """Describe the worker: its files go to the directory, which exists when it starts, as does the broker."""
        self._directory = directory
        self._broker = broker
        self._process: ChildProcess | None = None
        self._port = 0
        self.flush_ms = _FLUSH_MS
        """Time between two writes of its offsets, from the next start on."""
        self.main_class = MAIN_CLASS
        """What Java runs, from the next start on."""

    @property
    def url(self) -> str:
        """The base of its REST API."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def log(self) -> Path:
        """Its log of this run; the one before ends in `.1`."""
        return self._directory / "connect.log"

    @property
    def offsets(self) -> Path:
        """The file of its connectors' offsets, in Java's serialization; none before they are written first."""
        return offsets_file(self._directory)

    async def start(self) -> None:
        """Start it, with the connectors it had before, and return when it is healthy: about three seconds.

        Raises:
            SandboxError: it is not installed or does not come up.
        """
        if self._process is not None and self._process.returncode is None:
            raise SandboxError("Kafka Connect is running already")
        fixed = self._port
        reason = ""
        for _ in range(_PORT_ATTEMPTS):
            self._port = fixed or free_port()
            command = worker_command(
                self._directory, self._broker.bootstrap, self._port, self.flush_ms, self.main_class
            )
            process = self._process = await ChildProcess.start(command)
            await eventually(self._ended_or_healthy, _START_TIMEOUT_SECONDS, "Kafka Connect to be healthy")
            if process.returncode is None:
                return
            reason = process.log_tail()
            if fixed or "Address already in use" not in process.log_tail(200):
                break
        raise SandboxError(f"Kafka Connect did not start: {reason}")

    async def stop(self) -> None:
        """End it gently: its connectors write their offsets. No error if it does not run."""
        process, self._process = self._process, None
        if process is not None:
            await process.stop()

    def kill(self) -> None:
        """End it by SIGKILL, as a crash would; no error if it does not run."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    async def restart(self) -> None:
        """Stop it gently and start it again, with its connectors."""
        await self.stop()
        await self.start()

    async def create_connector(self, name: str, config: Mapping[str, str]) -> None:
        """Create a connector; a restarted worker runs it again.

        Raises:
            SandboxError: Kafka Connect refuses the configuration.
        """
        await self._request("POST", "/connectors", {"name": name, "config": dict(config)})
        write_connector(self._directory, name, config)

    def configure(self, name: str, config: Mapping[str, str]) -> None:
        """Have the next start run a connector, new or known, with this configuration."""
        write_connector(self._directory, name, config)

    async def delete_connector(self, name: str) -> None:
        """Delete a connector for good; its replication slot stays in the source database.

        Raises:
            SandboxError: there is none of this name.
        """
        await self._request("DELETE", f"/connectors/{name}")
        connector_file(self._directory, name).unlink(missing_ok=True)

    async def pause(self, name: str) -> None:
        """Pause a connector and its task. Raises SandboxError where there is none of this name."""
        await self._request("PUT", f"/connectors/{name}/pause")

    async def resume(self, name: str) -> None:
        """Resume a paused or stopped connector. Raises SandboxError where there is none of this name."""
        await self._request("PUT", f"/connectors/{name}/resume")

    async def restart_connector(self, name: str) -> None:
        """Restart a connector with its task. Raises SandboxError where there is none of this name."""
        await self._request("POST", f"/connectors/{name}/restart?includeTasks=true")

    async def states(self, name: str) -> tuple[str, ...]:
        """Return the state of the connector, then those of its tasks; nothing where it is unknown yet."""
        try:
            answer = await self._request("GET", f"/connectors/{name}/status")
        except SandboxError:
            return ()
        match answer:
            case {"connector": {"state": str(state)}, "tasks": list(tasks)}:
                return (state, *(str(task["state"]) for task in tasks))
        return ()

    async def wait_for_state(self, name: str, state: str, timeout_seconds: float = _RUNNING_TIMEOUT_SECONDS) -> None:
        """Wait until the connector and at least one task are all in this state.

        Raises:
            SandboxError: they are not in time, or a task has failed.
        """

        async def reached() -> bool:
            states = await self.states(name)
            if "FAILED" in states and state != "FAILED":
                raise SandboxError(f"the connector {name} failed: {await self._trace(name)}")
            return len(states) > 1 and set(states) == {state}

        await eventually(reached, timeout_seconds, f"the connector {name} to be {state}")

    async def wait_running(self, name: str, timeout_seconds: float = _RUNNING_TIMEOUT_SECONDS) -> None:
        """Wait until the connector and its task run. Raises SandboxError as `wait_for_state` does."""
        await self.wait_for_state(name, "RUNNING", timeout_seconds)

    async def _trace(self, name: str) -> str:
        answer = await self._request("GET", f"/connectors/{name}/status")
        match answer:
            case {"tasks": [{"trace": str(trace)}, *_]} | {"connector": {"trace": str(trace)}}:
                return trace.splitlines()[0]
        return "no reason given"

    async def _ended_or_healthy(self) -> bool:
        if self._process is None or self._process.returncode is not None:
            return True
        try:
            async with (
                aiohttp.ClientSession(timeout=_REQUEST_TIMEOUT) as session,
                session.get(f"{self.url}/health") as response,
            ):
                return response.ok and (await response.json()).get("status") == "healthy"
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _request(self, method: str, path: str, body: object | None = None) -> object:
        """Return the JSON answer, None where there is none; a rebalance (409) is waited out."""
        data = None if body is None else orjson.dumps(body)

        async def attempt() -> tuple[object] | None:
            async with (
                aiohttp.ClientSession(timeout=_REQUEST_TIMEOUT) as session,
                session.request(method, self.url + path, data=data, headers=_JSON_BODY) as response,
            ):
                if response.status == _REBALANCING and method != "POST":
                    return None
                text = await response.text()
                if response.status >= _ERROR:
                    message = f"Kafka Connect answers {method} {path} with {response.status}: {text[:500]}"
                    raise SandboxError(message)
                return (await response.json() if text else None,)

        try:
            return (await eventually(attempt, _REQUEST_TIMEOUT.total or 0.0, f"{method} {path}"))[0]
        except (aiohttp.ClientError, TimeoutError) as error:
            raise SandboxError(f"Kafka Connect does not answer {method} {path}: {error!r}") from error
