"""The catalogue as a synchronisation fills it from the real thing: three sandbox sources and the suite's own."""

from collections.abc import AsyncIterator

import pytest

from resolvers.catalog.import_catalog import import_catalog
from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.principal import LOCAL_PRINCIPAL
from snapshots.catalog.changes import CatalogChanges
from snapshots.catalog.filters import SourceFilter, TopicFilter
from snapshots.catalog.imported import CatalogImport, ImportedConnector
from snapshots.channels import SignalChannelKind
from snapshots.model import SourceConnector, Topic
from snapshots.vocabulary import ConnectorState, Dialect, MappingKind, TopicProducer
from tests.e2e.chain import Chain
from tests.e2e.gateway import CLUSTER, TENANT, Gateway, describe, open_gateway, reference
from tests.e2e.sources import DEPOT, LOOK_ALIKES, NARROW, NOTIFICATIONS

pytestmark = pytest.mark.e2e


@pytest.fixture
async def fresh(chain: Chain, database_url: str) -> AsyncIterator[Gateway]:
    """A gateway that follows nothing, over a database of the test's own, with its catalogue filled."""
    sources = CatalogImport(
        connectors=tuple(
            ImportedConnector(CLUSTER, running.source.connector, database_url_ref=reference(running.source))
            for running in chain.sandbox.sources.values()
        )
    )
    async with open_gateway(chain, database_url) as gateway:
        await describe(gateway, sources)
        yield gateway


NAMES = ("shop", "billing", "crm", "depot", "till", "archive", "narrow")
"""Other tests may have connectors of their own in the same Kafka Connect."""


async def topics(gateway: Gateway) -> dict[str, Topic]:
    page = await gateway.services.catalog.topics_page(TENANT, TopicFilter(), first=500, after=None)
    return {topic.name: topic for topic in page.items if topic.name.partition(".")[0] in NAMES}


async def sources(gateway: Gateway) -> dict[str, SourceConnector]:
    page = await gateway.services.catalog.sources_page(TENANT, SourceFilter(), first=500, after=None)
    return {source.name: source for source in page.items}


async def synchronise(gateway: Gateway, *, dry_run: bool = False) -> CatalogChanges:
    """Synchronise all, which has to be readable."""
    result = await sync_catalog(gateway.services, LOCAL_PRINCIPAL, None, dry_run=dry_run)
    assert result.unreadable == ()
    return result.changes


async def test_connectors_are_found_as_they_are_configured(fresh: Gateway) -> None:
    found = await sources(fresh)

    ways = {name: (found[f"{name}-connector"].signal_channel, found[f"{name}-connector"].read_only) for name in NAMES}
    table, kafka = SignalChannelKind.SOURCE_TABLE, SignalChannelKind.KAFKA
    assert ways == {
        "shop": (table, False),
        "billing": (table, False),  # has both; the table cannot double a signal
        "crm": (kafka, True),
        "depot": (table, False),
        "till": (kafka, False),  # as the operator said
        "archive": (kafka, True),
        "narrow": (table, False),
    }
    depot = found["depot-connector"]
    assert depot.connector_class == "io.debezium.connector.postgresql.PostgresConnector"
    assert depot.version
    assert depot.version.startswith("3.6.")
    assert (depot.dialect, depot.state, depot.topic_prefix) == (Dialect.POSTGRESQL, ConnectorState.RUNNING, "depot")
    assert (depot.signal_collection, depot.signal_data_limit) == ("public.debezium_signal", 2048)
    assert depot.notification_topic == NOTIFICATIONS
    assert found["narrow-connector"].signal_data_limit == NARROW.signal_data_limit
    assert found["crm-connector"].signal_topic == "crm-signal"


async def test_topics_are_found_by_their_tables(fresh: Gateway) -> None:
    found = await topics(fresh)

    keyless = {name for name, topic in found.items() if topic.keyless}
    assert keyless == {"depot.public.keyless", "archive.public.keyless", "shop.public.audit_log"}
    assert found["shop.inventory.stock_levels"].keyless is False  # a unique index over a column that is not null
    assert {topic.keyless for topic in found.values()} == {True, False}
    for name, topic in found.items():
        assert (topic.producer, topic.mapping) == (TopicProducer.SOURCE, MappingKind.DERIVED)
        assert topic.source
        assert name.startswith(f"{topic.source.topic_prefix}.")
    assert {
        topic.data_collection for topic in found.values() if topic.source and topic.source.topic_prefix == "depot"
    } == {"public.fence", *(table.collection for table in DEPOT.tables)}
    ambiguous = {topic.data_collection for topic in found.values() if topic.ambiguous}
    assert {"public.orders", "public.Orders", "public.price.list"} <= ambiguous
    assert {f"public.{name}" for name in LOOK_ALIKES if "." in name} <= ambiguous
    assert "public.crates" not in ambiguous


async def test_what_the_connectors_write_for_themselves_is_no_topic_of_ours(fresh: Gateway) -> None:
    page = await fresh.services.catalog.topics_page(TENANT, TopicFilter(), first=500, after=None)

    names = [topic.name for topic in page.items]
    assert DEPOT.topic("crates") in names
    assert not [name for name in names if "signal" in name or "notifications" in name or name.startswith("__")]


async def test_a_table_is_there_before_its_topic_and_is_retired_with_its_table(fresh: Gateway) -> None:
    chain, name = fresh.chain, NARROW.topic("short_lived")
    before = await synchronise(fresh, dry_run=True)
    assert (before.topics.added, before.topics.changed, before.topics.retired) == ((), (), ())
    await chain.execute(NARROW, "CREATE TABLE public.short_lived (id integer PRIMARY KEY)")
    try:
        assert [item.name for item in (await synchronise(fresh, dry_run=True)).topics.added] == [name]
        assert name not in await topics(fresh)

        assert [item.name for item in (await synchronise(fresh)).topics.added] == [name]
        found = await topics(fresh)
        assert (found[name].exists, found[name].keyless) == (False, False)
        assert found[NARROW.topic("measurements_of_station_01")].exists
    finally:
        await chain.execute(NARROW, "DROP TABLE public.short_lived")

    after = await synchronise(fresh)
    assert [item.name for item in after.topics.retired] == [name]
    assert (after.topics.added, after.connectors.changed) == ((), ())
    assert name not in await topics(fresh)


async def test_what_an_operator_says_survives_a_synchronisation(fresh: Gateway) -> None:
    """And what an earlier import said is left to observation again, where this one does not say it."""
    said = CatalogImport(connectors=(ImportedConnector(CLUSTER, "depot-connector", signal_data_limit=100),))
    await import_catalog(fresh.services, LOCAL_PRINCIPAL, said)

    await synchronise(fresh)

    depot = (await sources(fresh))["depot-connector"]
    assert (depot.signal_data_limit, depot.managed) == (100, MappingKind.EXPLICIT)
    assert (depot.database_url_ref, depot.signal_channel) == (None, None)
