"""The real chain with a proxy in front of each part, and a PostgreSQL of Topicsnap's own."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit, urlunsplit

import orjson

from persistence.embedded import EmbeddedPostgres
from persistence.embedded.directories import make_directory
from persistence.embedded.ports import LOOPBACK, free_port
from persistence.embedded.processes import Command
from persistence.embedded.sessions import connected
from sandbox.broker import Broker
from sandbox.connect import ConnectWorker
from sandbox.platform import broker_binary
from sandbox.sources import connector_config
from sandbox.topics import Json, write_record
from sandbox.waiting import eventually
from tests.faults.object_store import BUCKET, ObjectStore, object_store
from tests.faults.seen import Seen
from tests.faults.sources import NOTIFICATIONS, SOURCES
from tests.support.debezium.sources import FENCE, OwnSource
from tests.support.proxy import Proxy

DATABASE = "topicsnap"
_FENCE_SECONDS = 60.0
_FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}


class ProxiedBroker(Broker):
    """A broker that tells its clients to come through a proxy, all of them; its topics outlive it in a `store`."""

    def __init__(self, directory: Path, proxy: Proxy, store: ObjectStore | None) -> None:
        super().__init__(directory)
        self._proxy = proxy
        self._store = store

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self._proxy.port}"

    def send_signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def _command(self) -> Command:
        self._proxy.target_port = self._port
        storage = f"s3://{BUCKET}/" if self._store else "memory://tansu/"
        argv = (
            *(str(broker_binary()), "broker", "--silent", "--storage-engine", storage),
            *(
                "--listener-url",
                f"tcp://{LOOPBACK}:{self._port}",
                "--advertised-listener-url",
                f"tcp://{self.bootstrap}",
            ),
        )
        return Command("broker", argv, self._directory, environment=self._store.environment if self._store else {})


@dataclass
class Chain:
    """All that Topicsnap stands in front of."""

    own: EmbeddedPostgres
    """Topicsnap's."""
    databases: EmbeddedPostgres
    """Of the sources."""
    broker: ProxiedBroker
    connect: ConnectWorker
    seen: Seen
    proxies: dict[str, Proxy]
    _fences: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def url(self) -> str:
        """Topicsnap's database, reached directly."""
        return self.own.url(DATABASE)

    @property
    def proxied_url(self) -> str:
        return through(self.url, self.proxies["Topicsnap's PostgreSQL"])

    @property
    def connect_url(self) -> str:
        return f"http://{LOOPBACK}:{self.proxies['Kafka Connect'].port}"

    def secrets(self) -> dict[str, str]:
        """The variables that hold the URLs of the sources' databases, through their proxy."""
        return {
            variable(source): through(self.databases.url(source.name), self.proxies["the source's PostgreSQL"])
            for source in SOURCES
        }

    async def signals(self, source: OwnSource) -> list[str]:
        """Return the ids of all signals that were ever sent to the source."""
        if source.source.channel == "kafka":
            return self.seen.signals(source.source.signal_topic)
        async with connected(self.databases.url(source.name)) as connection:
            rows = await connection.fetch("SELECT id FROM public.debezium_signal WHERE type = 'execute-snapshot'")
        return [cast("tuple[str]", row)[0] for row in rows]

    async def pass_fence(self, source: OwnSource) -> None:
        """Return when a change made now to each table has come, and with it all that its connector had read before.

        Each topic has a fence of its own: a reader of several meets their records in no order.
        """
        mark = f"fence {next(self._fences)}"
        async with connected(self.databases.url(source.name)) as connection:
            for table in source.tables:
                await connection.execute(f"UPDATE public.{table.name} SET note = $1 WHERE id = 1", mark)

        async def arrived() -> bool:
            return all(self.seen.has_change(source.topic(table.name), mark) for table in source.tables)

        await eventually(arrived, _FENCE_SECONDS, f"the fence of {source.name}")

    async def pass_signal_fence(self, source: OwnSource) -> None:
        """Return when the connector has taken a signal that asks it to log a line, and with it all sent before."""
        mark = f"signal fence {next(self._fences)} of {source.name}"
        if source.source.channel == "kafka":
            signal: Json = {"id": mark, "type": "log", "data": {"message": mark}}
            await write_record(self.broker.bootstrap, source.source.signal_topic, source.source.topic_prefix, signal)
        else:
            async with connected(self.databases.url(source.name)) as connection:
                data = orjson.dumps({"message": mark}).decode()
                await connection.execute("INSERT INTO public.debezium_signal VALUES ($1, 'log', $2)", mark, data)

        async def logged() -> bool:
            return mark in self.connect.log.read_text(encoding="utf-8", errors="replace")

        await eventually(logged, _FENCE_SECONDS, mark)

    async def engine_is_done(self, seconds: float) -> None:
        """Return when the engine has taken all signals, those that it reads again too, and reads no table any more.

        The changes to the tables are also what keeps a read-only connector going: after a restart Debezium 3.6 waits
        for one in the middle of a snapshot (debezium/dbz#2055).
        """
        await asyncio.gather(*(self.pass_signal_fence(source) for source in SOURCES))

        async def quiet() -> bool:
            await asyncio.gather(*(self.pass_fence(source) for source in SOURCES))
            mark = f"fence {next(self._fences)}"
            await write_record(self.broker.bootstrap, NOTIFICATIONS, mark, {"id": mark, "type": "FENCE"})

            async def come() -> bool:
                return self.seen.has_told(NOTIFICATIONS, mark)

            await eventually(come, _FENCE_SECONDS, "what was told last")
            return self.seen.is_quiet(NOTIFICATIONS)

        await eventually(quiet, seconds, "the end of what the engine reads again")


