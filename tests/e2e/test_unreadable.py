"""A sync while a source database, a Kafka or a Kafka Connect is really away: nothing of it is retired or forgotten."""

import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from persistence.embedded.ports import LOOPBACK
from persistence.embedded.sessions import connected
from resolvers.catalog.import_catalog import import_catalog
from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.principal import LOCAL_PRINCIPAL
from sandbox.connect import ConnectWorker
from sandbox.sources import Source, connector_config
from snapshots.catalog.changes import SyncResult
from snapshots.catalog.filters import SourceFilter, TopicFilter
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector
from snapshots.model import SourceConnector, Topic
from snapshots.vocabulary import ConnectorState
from tests.cli.commands import command, started
from tests.cli.test_serve import ready_url
from tests.e2e.chain import Chain, start_source
from tests.e2e.gateway import CLUSTER, TENANT, Gateway, describe, open_gateway
from tests.e2e.places import Door
from tests.e2e.sources import NARROW, OWN_SOURCES, Made, OwnSource

pytestmark = pytest.mark.e2e

_KEYLESS = "CREATE TABLE {table} (actor text); ALTER TABLE {table} REPLICA IDENTITY FULL;"
HARBOUR = OwnSource(
    Source("harbour", channel="source", include={"schema.include.list": "public"}),
    (Made("ships", 3), Made("cargo lists", 3), Made("arrivals", 0, _KEYLESS), Made("short_lived", 0)),
    signal_data_limit=300,
)
"""Its database alone tells of a topic that is not named like its table, of a missing key, and of a short limit."""
OTHER = "other"
"""A second cluster, with a Kafka Connect of its own."""


@dataclass(frozen=True)
class Place:
    """A gateway before the harbour, and the secret by which it reaches the harbour's database."""

    gateway: Gateway
    secret: Path
    database_url: str

    async def sync(self) -> SyncResult:
        return await sync_catalog(self.gateway.services, LOCAL_PRINCIPAL, None)

    async def topics(self, prefix: str = "harbour.") -> dict[str, Topic]:
        page = await self.gateway.services.catalog.topics_page(TENANT, TopicFilter(), first=500, after=None)
        return {topic.name: _without_state(topic) for topic in page.items if topic.name.startswith(prefix)}

    async def source(self, name: str = HARBOUR.source.connector) -> SourceConnector:
        page = await self.gateway.services.catalog.sources_page(TENANT, SourceFilter(), first=500, after=None)
        [found] = [source for source in page.items if source.name == name]
        return dataclasses.replace(found, state=ConnectorState.UNKNOWN, state_observed_at=None)


def _without_state(topic: Topic) -> Topic:
    assert topic.source is not None
    source = dataclasses.replace(topic.source, state=ConnectorState.UNKNOWN, state_observed_at=None)
    return dataclasses.replace(topic, source=source)


@pytest.fixture(scope="module")
async def harbour(chain: Chain) -> AsyncIterator[str]:
    """Yield the URL of the harbour's database; its connector runs."""
    await chain.sandbox.broker.create_topics([HARBOUR.source.signal_topic, HARBOUR.topic("ships")])
    await start_source(chain.sandbox, HARBOUR)
    yield chain.sandbox.postgres.url(HARBOUR.name)
    await chain.sandbox.connect.delete_connector(HARBOUR.source.connector)


@pytest.fixture
async def place(chain: Chain, harbour: str, database_url: str, tmp_path: Path) -> AsyncIterator[Place]:
    secret = tmp_path / "harbour-url"
    secret.write_text(harbour, "utf-8")
    said = ImportedConnector(CLUSTER, HARBOUR.source.connector, database_url_ref=f"file:{secret}")
    async with open_gateway(chain, database_url) as gateway:
        await describe(gateway, CatalogImport(connectors=(said,)))
        yield Place(gateway, secret, database_url)


Away = Callable[[Place, str], Awaitable[None]]


async def closed(place: Place, url: str) -> None:
    """The server takes no connection to the database any more, and has ended those that there were."""
    async with connected(place.gateway.chain.sandbox.postgres.url()) as connection:
        await connection.execute(f"ALTER DATABASE {HARBOUR.name} ALLOW_CONNECTIONS false")
        await connection.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{HARBOUR.name}'"
        )


