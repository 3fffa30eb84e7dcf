"""Reading the catalogue: what each list holds, what it costs, and that nothing of another tenant is in it."""

import pytest

from persistence.catalog.reading import Catalog
from persistence.catalog.writing import CatalogWriter
from persistence.database.pool import Database
from persistence.database.statement_counter import StatementCounter
from persistence.tables import snapshot_topic, source_snapshot
from snapshots.catalog.filters import SourceFilter, TopicFilter
from snapshots.catalog.imported import CatalogImport, ImportedConnector, ImportedTopic
from snapshots.channels import SignalChannelKind
from snapshots.model import Cluster, SourceConnector, Topic
from snapshots.states import SnapshotState
from snapshots.vocabulary import ConnectorKind, ConnectorState, Dialect, MappingKind, TopicProducer
from tests.databases import Administrator
from tests.integration.persistence.samples import OTHER_TENANT, TENANT, small_catalog, store_both_tenants

EAST = Cluster("clu_east", "east", "http://east:8083", "east:9092")
SHOP = SourceConnector(
    id="src_shop",
    cluster=EAST,
    name="shop",
    kind=ConnectorKind.SOURCE,
    dialect=Dialect.POSTGRESQL,
    topic_prefix="shop",
    signal_channel=SignalChannelKind.KAFKA,
    signal_topic="shop-signal",
    notification_topic="notifications",
    database_url_ref="env:SHOP",
    managed=MappingKind.EXPLICIT,
)
ORDERS = Topic(
    id="top_orders",
    cluster_id="clu_east",
    cluster_name="east",
    name="shop.orders",
    producer=TopicProducer.SOURCE,
    source=SHOP,
    data_collection="public.orders",
    mapping=MappingKind.EXPLICIT,
    keyless=None,
    exists=False,
)
STRANGE_IDS = ["nobody", "", "a\x00b", "\ud800", "'; --"]


@pytest.fixture(autouse=True)
async def stored(writer: CatalogWriter) -> None:
    await store_both_tenants(writer)


async def found(catalog: Catalog, wanted: TopicFilter) -> list[str]:
    return [topic.name for topic in (await catalog.topics_page(TENANT, wanted, first=50)).items]


async def test_a_route_leads_to_the_connector_and_its_cluster(catalog: Catalog) -> None:
    routes = await catalog.routes(TENANT, ["top_orders", *STRANGE_IDS])
    assert routes == {"top_orders": ORDERS}


async def test_routes_of_one_connector_share_it(catalog: Catalog) -> None:
    routes = await catalog.routes(TENANT, ["top_orders", "top_items"])
    assert routes["top_orders"].source is routes["top_items"].source


async def test_a_topic_without_a_source_has_none(catalog: Catalog) -> None:
    (odd,) = (await catalog.routes(TENANT, ["top_odd"])).values()
    assert (odd.source, odd.producer, odd.exists) == (None, TopicProducer.MANUAL, True)


async def test_five_hundred_routes_are_one_statement(
    catalog: Catalog, writer: CatalogWriter, database: Database
) -> None:
    many = tuple(ImportedTopic("east", f"t{n}", f"top_{n}", connector="shop") for n in range(500))
    await writer.import_catalog(TENANT, CatalogImport(topics=many))
    with StatementCounter(database) as counter:
        assert len(await catalog.routes(TENANT, [f"top_{n}" for n in range(500)])) == 500
    assert len(counter) == 1


async def test_every_list_is_one_statement(catalog: Catalog, database: Database) -> None:
    with StatementCounter(database) as counter:
        await catalog.topics_page(TENANT, first=10)
        await catalog.sources_page(TENANT, first=10)
        await catalog.topics_of_sources(TENANT, ["src_shop", "src_crm", "nobody"], first=10)
        await catalog.topics_by_name(TENANT, [("east", "shop.orders"), ("west", "crm.people")])
        await catalog.sources_by_name(TENANT, [("east", "shop"), ("west", "crm")])
        await catalog.sources(TENANT, ["src_shop", "src_crm"])
        await catalog.clusters(TENANT)
        await catalog.collections_of(TENANT, ["src_shop", "src_crm"])
        await catalog.database_url_refs(TENANT, "clu_east")
    assert len(counter) == 9


