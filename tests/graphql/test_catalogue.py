"""Topics and sources: fields, filters, pages, and ids of every sort."""

from collections.abc import Mapping
from typing import Any

import pytest

from snapshots.catalog.imported import CatalogImport, ImportedConnector
from snapshots.channels import SignalChannelKind
from tests.api import OTHER_TENANT, Api

NONSENSE_IDS = ["", "   ", "x" * 10_000, "a\0b", "nobody", "top_", "💥", "' OR 1=1 --"]


def names(connection: Mapping[str, Any]) -> list[str]:
    return [edge["node"]["name"] for edge in connection["edges"]]


async def test_a_topic_tells_its_route(api: Api) -> None:
    data = await api.data(
        """{ topic(id: "top_orders") { id clusterId cluster name producer dataCollection mapping keyless exists
               source { id cluster name state version topicPrefix signalChannel } lastSnapshot { id } } }"""
    )
    assert data["topic"] == {
        "id": "top_orders",
        "clusterId": "clu_main",
        "cluster": "main",
        "name": "shop.public.orders",
        "producer": "SOURCE",
        "dataCollection": "public.orders",
        "mapping": "EXPLICIT",
        "keyless": False,
        "exists": True,
        "source": {
            "id": "src_shop",
            "cluster": "main",
            "name": "shop",
            "state": "UNKNOWN",
            "version": "3.6.3.Final",
            "topicPrefix": "shop",
            "signalChannel": "KAFKA",
        },
        "lastSnapshot": None,
    }


async def test_a_recording_channel_is_shown_as_such(api: Api) -> None:
    recording = ImportedConnector("main", "demo", id="src_demo", signal_channel=SignalChannelKind.RECORDING)
    await api.services.catalog_writer.import_catalog("default", CatalogImport(connectors=(recording,)))
    assert (await api.data('{ source(id: "src_demo") { signalChannel } }'))["source"] == {"signalChannel": "RECORDING"}


@pytest.mark.parametrize("id_", NONSENSE_IDS, ids=lambda text: repr(text[:12]))
async def test_an_id_that_nothing_has_gives_null(api: Api, id_: str) -> None:
    query = """query($id: ID!) { topic(id: $id) { id } source(id: $id) { id } bulkSnapshot(id: $id) { id }
                                 node(id: $id) { id } nodes(ids: [$id]) { id } }"""
    data = await api.data(query, {"id": id_})
    assert data == {"topic": None, "source": None, "bulkSnapshot": None, "node": None, "nodes": [None]}


async def test_nothing_of_another_tenant_is_seen(api: Api) -> None:
    api.principal = OTHER_TENANT
    data = await api.data(
        """{ topics { edges { cursor } } sources { edges { cursor } } bulkSnapshots { edges { cursor } }
             topic(id: "top_orders") { id } source(id: "src_shop") { id } node(id: "src_shop") { id } }"""
    )
    assert data == {
        "topics": {"edges": []},
        "sources": {"edges": []},
        "bulkSnapshots": {"edges": []},
        "topic": None,
        "source": None,
        "node": None,
    }