async def port_closed(place: Place, url: str) -> None:
    port = place.gateway.chain.sandbox.postgres.port
    place.secret.write_text(url.replace(f":{port}/", ":1/"), "utf-8")


async def password_changed(place: Place, url: str) -> None:
    place.secret.write_text(url.replace("postgres:", "nobody:"), "utf-8")


async def secret_gone(place: Place, url: str) -> None:
    place.secret.unlink()


async def back(place: Place, url: str) -> None:
    async with connected(place.gateway.chain.sandbox.postgres.url()) as connection:
        await connection.execute(f"ALTER DATABASE {HARBOUR.name} ALLOW_CONNECTIONS true")
    place.secret.write_text(url, "utf-8")


@asynccontextmanager
async def new_table(chain: Chain, name: str = "found_meanwhile") -> AsyncIterator[str]:
    """Yield the topic of a table that another source has for a moment."""
    await chain.execute(NARROW, f"CREATE TABLE public.{name} (id integer PRIMARY KEY)")
    try:
        yield NARROW.topic(name)
    finally:
        await chain.execute(NARROW, f"DROP TABLE public.{name}")


def names(items: tuple[object, ...]) -> list[str]:
    return [str(item.name) for item in items]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("away", "reason"),
    [
        (closed, "(SQLSTATE 55000)"),
        (port_closed, "(ConnectionRefusedError)"),
        (password_changed, "(SQLSTATE 28P01)"),
        (secret_gone, "does not exist or is not a regular file)"),
    ],
)
async def test_a_source_database_that_is_away(place: Place, harbour: str, away: Away, reason: str) -> None:
    chain = place.gateway.chain
    known, source = await place.topics(), await place.source()
    odd = known["harbour.public.cargo_lists"]
    assert (odd.data_collection, odd.keyless, source.signal_data_limit) == ("public.cargo lists", False, 300)
    assert known["harbour.public.arrivals"].keyless is True
    assert len(known) == 5  # with the fence

    async with new_table(chain) as new:
        await away(place, harbour)
        try:
            result = await place.sync()
            assert [(part.cluster, part.source) for part in result.unreadable] == [(CLUSTER, HARBOUR.source.connector)]
            assert "The database of connector harbour-connector cannot be read (" in result.unreadable[0].reason
            assert reason in result.unreadable[0].reason
            assert (names(result.changes.topics.added), result.nothing_read) == ([new], False)
            assert (result.changes.topics.retired, result.changes.topics.changed) == ((), ())
            assert (result.changes.connectors.retired, result.changes.connectors.changed) == ((), ())
            assert (await place.topics(), await place.source()) == (known, source)
        finally:
            await back(place, harbour)

    await chain.execute(HARBOUR, "DROP TABLE public.short_lived")
    try:
        result = await place.sync()
        assert result.unreadable == ()
        assert sorted(names(result.changes.topics.retired)) == sorted([HARBOUR.topic("short_lived"), new])
        assert await place.topics() == {name: topic for name, topic in known.items() if "short_lived" not in name}
    finally:
        await chain.execute(HARBOUR, "CREATE TABLE public.short_lived (id integer PRIMARY KEY)")


async def test_the_command_names_it_by_both_ways(place: Place, harbour: str) -> None:
    await closed(place, harbour)
    environ = {"TOPICSNAP_DATABASE_URL": place.database_url, "TOPICSNAP_FOLLOW": "false"}
    environ |= _variables(place.gateway.chain)
    try:
        async with started("serve", "--port", "0", **environ) as running:
            by_gateway = await command("sync", "--server", await ready_url(running))
        direct = await command("sync", "--direct", "--json", **environ)
    finally:
        await back(place, harbour)
    assert by_gateway.code == direct.code == 4, (by_gateway, direct)
    assert "topics: 0 added, 0 changed, 0 retired" in by_gateway.out
    told = (
        f"  ! {CLUSTER}/harbour-connector  The database of connector harbour-connector cannot be read (SQLSTATE 55000)."
    )
    assert told in by_gateway.out
    assert [part["source"] for part in json.loads(direct.out)["unreadable"]] == ["harbour-connector"]


def _variables(chain: Chain) -> Mapping[str, str]:
    return {f"{own.name.upper()}_DATABASE_URL": chain.database_url(own) for own in OWN_SOURCES}