async def test_a_total_costs_one_statement_more_and_only_where_it_is_asked_for(
    catalog: Catalog, database: Database
) -> None:
    with StatementCounter(database) as counter:
        page = await catalog.topics_page(TENANT, TopicFilter(name_contains="shop"), first=1, with_total=True)
        sources = await catalog.sources_page(TENANT, first=1, with_total=True)
    assert (page.total_count, sources.total_count, len(counter)) == (2, 2, 4)
    assert (await catalog.topics_page(TENANT, first=1)).total_count is None


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        pytest.param(TopicFilter(), ["a%_\\b", "crm.people", "shop.items", "shop.orders"], id="nothing"),
        pytest.param(TopicFilter(name_contains="SHOP.o"), ["shop.orders"], id="part of the name, any case"),
        pytest.param(TopicFilter(name_contains="%_\\"), ["a%_\\b"], id="what LIKE would read as wildcards"),
        pytest.param(TopicFilter(name_contains="_"), ["a%_\\b"], id="an underscore"),
        pytest.param(TopicFilter(name_contains="\x00"), [], id="a NUL"),
        pytest.param(TopicFilter(name_contains=""), ["a%_\\b", "crm.people", "shop.items", "shop.orders"], id="empty"),
        pytest.param(TopicFilter(producers=(TopicProducer.MANUAL,)), ["a%_\\b"], id="a producer"),
        pytest.param(TopicFilter(producers=()), [], id="no producer at all"),
        pytest.param(TopicFilter(source_ids=("src_shop", *STRANGE_IDS)), ["shop.items", "shop.orders"], id="sources"),
        pytest.param(TopicFilter(keyless=True), ["shop.items"], id="keyless"),
        pytest.param(TopicFilter(keyless=False), [], id="known to have a key"),
        pytest.param(TopicFilter(exists=True), ["a%_\\b"], id="exists"),
        pytest.param(TopicFilter(source_ids=("src_shop",), keyless=True), ["shop.items"], id="two things"),
    ],
)
async def test_topics_are_filtered(catalog: Catalog, wanted: TopicFilter, names: list[str]) -> None:
    assert await found(catalog, wanted) == sorted(names)


async def test_topics_are_filtered_by_the_state_of_their_last_snapshot(
    catalog: Catalog, administrator: Administrator
) -> None:
    for number, (topic_id, state) in enumerate(
        [("top_orders", "FAILED"), ("top_orders", "COMPLETED"), ("top_items", "FAILED")]
    ):
        await administrator.execute(
            "INSERT INTO bulk_snapshot (tenant_id, id, operation, snapshot_type, requested_by, request_hash) "
            f"VALUES ('{TENANT}', 'bulk_{number}', 'x', 'INCREMENTAL', 'me', '')"
        )
        await administrator.execute(
            f"INSERT INTO {source_snapshot.name} "
            "(tenant_id, id, bulk_snapshot_id, connector_id, position, snapshot_type, state) "
            f"VALUES ('{TENANT}', 'snap_{number}', 'bulk_{number}', 'src_shop', 0, 'INCREMENTAL', '{state}')"
        )
        await administrator.execute(
            f"INSERT INTO {snapshot_topic.name} "
            "(tenant_id, id, source_snapshot_id, topic_id, position, data_collection, state) "
            f"VALUES ('{TENANT}', 'ts_{number}', 'snap_{number}', '{topic_id}', 0, 'x', 'COMPLETED')"
        )
    assert await found(catalog, TopicFilter(snapshot_states=(SnapshotState.COMPLETED,))) == ["shop.orders"]
    assert await found(catalog, TopicFilter(snapshot_states=(SnapshotState.FAILED,))) == ["shop.items"]
    assert await found(catalog, TopicFilter(snapshot_states=(SnapshotState.RUNNING,))) == []


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        pytest.param(SourceFilter(), ["crm", "shop"], id="nothing"),
        pytest.param(SourceFilter(name_contains="SH"), ["shop"], id="part of the name"),
        pytest.param(SourceFilter(states=(ConnectorState.UNKNOWN,)), ["crm", "shop"], id="state"),
        pytest.param(SourceFilter(states=(ConnectorState.FAILED,)), [], id="another state"),
        pytest.param(SourceFilter(cluster_ids=("clu_west", *STRANGE_IDS)), ["crm"], id="cluster"),
    ],
)
async def test_sources_are_filtered(catalog: Catalog, wanted: SourceFilter, names: list[str]) -> None:
    assert [source.name for source in (await catalog.sources_page(TENANT, wanted, first=50)).items] == names