async def test_pages_follow_one_another_and_end(api: Api) -> None:
    query = """query($after: String) { topics(first: 3, after: $after) {
                 totalCount edges { cursor node { name } }
                 pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
    seen: list[str] = []
    after, pages = None, 0
    while True:
        page = (await api.data(query, {"after": after}))["topics"]
        seen += names(page)
        pages += 1
        info = page["pageInfo"]
        assert page["totalCount"] == 8
        assert info["hasPreviousPage"] is (pages > 1)
        assert (info["startCursor"], info["endCursor"]) == (page["edges"][0]["cursor"], page["edges"][-1]["cursor"])
        if not info["hasNextPage"]:
            break
        after = info["endCursor"]
    assert (pages, len(seen), seen) == (3, 8, sorted(seen))


@pytest.mark.parametrize("field", ["topics", "sources", "bulkSnapshots"])
@pytest.mark.parametrize("cursor", ["", "nonsense", "a" * 10_000, "\0", "é", "W10", "WyJhIiwiYiIsImMiXQ"])
async def test_a_cursor_that_no_list_gave_is_a_typed_error(api: Api, field: str, cursor: str) -> None:
    answer = await api.graphql(f"query($c: String) {{ {field}(after: $c) {{ edges {{ cursor }} }} }}", {"c": cursor})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


@pytest.mark.parametrize("first", [0, -1, 501])
async def test_a_page_has_1_to_500_items(api: Api, first: int) -> None:
    for field in ("topics", "sources", "bulkSnapshots"):
        answer = await api.graphql(f"{{ {field}(first: {first}) {{ edges {{ cursor }} }} }}")
        assert answer["errors"][0]["extensions"] == {"code": "INVALID_VALUE", "field": ["first"]}
    answer = await api.graphql(f'{{ source(id: "src_shop") {{ topics(first: {first}) {{ edges {{ cursor }} }} }} }}')
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_VALUE"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"nameContains": "SHOP.public.o"}, ["shop.public.orders"]),
        ({"nameContains": "%"}, []),
        ({"nameContains": "\0"}, None),
        ({"producer": "MANUAL"}, ["notes"]),
        ({"producer": ["MANUAL", "TRANSFORM"]}, ["notes"]),
        ({"producer": []}, []),
        ({"sourceIds": ["src_stock", "\0", ""]}, ["stock.public.items"]),
        ({"keyless": True}, ["shop.public.log"]),
        ({"exists": False, "sourceIds": ["src_shop"]}, ["shop.public.log", "shop.public.lost"]),
        ({"snapshotState": "DISPATCHED"}, ["stock.public.items"]),
        ({"snapshotState": ["FAILED"]}, []),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_filters_of_topics(api: Api, wanted: dict[str, object], found: list[str] | None) -> None:
    await api.snapshot("top_items", selection="userErrors { code }")
    query = "query($f: TopicFilter) { topics(filter: $f) { edges { node { name } } } }"
    answer = await api.graphql(query, {"f": wanted})
    if found is None:
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_VALUE"
    else:
        assert names(answer["data"]["topics"]) == found


async def test_filters_of_sources(api: Api) -> None:
    query = "query($f: SourceFilter) { sources(filter: $f) { totalCount edges { node { name } } } }"
    for wanted, found in (
        ({"nameContains": "S"}, ["shop", "stock"]),
        ({"state": ["RUNNING"]}, []),
        ({"state": "UNKNOWN", "clusterIds": ["clu_main"]}, ["billing", "shop", "stock"]),
        ({"clusterIds": ["nobody"]}, []),
    ):
        sources = (await api.data(query, {"f": wanted}))["sources"]
        assert (names(sources), sources["totalCount"]) == (found, len(found))


async def test_a_source_lists_its_topics_in_pages(api: Api) -> None:
    query = """query($after: String, $f: TopicFilter) { source(id: "src_shop") {
                 topics(first: 3, after: $after, filter: $f) { totalCount
                   edges { node { name source { id } } } pageInfo { hasNextPage endCursor } } } }"""
    page = (await api.data(query))["source"]["topics"]
    assert names(page) == ["shop.public.customers", "shop.public.log", "shop.public.lost"]
    assert page["totalCount"] is None
    rest = (await api.data(query, {"after": page["pageInfo"]["endCursor"]}))["source"]["topics"]
    assert (names(rest), rest["pageInfo"]["hasNextPage"]) == (["shop.public.orders"], False)
    keyless = (await api.data(query, {"f": {"keyless": True}}))["source"]["topics"]
    assert names(keyless) == ["shop.public.log"]
    strangers = (await api.data(query, {"f": {"sourceIds": ["src_stock"]}}))["source"]["topics"]
    assert names(strangers) == []


async def test_nodes_are_found_by_ids_of_ours_and_by_imported_ones(api: Api) -> None:
    made = await api.snapshot("top_orders", selection="bulkSnapshot { id snapshots { id topics { id } } }")
    bulk = made["bulkSnapshot"]
    snapshot = bulk["snapshots"][0]
    named_like_ours = ImportedConnector("main", "bulk", id="bulk_loader")
    await api.services.catalog_writer.import_catalog("default", CatalogImport(connectors=(named_like_ours,)))
    ids = ["top_orders", bulk["id"], "nobody", "src_shop", snapshot["id"], snapshot["topics"][0]["id"], "bulk_loader"]
    data = await api.data("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", {"ids": ids})
    assert [node and (node["__typename"], node["id"]) for node in data["nodes"]] == [
        ("Topic", "top_orders"),
        ("BulkSnapshot", bulk["id"]),
        None,
        ("SourceConnector", "src_shop"),
        ("SourceSnapshot", snapshot["id"]),
        ("TopicSnapshot", snapshot["topics"][0]["id"]),
        ("SourceConnector", "bulk_loader"),
    ]


async def test_no_more_than_500_nodes_at_once(api: Api) -> None:
    answer = await api.graphql("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 501})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_VALUE"


async def test_the_viewer_is_the_caller(api: Api) -> None:
    data = await api.data("{ viewer { subject tenant permissions simulated } }")
    assert data["viewer"] == {
        "subject": "local",
        "tenant": "default",
        "permissions": ["read", "snapshot", "sync"],
        "simulated": False,
    }