def variable(source: OwnSource) -> str:
    return f"{source.name.upper()}_DATABASE_URL"


def through(url: str, proxy: Proxy) -> str:
    """Return `url` with the proxy in the place of the server."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition(':')[0]}:{proxy.port}"))


@asynccontextmanager
async def running_chain(directory: Path, *, lasting_topics: bool = False) -> AsyncIterator[Chain]:
    """Run it; `lasting_topics` outlive the broker, which on that storage tells no true end of any topic."""
    places = ("Topicsnap's PostgreSQL", "the source's PostgreSQL", "Kafka", "Kafka Connect")
    async with AsyncExitStack() as stack:
        proxies = {place: await stack.enter_async_context(Proxy()) for place in places}
        own = EmbeddedPostgres(directory / "own", port=free_port(), settings=_FAST)
        databases = EmbeddedPostgres(directory / "databases", settings=_FAST | {"wal_level": "logical"})
        for server, place in ((own, places[0]), (databases, places[1])):
            await server.start()
            stack.push_async_callback(server.stop)
            proxies[place].target_port = server.port
        for part in ("broker", "connect"):
            make_directory(directory / part)
        store = await stack.enter_async_context(object_store()) if lasting_topics else None
        broker = ProxiedBroker(directory / "broker", proxies["Kafka"], store)
        stack.push_async_callback(broker.stop)
        await broker.start()
        connect = ConnectWorker(directory / "connect", broker)
        stack.callback(connect.kill)
        topics = [NOTIFICATIONS, *(topic for source in SOURCES for topic in _topics(source))]
        await broker.create_topics(topics)
        await connect.start()
        proxies["Kafka Connect"].target_port = int(connect.url.rpartition(":")[2])
        for source in SOURCES:
            await _start(source, databases, broker, connect)
        for source in SOURCES:
            await connect.wait_running(source.source.connector)
        seen = await stack.enter_async_context(Seen(broker.bootstrap, topics))
        yield Chain(own, databases, broker, connect, seen, proxies)


def _topics(source: OwnSource) -> list[str]:
    return [source.source.signal_topic, source.topic(FENCE), *(source.topic(table.name) for table in source.tables)]


async def _start(source: OwnSource, databases: EmbeddedPostgres, broker: Broker, connect: ConnectWorker) -> None:
    await databases.create_database(source.name)
    async with connected(databases.url(source.name)) as connection:
        await connection.execute(source.sql())
    await connect.create_connector(source.source.connector, configuration(source, databases, broker))


def configuration(source: OwnSource, databases: EmbeddedPostgres, broker: Broker) -> dict[str, str]:
    """Return the configuration of the source's connector."""
    config = connector_config(
        source.source,
        host=LOOPBACK,
        port=databases.port,
        password=urlsplit(databases.url()).password or "",
        bootstrap=broker.bootstrap,
    )
    return config | {"notification.sink.topic.name": NOTIFICATIONS}