async def test_topics_of_sources_are_a_page_for_each(catalog: Catalog) -> None:
    pages = await catalog.topics_of_sources(TENANT, ["src_shop", "src_crm", *STRANGE_IDS], first=1)
    assert {source_id: [topic.name for topic in page.items] for source_id, page in pages.items()} == {
        "src_shop": ["shop.items"],
        "src_crm": ["crm.people"],
        **{strange: [] for strange in STRANGE_IDS},
    }
    assert (pages["src_shop"].has_next, pages["src_crm"].has_next) == (True, False)

    after = pages["src_shop"].end_cursor
    rest = await catalog.topics_page(TENANT, TopicFilter(source_ids=("src_shop",)), first=10, after=after)
    assert [topic.name for topic in rest.items] == ["shop.orders"]


async def test_topics_of_sources_can_be_filtered(catalog: Catalog) -> None:
    wanted = TopicFilter(name_contains="orders")
    pages = await catalog.topics_of_sources(TENANT, ["src_shop", "src_crm"], first=1, wanted=wanted)
    assert [page.items for page in pages.values()] == [(ORDERS,), ()]
    assert not pages["src_shop"].has_next


async def test_things_are_found_by_the_names_of_their_cluster_and_their_own(catalog: Catalog) -> None:
    assert await catalog.topics_by_name(TENANT, [("east", "shop.orders"), ("west", "shop.orders"), ("\x00", "a")]) == {
        ("east", "shop.orders"): ORDERS
    }
    assert await catalog.sources_by_name(TENANT, [("east", "shop"), ("west", "shop"), ("east", "\ud800")]) == {
        ("east", "shop"): SHOP
    }


async def test_sources_and_clusters(catalog: Catalog) -> None:
    assert await catalog.sources(TENANT, ["src_shop", *STRANGE_IDS]) == {"src_shop": SHOP}
    assert await catalog.clusters(TENANT) == (
        EAST,
        Cluster("clu_west", "west", "http://west:8083", "west:9092", "env:WEST_AUTH"),
    )
    assert await catalog.database_url_refs(TENANT, "clu_east") == {"shop": "env:SHOP"}


async def test_the_collections_of_sources(catalog: Catalog) -> None:
    assert await catalog.collections_of(TENANT, ["src_shop", "nobody"]) == {
        "src_shop": ("public.items", "public.orders"),
        "nobody": (),
    }


async def test_what_is_retired_is_found_nowhere(catalog: Catalog, administrator: Administrator) -> None:
    await administrator.execute("UPDATE topic SET retired_at = now() WHERE id = 'top_orders'")
    await administrator.execute("UPDATE connector SET retired_at = now() WHERE id = 'src_shop'")
    assert await catalog.routes(TENANT, ["top_orders"]) == {}
    assert "shop.orders" not in await found(catalog, TopicFilter())
    assert await catalog.topics_by_name(TENANT, [("east", "shop.orders")]) == {}
    assert await catalog.collections_of(TENANT, ["src_shop"]) == {"src_shop": ("public.items",)}
    pages = await catalog.topics_of_sources(TENANT, ["src_shop"], first=10)
    assert [topic.id for topic in pages["src_shop"].items] == ["top_items"]
    assert await catalog.sources(TENANT, ["src_shop"]) == {}
    assert await catalog.sources_by_name(TENANT, [("east", "shop")]) == {}
    assert [source.id for source in (await catalog.sources_page(TENANT, first=10)).items] == ["src_crm"]