async def test_a_kafka_that_is_away(place: Place) -> None:
    """A topic that nobody wrote to yet is known to Kafka alone."""
    services, chain = place.gateway.services, place.gateway.chain
    door = Door(chain.sandbox.broker.bootstrap)
    cluster = ImportedCluster(CLUSTER, connect_url=chain.sandbox.connect.url, kafka_bootstrap=door.address)
    await import_catalog(services, LOCAL_PRINCIPAL, CatalogImport((cluster,)))
    async with door.open():
        assert (await place.sync()).unreadable == ()
    known = await place.topics()
    assert known[HARBOUR.topic("ships")].exists
    assert not known[HARBOUR.topic("short_lived")].exists

    async with new_table(chain) as new:
        result = await place.sync()
    [told] = result.unreadable
    assert (told.cluster, told.source) == (CLUSTER, None)
    assert told.reason.startswith("Kafka did not list its topics (KafkaConnectionError).")
    assert (names(result.changes.topics.added), result.changes.topics.changed) == ([new], ())
    assert await place.topics() == known


@pytest.fixture
async def other(chain: Chain, place: Place, tmp_path: Path) -> AsyncIterator[ConnectWorker]:
    """A second Kafka Connect, in the catalogue as another cluster, with a connector of the harbour's database."""
    sandbox = chain.sandbox
    source = Source("pier", channel="source", include={"table.include.list": "public.ships,public.piers"})
    directory = tmp_path / "connect"
    directory.mkdir()
    worker = ConnectWorker(directory, sandbox.broker)
    await worker.start()
    try:
        config = connector_config(
            source,
            host=LOOPBACK,
            port=sandbox.postgres.port,
            password=urlsplit(sandbox.postgres.url()).password or "",
            bootstrap=sandbox.broker.bootstrap,
        )
        await worker.create_connector(source.connector, {**config, "database.dbname": HARBOUR.name})
        await worker.wait_running(source.connector)
        cluster = ImportedCluster(OTHER, connect_url=worker.url, kafka_bootstrap=sandbox.broker.bootstrap)
        connector = ImportedConnector(OTHER, source.connector, database_url_ref=f"file:{place.secret}")
        await import_catalog(place.gateway.services, LOCAL_PRINCIPAL, CatalogImport((cluster,), (connector,)))
        yield worker
        await worker.delete_connector(source.connector)
    finally:
        worker.kill()


async def test_a_kafka_connect_that_is_away_beside_one_that_is_not(place: Place, other: ConnectWorker) -> None:
    chain = place.gateway.chain
    await chain.execute(HARBOUR, "CREATE TABLE public.piers (id integer PRIMARY KEY)")
    assert (await place.sync()).unreadable == ()
    known, source = await place.topics("pier."), await place.source("pier-connector")
    assert sorted(known) == ["pier.public.piers", "pier.public.ships"]

    other.kill()
    async with new_table(chain) as new:
        result = await place.sync()
    [told] = result.unreadable
    assert (told.cluster, told.source) == (OTHER, None)
    assert told.reason.startswith("Kafka Connect of cluster other cannot be asked: ClientConnectorError.")
    assert (names(result.changes.topics.added), result.nothing_read) == ([new], False)
    assert (result.changes.topics.retired, result.changes.connectors.retired) == ((), ())
    assert (await place.topics("pier."), await place.source("pier-connector")) == (known, source)

    await chain.execute(HARBOUR, "DROP TABLE public.piers")
    await other.start()
    await other.wait_running("pier-connector")
    result = await place.sync()
    assert result.unreadable == ()
    assert set(names(result.changes.topics.retired)) == {"pier.public.piers", HARBOUR.topic("piers"), new}


async def test_where_all_are_away_nothing_is_done(place: Place) -> None:
    known = await place.topics("")
    nowhere = ImportedCluster(CLUSTER, connect_url="http://127.0.0.1:1")
    await import_catalog(place.gateway.services, LOCAL_PRINCIPAL, CatalogImport((nowhere,)))
    result = await place.sync()
    assert (result.nothing_read, [part.cluster for part in result.unreadable]) == (True, [CLUSTER])
    assert set(await place.topics("")) == set(known)
