"""Lanes: three connectors each, one for each way to signal them, on which one scenario after the other is run."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlsplit

import asyncpg

from persistence.embedded.ports import LOOPBACK
from persistence.embedded.sessions import connected, quoted
from sandbox.sources import Source, connector_config
from sandbox.stack import Sandbox
from sandbox.topics import write_record
from sandbox.waiting import eventually
from tests.truth.arrivals import FENCE, Reader
from tests.truth.scenarios import Scenario
from tests.truth.tables import COLUMNS, Fate, Row, Table

NOTIFICATIONS = "truth.notifications"
"""One topic for all connectors: what is told of one must not move the snapshots of another."""
_CHUNK_ROWS = 200
"""Few, so that a table of 3,000 rows is read for long enough to come in between."""
_START_SECONDS = 90.0
_FENCE_SECONDS = 45.0
_SQL = f"""
    CREATE TABLE public.{FENCE} (id integer PRIMARY KEY);
    CREATE TABLE public.debezium_signal
        (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(2048) NULL);
"""
_INCLUDE = {"schema.include.list": "public"}


@dataclass
class Lane:
    """Three sources of one sandbox."""

    sandbox: Sandbox
    number: int
    notes: Reader
    """Reads the notifications of all lanes."""
    sources: tuple[Source, ...] = field(init=False)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        """Name the sources."""
        name = f"truth{self.number}"
        self.sources = (
            Source(f"{name}table", channel="source", include=_INCLUDE),
            Source(f"{name}kafka", channel="kafka", include=_INCLUDE),
            Source(f"{name}readonly", channel="kafka", include=_INCLUDE, read_only=True),
        )

    def url(self, source: Source) -> str:
        """The superuser's URL of the source's database."""
        return self.sandbox.postgres.url(source.name)

    def topic(self, table: Table) -> str:
        """The topic of a table."""
        return self.sources[table.connector].topic("public", table.name)

    async def make_databases(self) -> None:
        """Make the databases and the topics that are not of a scenario."""
        await self.sandbox.broker.create_topics(
            topic for one in self.sources for topic in (one.signal_topic, one.topic("public", FENCE))
        )
        for source in self.sources:
            await self.sandbox.postgres.create_database(source.name)
            async with connected(self.url(source)) as connection:
                await connection.execute(_SQL)

    async def start(self) -> None:
        """Create the connectors, and return when they run; they know the tables that there are then."""
        async with asyncio.TaskGroup() as group:
            for source in self.sources:
                config = connector_config(
                    source,
                    host=LOOPBACK,
                    port=self.sandbox.postgres.port,
                    password=urlsplit(self.url(source)).password or "",
                    bootstrap=self.sandbox.broker.bootstrap,
                )
                config["notification.sink.topic.name"] = NOTIFICATIONS
                config["incremental.snapshot.chunk.size"] = str(_CHUNK_ROWS)
                group.create_task(self.sandbox.add_connector(source.connector, config))

    async def restart(self, *connectors: int) -> None:
        """Restart connectors, and return when they say that they have started anew."""
        async with asyncio.TaskGroup() as group:
            for connector in connectors:
                group.create_task(self._restart(self.sources[connector]))

    async def _restart(self, source: Source) -> None:
        before = self._starts(source)
        await self.sandbox.connect.restart_connector(source.connector)

        async def started() -> bool:
            return self._starts(source) > before

        await eventually(started, _START_SECONDS, f"{source.connector} to start anew")
        await self.sandbox.connect.wait_running(source.connector)

    def _starts(self, source: Source) -> int:
        """How often the connector has told of the initial snapshot that it skips: once for each start."""
        return sum(
            note["type"] == "SKIPPED" and note.get("connector_name") == source.topic_prefix for note in self.notes.notes
        )

    async def end(self) -> None:
        """Delete the connectors and their databases."""
        for source in self.sources:
            await self.sandbox.connect.delete_connector(source.connector)
        async with connected(self.sandbox.postgres.url()) as connection:
            for source in self.sources:
                await connection.execute(f"DROP DATABASE {quoted(source.name)} WITH (FORCE)")

    async def states(self, connector: int) -> tuple[str, ...]:
        """Return the state of a connector, and of its task."""
        return await self.sandbox.connect.states(self.sources[connector].connector)

    async def make(self, table: Table, rows: Sequence[Row]) -> None:
        """Make a table and fill it."""
        connection = await asyncpg.connect(self.url(self.sources[table.connector]))  # type: ignore[no-untyped-call]
        try:
            async with connection.transaction():
                await connection.execute(table.sql())
                await connection.copy_records_to_table(
                    table.name, schema_name="public", columns=list(COLUMNS), records=rows
                )
        finally:
            await connection.close()

    async def drop(self, *tables: Table) -> None:
        """Drop those of the tables that are there."""
        for place, source in enumerate(self.sources):
            mine = [table for table in tables if table.connector == place]
            if mine:
                async with connected(self.url(source)) as connection:
                    for table in mine:
                        await connection.execute(f"DROP TABLE IF EXISTS public.{quoted(table.name)}")

    async def send(self, connector: int, signal_type: str, data: object) -> None:
        """Send a signal by hand, by the connector's own channel."""
        source, signal_id = self.sources[connector], f"by-hand-{next(self._numbers)}"
        if source.channel == "kafka":
            value = {"id": signal_id, "type": signal_type, "data": data}
            await write_record(self.sandbox.broker.bootstrap, source.signal_topic, source.topic_prefix, value)
            return
        async with connected(self.url(source)) as connection:
            insert = "INSERT INTO public.debezium_signal VALUES ($1, $2, $3)"
            await connection.execute(insert, signal_id, signal_type, json.dumps(data))

    async def pass_fence(self, connector: int, reader: Reader) -> None:
        """Return when a change made now has come through the connector, and with it what it had read before."""
        source, number = self.sources[connector], next(self._numbers)
        async with connected(self.url(source)) as connection:
            await connection.execute(f"INSERT INTO public.{FENCE} VALUES ($1)", number)
        topic = source.topic("public", FENCE)

        async def arrived() -> bool:
            return reader.fences.get(topic, 0) >= number

        await eventually(arrived, _FENCE_SECONDS, f"the fence of {source.connector}")

    @asynccontextmanager
    async def reading(self, scenarios: Sequence[Scenario]) -> AsyncIterator[Reader]:
        """Read all topics of the scenarios, which are made for it: the broker would give them four partitions."""
        tables = [self.topic(table) for scenario in scenarios for table in scenario.made]
        await self.sandbox.broker.create_topics(tables)
        fences = [source.topic("public", FENCE) for source in self.sources]
        async with Reader(self.sandbox.broker.bootstrap, [*fences, *tables]) as reader:
            yield reader

    async def fill(self, scenarios: Sequence[Scenario]) -> None:
        """Make the tables of the scenarios, but those that are made late or never."""
        for scenario in scenarios:
            for place, table in enumerate(scenario.tables):
                if table.fate in {Fate.PRESENT, Fate.DROPPED}:
                    await self.make(table, scenario.rows(place))
            if scenario.joined:
                await self.make(scenario.joined, scenario.joined_rows)
