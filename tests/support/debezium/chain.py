"""The real chain with the suite's own sources beside the sandbox's, and a look at the signals that were sent."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from types import MappingProxyType
from typing import Any, cast
from urllib.parse import urlsplit

import orjson
from aiokafka import AIOKafkaConsumer

from persistence.embedded.ports import LOOPBACK
from persistence.embedded.sessions import connected
from sandbox.sources import connector_config
from sandbox.stack import Sandbox
from sandbox.topics import Json, write_record
from tests.support.debezium.arrivals import Arrivals, WatchedSource
from tests.support.debezium.sources import FENCE, NOTIFICATIONS, OWN_SOURCES, OwnSource

_READ_SECONDS = 30.0


@dataclass(frozen=True)
class Chain:
    """What the tests stand in front of."""

    sandbox: Sandbox
    arrivals: Arrivals
    _markers: "count[int]"

    def database_url(self, source: OwnSource) -> str:
        """The superuser's URL of the source's database."""
        return self.sandbox.postgres.url(source.name)

    async def execute(self, source: OwnSource, *statements: str) -> None:
        """Run statements in the source's database."""
        async with connected(self.database_url(source)) as connection:
            for statement in statements:
                await connection.execute(statement)

    async def signals(self, source: OwnSource) -> Counter[str]:
        """Return how often each `execute-snapshot` signal was ever sent to the source by its id, in both channels."""
        return Counter([*await self._in_table(source), *await self._in_topic(source)])

    async def _in_table(self, source: OwnSource) -> list[str]:
        if source.source.signal_table is None:
            return []
        async with connected(self.database_url(source)) as connection:
            rows = await connection.fetch(
                f"SELECT id FROM {source.source.signal_table} WHERE type = 'execute-snapshot'"
            )
        return [cast("tuple[str]", row)[0] for row in rows]

    async def _in_topic(self, source: OwnSource) -> list[str]:
        if source.source.channel != "kafka":
            return []
        bootstrap, topic = self.sandbox.broker.bootstrap, source.source.signal_topic
        marker = f"e2e-marker-{next(self._markers)}"
        # The key is no connector's prefix, so Debezium passes it over.
        await write_record(bootstrap, topic, "e2e-marker", {"id": marker, "type": "marker", "data": {}})
        values = await _read_values(bootstrap, topic, until=marker)
        return [str(value["id"]) for value in values if value["type"] == "execute-snapshot"]


async def _read_values(bootstrap: str, topic: str, *, until: str) -> list[Json]:
    """Return the values of a signal topic up to the id `until`."""
    consumer: Any = AIOKafkaConsumer(  # type: ignore[no-untyped-call]
        topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    values: list[Json] = []
    try:
        async with asyncio.timeout(_READ_SECONDS):
            async for record in consumer:
                values.append(orjson.loads(record.value))
                if values[-1]["id"] == until:
                    break
    finally:
        await consumer.stop()
    return values


@asynccontextmanager
async def running_chain(sandbox: Sandbox) -> AsyncIterator[Chain]:
    """Run the suite's own connectors in the sandbox, until the end."""
    await sandbox.broker.create_topics([NOTIFICATIONS, *(topic for own in OWN_SOURCES for topic in topics_of(own))])
    async with asyncio.TaskGroup() as group:
        for own in OWN_SOURCES:
            group.create_task(start_source(sandbox, own))
    watched = [WatchedSource(own, sandbox.postgres.url(own.name)) for own in OWN_SOURCES]
    async with Arrivals(sandbox.broker.bootstrap, watched) as arrivals:
        yield Chain(sandbox, arrivals, count(1))


def topics_of(own: OwnSource) -> list[str]:
    """Return the topics to be made before its connector writes: the broker would give them four partitions."""
    return [own.source.signal_topic, own.topic(FENCE), *(own.topic(table.name) for table in own.tables)]


async def start_source(
    sandbox: Sandbox,
    own: OwnSource,
    *,
    notifications: str | None = NOTIFICATIONS,
    more: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Make and fill its database, and run its connector, which tells of its snapshots on the topic `notifications`.

    `more` is added to the connector's configuration.
    """
    url = sandbox.postgres.url(own.name)
    await sandbox.postgres.create_database(own.name)
    async with connected(url) as connection:
        await connection.execute(own.sql())
    config = connector_config(
        own.source,
        host=LOOPBACK,
        port=sandbox.postgres.port,
        password=urlsplit(url).password or "",
        bootstrap=sandbox.broker.bootstrap,
    )
    if notifications is None:
        config = {name: value for name, value in config.items() if not name.startswith("notification.")}
    else:
        config["notification.sink.topic.name"] = notifications
    await sandbox.add_connector(own.source.connector, {**config, **more})