@pytest.mark.parametrize(("tenant", "other"), [(TENANT, OTHER_TENANT), (OTHER_TENANT, TENANT)])
async def test_no_read_shows_anything_of_another_tenant(catalog: Catalog, tenant: str, other: str) -> None:
    """Both tenants have the same names, and one id in common: whatever leaks would show as more or as other ids."""
    theirs = await everything(catalog, other)
    ours = await everything(catalog, tenant)
    shared = {"top_orders"}
    assert ours["ids"] & theirs["ids"] == shared
    for ids in (ours["ids"], theirs["ids"]):
        assert len(ids) == 8
    foreign = sorted(theirs["ids"] - shared)
    assert await catalog.routes(tenant, foreign) == {}
    assert await catalog.sources(tenant, foreign) == {}
    assert {page.items for page in (await catalog.topics_of_sources(tenant, foreign, first=10)).values()} == {()}
    assert set((await catalog.collections_of(tenant, foreign)).values()) == {()}
    assert (await catalog.topics_page(tenant, TopicFilter(source_ids=tuple(foreign)), first=10)).items == ()
    assert (await catalog.sources_page(tenant, SourceFilter(cluster_ids=tuple(foreign)), first=10)).items == ()
    assert [await catalog.database_url_refs(tenant, cluster_id) for cluster_id in foreign] == [{}] * len(foreign)


async def everything(catalog: Catalog, tenant: str) -> dict[str, set[str]]:
    """Whatever `tenant` can see by every way of reading, as ids."""
    topics = await catalog.topics_page(tenant, first=100, with_total=True)
    sources = await catalog.sources_page(tenant, first=100, with_total=True)
    assert (topics.total_count, sources.total_count) == (len(topics.items), len(sources.items))
    clusters = await catalog.clusters(tenant)
    by_name = await catalog.topics_by_name(tenant, [(topic.cluster_name, topic.name) for topic in topics.items])
    assert set(by_name.values()) == set(topics.items)
    pairs = [(source.cluster.name, source.name) for source in sources.items]
    assert set((await catalog.sources_by_name(tenant, pairs)).values()) == set(sources.items)
    assert set((await catalog.routes(tenant, [topic.id for topic in topics.items])).values()) == set(topics.items)
    pages = await catalog.topics_of_sources(tenant, [source.id for source in sources.items], first=100)
    assert {topic for page in pages.values() for topic in page.items} == {t for t in topics.items if t.source}
    assert {source.cluster for source in sources.items} == set(clusters)
    ids = {topic.id for topic in topics.items} | {source.id for source in sources.items}
    return {"ids": ids | {cluster.id for cluster in clusters}}


async def test_a_tenant_that_has_nothing_sees_nothing(catalog: Catalog) -> None:
    assert await everything(catalog, "nobody") == {"ids": set()}


async def test_a_sink_is_known_as_one(catalog: Catalog, writer: CatalogWriter) -> None:
    sink = ImportedConnector("east", "warehouse", id="src_sink", kind=ConnectorKind.SINK)
    await writer.import_catalog(TENANT, CatalogImport(connectors=(sink,)))
    assert (await catalog.sources(TENANT, ["src_sink"]))["src_sink"].kind is ConnectorKind.SINK


def test_the_samples_of_two_tenants_have_the_same_names() -> None:
    names = [[topic.name for topic in small_catalog(prefix).topics] for prefix in ("", "other_")]
    assert names[0] == names[1]
