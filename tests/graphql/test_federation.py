"""The subgraph specification: `_service` and `_entities`."""

import pytest

from schema.sdl import print_sdl
from tests.support.api import OTHER_TENANT, Api

ENTITIES = """query($r: [_Any!]!) { _entities(representations: $r) { __typename
  ... on Topic { id name } ... on SourceConnector { id name }
  ... on BulkSnapshot { id } ... on SourceSnapshot { id } } }"""


async def test_the_service_prints_the_committed_schema(api: Api) -> None:
    sdl = (await api.data("{ _service { sdl } }"))["_service"]["sdl"]
    assert sdl.rstrip() == print_sdl().rstrip()
    assert 'url: "https://specs.apollo.dev/federation/v2.9"' in sdl
    assert 'type Topic implements Node @key(fields: "id") @key(fields: "cluster name")' in sdl


async def test_entities_are_found_by_each_of_their_keys_in_order(api: Api) -> None:
    made = await api.snapshot("top_orders", selection="bulkSnapshot { id snapshots { id } }")
    bulk = made["bulkSnapshot"]
    representations = [
        {"__typename": "SourceConnector", "cluster": "main", "name": "shop"},
        {"__typename": "Topic", "id": "top_orders"},
        {"__typename": "Topic", "id": "nobody"},
        {"__typename": "Topic", "cluster": "main", "name": "stock.public.items"},
        {"__typename": "SourceConnector", "id": "src_stock"},
        {"__typename": "BulkSnapshot", "id": bulk["id"]},
        {"__typename": "SourceSnapshot", "id": bulk["snapshots"][0]["id"]},
        {"__typename": "Topic", "cluster": "ma\0in", "name": "x"},
    ]
    found = (await api.data(ENTITIES, {"r": representations}))["_entities"]
    assert [entity and (entity["__typename"], entity["id"]) for entity in found] == [
        ("SourceConnector", "src_shop"),
        ("Topic", "top_orders"),
        None,
        ("Topic", "top_items"),
        ("SourceConnector", "src_stock"),
        ("BulkSnapshot", bulk["id"]),
        ("SourceSnapshot", bulk["snapshots"][0]["id"]),
        None,
    ]


@pytest.mark.parametrize(
    "senseless",
    [
        {"__typename": "Product", "id": "1"},
        {"__typename": "SkippedTopic", "topicId": "1"},
        {"__typename": "Topic"},
        {"__typename": "Topic", "id": 5},
        {"__typename": "Topic", "cluster": "main"},
        {"__typename": ["Topic"], "id": "1"},
        {"id": "top_orders"},
        "top_orders",
        5,
    ],
    ids=str,
)
async def test_a_senseless_representation_is_an_error_at_its_place_only(api: Api, senseless: object) -> None:
    answer = await api.graphql(ENTITIES, {"r": [senseless, {"__typename": "Topic", "id": "top_orders"}]})
    assert answer["data"]["_entities"][0] is None
    assert answer["data"]["_entities"][1]["id"] == "top_orders"
    (error,) = answer["errors"]
    assert error["path"] == ["_entities", 0]
    assert error["extensions"]["code"] == "INVALID_REPRESENTATION"


async def test_a_key_too_many_is_ignored(api: Api) -> None:
    representation = {"__typename": "Topic", "id": "top_orders", "price": 5, "info": "x"}
    assert (await api.data(ENTITIES, {"r": [representation]}))["_entities"][0]["id"] == "top_orders"


async def test_entities_of_another_tenant_are_not_found(api: Api) -> None:
    api.principal = OTHER_TENANT
    representations = [
        {"__typename": "Topic", "id": "top_orders"},
        {"__typename": "Topic", "cluster": "main", "name": "notes"},
    ]
    assert (await api.data(ENTITIES, {"r": representations}))["_entities"] == [None, None]


async def test_entities_of_every_kind_by_every_key_are_read_together(api: Api) -> None:
    bulks = [
        (await api.snapshot(topic, selection="bulkSnapshot { id snapshots { id } }"))["bulkSnapshot"]
        for topic in ("top_orders", "top_invoices", "top_items")
    ]
    shapes: list[list[dict[str, object]]] = [
        [{"__typename": "Topic", "id": id_} for id_ in ("top_orders", "top_invoices", "top_items")],
        [{"__typename": "Topic", "cluster": "main", "name": f"{name}"} for name in ("notes", "shop.public.log", "x")],
        [{"__typename": "SourceConnector", "id": id_} for id_ in ("src_shop", "src_billing", "src_stock")],
        [{"__typename": "SourceConnector", "cluster": "main", "name": name} for name in ("shop", "billing", "stock")],
        [{"__typename": "BulkSnapshot", "id": bulk["id"]} for bulk in bulks],
        [{"__typename": "SourceSnapshot", "id": bulk["snapshots"][0]["id"]} for bulk in bulks],
        [{"__typename": "Nothing", "id": "1"}, {"__typename": "Topic", "id": "top_orders", "more": {}}, {}],
    ]
    with api.counting() as few:
        await api.graphql(ENTITIES, {"r": [shape[0] for shape in shapes]})
    with api.counting() as many:
        answer = await api.graphql(ENTITIES, {"r": [representation for shape in shapes for representation in shape]})
    assert len(few) == len(many)
    assert len(many) <= 12, many.statements
    found = answer["data"]["_entities"]
    nothing = [index for index, entity in enumerate(found) if entity is None]
    assert nothing == [5, 18, 20]  # a topic that is not there; a type that is not there; no type at all
    assert [error["path"] for error in answer["errors"]] == [["_entities", 18], ["_entities", 20]]
    assert not any("resolve_reference" in error["message"] for error in answer["errors"])
