"""Every signal channel in its real surroundings, behind one face."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self
from urllib.parse import urlsplit

import asyncpg
import orjson
import pytest
from aiokafka import AIOKafkaConsumer

from persistence.embedded import EmbeddedPostgres
from sandbox.stack import Sandbox
from snapshots.channels import SignalChannelKind
from snapshots.engines.debezium.kafka import KafkaClients
from snapshots.engines.debezium.signal_channels.signal_table import SignalTableChannel
from snapshots.engines.debezium.signal_channels.signal_topic import SignalTopicChannel
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.engines.recording import Behaviour, RecordingChannel
from snapshots.errors import SecretError
from snapshots.identifiers import IdMaker
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.signal_channel import OutgoingSignal, SignalChannel
from snapshots.vocabulary import Dialect
from tests.support.waiting import FAULT_SECONDS

DOCUMENTED_DDL = "(id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(2048) NULL)"

make_id = IdMaker()


def signal(data: Mapping[str, object] | None = None) -> OutgoingSignal:
    """A signal with an id of its own."""
    document = data or {"data-collections": ["public.orders"], "type": "INCREMENTAL"}
    return OutgoingSignal(make_id("sig"), "execute-snapshot", json.dumps(document, ensure_ascii=False))


class KnownSecrets:
    """Secrets from a mapping."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        self.secrets = dict(secrets)

    def resolve(self, reference: str) -> str:
        try:
            return self.secrets[reference]
        except KeyError:
            message = f"{reference} is not set."
            raise SecretError(message) from None


class CuttingProxy:
    """Stands before a server and cuts the connection at a request that holds `marker`.

    With `deliver` the server gets that request and its answer is lost; without, the request is lost itself.
    """

    def __init__(self, host: str, port: int, *, marker: bytes, deliver: bool) -> None:
        self._target = (host, port)
        self._marker = marker
        self._deliver = deliver
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.cuts = 0
        self.frozen = False
        """While set, answers are lost and connections stay open."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self._target)
        back = asyncio.create_task(self._backwards(server_reader, writer))
        self._tasks |= {task for task in (back, asyncio.current_task()) if task}
        try:
            while data := await reader.read(2**16):
                if self._marker in data:
                    self.cuts += 1
                    if self._deliver:
                        back.cancel()
                        await asyncio.gather(back, return_exceptions=True)
                        server_writer.write(data)
                        await server_reader.read(1)  # it has done what it was asked for
                    return
                server_writer.write(data)
        finally:
            writer.transport.abort()
            server_writer.transport.abort()

    async def _backwards(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Kafka's clients go where the brokers say they are: the same host, and the port in four bytes.
        there, here = (port.to_bytes(4, "big") for port in (self._target[1], self.port))
        while data := await reader.read(2**16):
            if not self.frozen:
                writer.write(data.replace(there, here))


class Arrived(Protocol):
    """What a channel's engine would read: each signal as (id, type, data)."""

    async def __call__(self) -> list[tuple[str, str, object]]: ...


@dataclass(frozen=True)
class Surroundings:
    """A channel, a source that it reaches, one that it does not, and a look at what has arrived."""

    channel: SignalChannel
    source: SourceConnector
    unreachable: SourceConnector
    arrived: Arrived
    idempotent: bool
    """Whether a signal that is sent twice is there once."""


_SURROUNDINGS = {
    SignalChannelKind.SOURCE_TABLE: "table_surroundings",
    SignalChannelKind.KAFKA: "topic_surroundings",
    SignalChannelKind.RECORDING: "recording_surroundings",
}


_OF_THE_CHAIN = (pytest.mark.real, pytest.mark.xdist_group("sandbox"))


@pytest.fixture(
    params=[
        pytest.param(kind, marks=_OF_THE_CHAIN if kind is SignalChannelKind.KAFKA else ()) for kind in SignalChannelKind
    ]
)
def surroundings(request: pytest.FixtureRequest) -> Surroundings:
    """One after the other, those of each channel."""
    found = request.getfixturevalue(_SURROUNDINGS[request.param])
    assert isinstance(found, Surroundings)
    return found


