"""A broker that speaks Kafka's protocol: Tansu, in memory. It is not Apache Kafka, and what is shown with it says so.

Known differences, each of them run into: a topic it creates by itself gets four partitions; end offsets are wrong, so
read until the record is seen; an idempotent aiokafka producer fails; joining a consumer group takes about five seconds.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, cast

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

from persistence.embedded.ports import LOOPBACK, free_port, is_listening
from persistence.embedded.processes import ChildProcess, Command, until
from sandbox.errors import SandboxError
from sandbox.platform import broker_binary

_START_TIMEOUT_SECONDS = 30.0
_PORT_ATTEMPTS = 5


class Admin(Protocol):
    """The part of aiokafka's admin client used here; aiokafka ships no types."""

    async def start(self) -> None:
        """Connect."""

    async def close(self) -> None:
        """Disconnect."""

    async def list_topics(self) -> Sequence[str]:
        """Return the names of all topics."""

    async def create_topics(self, new_topics: Sequence[object]) -> object:
        """Create topics."""


class Broker:
    """One broker. Its topics, offsets and groups live in memory: stopping it erases them."""

    def __init__(self, directory: Path) -> None:
        """Describe the broker; its log goes to the directory, which exists."""
        self._directory = directory
        self._process: ChildProcess | None = None
        self._port = 0

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""
        return f"{LOOPBACK}:{self._port}"

    async def start(self) -> None:
        """Start it and return when it accepts connections: about 0.1 s.

        Raises:
            SandboxError: it is not installed or does not come up.
        """
        reason = ""
        for _ in range(_PORT_ATTEMPTS):
            self._port = free_port()
            self._process = await ChildProcess.start(self._command())
            if await self._answers(self._process):
                return
            reason = self._process.log_tail()
            await self.stop()
        raise SandboxError(f"the Kafka broker did not start: {reason}")

    async def _answers(self, process: ChildProcess) -> bool:
        """Wait until it accepts connections; False where it ended, which it does where another program has the port."""
        await until(lambda: process.returncode is not None or is_listening(self._port), _START_TIMEOUT_SECONDS)
        return process.returncode is None and is_listening(self._port)

    async def stop(self) -> None:
        """End it; no error if it does not run."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()

    async def create_topics(self, names: Iterable[str]) -> None:
        """Create the topics that do not exist yet, with one partition each: signals are read from partition 0.

        Raises:
            SandboxError: the broker refuses.
        """
        admin = cast("Admin", AIOKafkaAdminClient(bootstrap_servers=self.bootstrap))
        await admin.start()
        try:
            known = set(await admin.list_topics())
            missing = [name for name in dict.fromkeys(names) if name not in known]
            if missing:
                new = [NewTopic(name, 1, 1) for name in missing]  # type: ignore[no-untyped-call]
                await admin.create_topics(new)
        except TopicAlreadyExistsError:
            return
        except KafkaError as error:
            raise SandboxError(f"topics could not be created: {error}") from error
        finally:
            await admin.close()

    def _command(self) -> Command:
        listener = f"tcp://{self.bootstrap}"
        argv = (
            *(str(broker_binary()), "broker", "--silent"),
            *("--listener-url", listener, "--advertised-listener-url", listener),
            *("--storage-engine", "memory://tansu/"),
        )
        return Command("broker", argv, self._directory)
