"""The whole chain on this machine: PostgreSQL, a broker, Kafka Connect with Debezium, and three sources that run."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from persistence.embedded import EmbeddedPostgres, EmbeddedPostgresError
from persistence.embedded.directories import locked, make_directory
from persistence.embedded.errors import DirectoryBusyError, ProcessError
from persistence.embedded.ports import LOOPBACK
from sandbox.broker import Broker
from sandbox.connect import ConnectWorker
from sandbox.databases import SourceTable, fill
from sandbox.errors import SandboxError
from sandbox.platform import missing_parts
from sandbox.sources import SOURCES, Source, connector_config
from sandbox.workspace import end_orphans

_POSTGRES_SETTINGS = {
    "wal_level": "logical",
    # A slot outlives its connector, and tests add many connectors.
    "max_wal_senders": "64",
    "max_replication_slots": "64",
    # Nothing here outlives the sandbox. But commits stay synchronous: Debezium is sent only what is in the log's file,
    # and the writer behind asynchronous ones lets each watermark wait for 0.2 s (12 chunks took 7.5 s instead of 1 s).
    "fsync": "off",
    "full_page_writes": "off",
    "max_wal_size": "2GB",
}

Report = Callable[[str, str], None]
"""Told each step's name and its new state: `starting`, `ready` or `failed`."""


@dataclass(frozen=True, slots=True)
class RunningSource:
    """A source as it runs: where its database is and how its connector is configured."""

    source: Source
    database_url: str
    """With a password, for the superuser."""
    connector_config: Mapping[str, str]
    tables: tuple[SourceTable, ...]

    @property
    def topic_prefix(self) -> str:
        """The first part of its topics' names."""
        return self.source.topic_prefix

    def table(self, data_collection: str) -> SourceTable:
        """Return the table of this name, `schema.table`. Raises KeyError where there is none."""
        return {table.data_collection: table for table in self.tables}[data_collection]


class Sandbox:
    """The running chain, from `async with`; every process is ended at its end, whatever the reason.

    It always starts afresh: what an earlier run left in the directory is erased then. Until then the logs stay.
    """

    def __init__(self, directory: Path, report: Report | None = None) -> None:
        """Describe the sandbox: its files go to `sandbox` below the directory, made if missing."""
        self.directory = directory.resolve() / "sandbox"
        self.postgres = EmbeddedPostgres(self.directory / "postgres", settings=_POSTGRES_SETTINGS)
        self.broker = Broker(self.directory / "broker")
        self.connect = ConnectWorker(self.directory / "connect", self.broker)
        self.sources: dict[str, RunningSource] = {}
        self._report = report or (lambda _step, _state: None)
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Start everything, at once where possible, and return when all connectors run: about seven seconds.

        Raises:
            SandboxError: a part is missing or does not start; what had started is ended again.
        """
        if missing := missing_parts():
            raise SandboxError("; ".join(missing))
        try:
            await self._start()
        except BaseException as error:
            await self._stack.aclose()
            raise _readable(error) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything."""
        self.sources = {}
        await self._stack.aclose()

    async def add_connector(self, name: str, config: Mapping[str, str]) -> None:
        """Run one more connector, as `connector_config` describes it, and return when it does.

        Raises:
            SandboxError: Kafka Connect refuses it, or it fails.
        """
        await self.connect.create_connector(name, config)
        await self.connect.wait_running(name)

    async def _start(self) -> None:
        make_directory(self.directory)
        self._stack.enter_context(locked(self.directory))
        await self._erase()
        async with asyncio.TaskGroup() as group:
            databases = group.create_task(self._start_databases())
            group.create_task(self._start_kafka())
        tables = databases.result()
        async with self._step("connectors"):
            await self.broker.create_topics(table.topic for source in SOURCES for table in tables[source.name])
            async with asyncio.TaskGroup() as group:
                for source in SOURCES:
                    group.create_task(self._start_source(source, tables[source.name]))

    async def _start_databases(self) -> dict[str, tuple[SourceTable, ...]]:
        async with self._step("PostgreSQL"):
            self._stack.push_async_callback(self.postgres.stop)
            await self.postgres.start()
        async with self._step("databases"):
            for source in SOURCES:
                await self.postgres.create_database(source.name)
            filled = await asyncio.gather(*(fill(source, self.postgres.url(source.name)) for source in SOURCES))
        return {source.name: tables for source, tables in zip(SOURCES, filled, strict=True)}

    async def _start_kafka(self) -> None:
        async with self._step("Kafka broker"):
            self._stack.push_async_callback(self.broker.stop)
            await self.broker.start()
            topics = [topic for source in SOURCES for topic in (source.signal_topic, source.notification_topic)]
            await self.broker.create_topics(topics)
        async with self._step("Kafka Connect"):
            # Nothing of it is kept, so there is nothing to wait for at the end.
            self._stack.callback(self.connect.kill)
            await self.connect.start()

    async def _start_source(self, source: Source, tables: tuple[SourceTable, ...]) -> None:
        url = self.postgres.url(source.name)
        config = connector_config(
            source,
            host=LOOPBACK,
            port=self.postgres.port,
            password=urlsplit(url).password or "",
            bootstrap=self.broker.bootstrap,
        )
        await self.add_connector(source.connector, config)
        self.sources[source.name] = RunningSource(source, url, config, tables)

    async def _erase(self) -> None:
        await end_orphans(self.directory)
        for part in ("postgres", "broker", "connect"):
            folder = self.directory / part
            if folder.exists():
                await asyncio.to_thread(shutil.rmtree, folder)
            make_directory(folder)

    @asynccontextmanager
    async def _step(self, name: str) -> AsyncIterator[None]:
        self._report(name, "starting")
        try:
            yield
        except Exception:
            self._report(name, "failed")
            raise
        self._report(name, "ready")


def _readable(error: BaseException) -> BaseException:
    """Return the first cause inside a task group's error, as a SandboxError where its message is one for users."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, EmbeddedPostgresError | ProcessError | DirectoryBusyError | OSError):
        return SandboxError(str(error))
    return error