@pytest.fixture
async def signal_database(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """Yield the URL of a database of the test's own."""
    name = make_id("contract")
    await postgres_server.create_database(name)
    yield postgres_server.url(name)
    await execute(postgres_server.url(), f'DROP DATABASE "{name}" WITH (FORCE)')


def as_role(url: str, user: str, password: str) -> str:
    """Return `url` with another user."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}").geturl()


async def execute(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)  # type: ignore[no-untyped-call]
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def rows(url: str, table: str = "public.debezium_signal") -> list[tuple[str, str, object]]:
    connection = await asyncpg.connect(url)  # type: ignore[no-untyped-call]
    try:
        return [(row["id"], row["type"], orjson.loads(row["data"])) for row in await connection.fetch(f"TABLE {table}")]
    finally:
        await connection.close()


def table_source() -> SourceConnector:
    return SourceConnector(
        "src-1",
        Cluster("c", "c", None, None),
        "shop-connector",
        dialect=Dialect.POSTGRESQL,
        signal_channel=SignalChannelKind.SOURCE_TABLE,
        signal_collection="public.debezium_signal",
        database_url_ref="env:SHOP",
    )


@pytest.fixture
async def table_surroundings(signal_database: str) -> Surroundings:
    await execute(signal_database, f"CREATE TABLE debezium_signal {DOCUMENTED_DDL}")
    secrets = KnownSecrets({"env:SHOP": signal_database, "env:NOWHERE": "postgresql://u:p@127.0.0.1:1/d"})
    source = table_source()
    return Surroundings(
        SignalTableChannel(SourceOpener(secrets)),
        source,
        replace(source, database_url_ref="env:NOWHERE"),
        lambda: rows(signal_database),
        idempotent=True,
    )


def topic_source(bootstrap: str, topic: str) -> SourceConnector:
    return SourceConnector(
        "src-2",
        Cluster("c", "c", None, bootstrap),
        "billing-connector",
        topic_prefix="contract",
        signal_channel=SignalChannelKind.KAFKA,
        signal_topic=topic,
    )


async def read_topic(bootstrap: str, topic: str, *, until: str) -> list[tuple[bytes | None, dict[str, object]]]:
    """Keys and values of the topic's only partition, up to the value of that id."""
    consumer: Any = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")  # type: ignore[no-untyped-call]
    await consumer.start()
    found = []
    try:
        async with asyncio.timeout(FAULT_SECONDS):
            async for record in consumer:
                assert record.partition == 0
                value = orjson.loads(record.value)
                found.append((record.key, value))
                if value["id"] == until:
                    break
    finally:
        await consumer.stop()
    return found


@pytest.fixture
async def topic_surroundings(sandbox: Sandbox) -> AsyncIterator[Surroundings]:
    topic = make_id("contract-signal")
    await sandbox.broker.create_topics([topic])
    bootstrap = sandbox.broker.bootstrap
    source = topic_source(bootstrap, topic)
    channel = SignalTopicChannel(KafkaClients())
    end = signal()

    async def arrived() -> list[tuple[str, str, object]]:
        await channel.send(replace(source, topic_prefix="end"), end)
        found = []
        for key, value in await read_topic(bootstrap, topic, until=end.id):
            if key == b"contract":
                assert set(value) == {"id", "type", "data"}
                found.append((str(value["id"]), str(value["type"]), value["data"]))
        return found

    unreachable = replace(source, cluster=Cluster("d", "d", None, "127.0.0.1:1"))
    yield Surroundings(channel, source, unreachable, arrived, idempotent=False)
    await channel.close()


@pytest.fixture
def recording_surroundings() -> Surroundings:
    channel = RecordingChannel()
    source = SourceConnector("src-3", Cluster("c", "c", None, None), "crm-connector")
    unreachable = replace(source, id="src-4")
    channel.behave(unreachable.id, Behaviour.UNREACHABLE)

    async def arrived() -> list[tuple[str, str, object]]:
        return [(one.signal.id, one.signal.type, orjson.loads(one.signal.data)) for one in channel.recorded]

    return Surroundings(channel, source, unreachable, arrived, idempotent=True)
