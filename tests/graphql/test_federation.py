"""The subgraph specification: `_service` and `_entities`."""

import pytest

from schema.sdl import print_sdl
from tests.api import OTHER_TENANT, Api

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
