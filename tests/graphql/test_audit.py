"""The ledger as audit: what was asked for and by whom, what failed and was asked for again, and why it changed."""

import pytest

from resolvers.principal import LOCAL_PRINCIPAL
from snapshots.engines.recording import Behaviour
from snapshots.records import BulkSnapshotFilter
from snapshots.vocabulary import ConnectorState
from tests.support.api import OTHER_TENANT, Api

EVENTS = """
query($id: ID!, $first: Int! = 50, $after: String) { bulkSnapshot(id: $id) { events(first: $first, after: $after) {
  edges { cursor node { at subjectKind subject fromState toState cause detail } }
  pageInfo { hasNextPage endCursor } } } }
"""
RETRY = """
mutation($input: RetryBulkSnapshotInput!) { retryBulkSnapshot(input: $input) {
  clientMutationId userErrors { code field message } summary { total succeeded }
  bulkSnapshot { id reason retryOf { id retries { id } } snapshots { topics { topic { id } } } } } }
"""
FIND = "query($filter: BulkSnapshotFilter) { bulkSnapshots(filter: $filter) { edges { node { id } } } }"


async def ask(api: Api, *topic_ids: str, **more: object) -> str:
    made = await api.snapshot(*topic_ids, selection="bulkSnapshot { id }", **more)
    return str(made["bulkSnapshot"]["id"])


async def ask_of_paused(api: Api, *topic_ids: str) -> str:
    api.states.states["billing"] = ConnectorState.PAUSED
    bulk_id = await ask(api, *topic_ids)
    api.states.states["billing"] = ConnectorState.RUNNING
    return bulk_id


async def found(api: Api, **wanted: object) -> list[str]:
    page = (await api.data(FIND, {"filter": wanted}))["bulkSnapshots"]
    return [edge["node"]["id"] for edge in page["edges"]]


async def test_every_change_is_told_with_its_cause_page_by_page(api: Api) -> None:
    bulk_id = await ask(api, "top_orders", "top_customers")
    whole = (await api.data(EVENTS, {"id": bulk_id}))["bulkSnapshot"]["events"]
    nodes = [edge["node"] for edge in whole["edges"]]
    assert [(node["subjectKind"], node["fromState"], node["toState"], node["cause"]) for node in nodes] == [
        ("SOURCE_SNAPSHOT", None, "PENDING", "requested by local"),
        ("SIGNAL", "PENDING", "SENDING", "dispatch"),
        ("SOURCE_SNAPSHOT", "PENDING", "SENDING", "dispatch"),
        ("SIGNAL", "SENDING", "SENT", "dispatch"),
        ("SOURCE_SNAPSHOT", "SENDING", "DISPATCHED", "dispatch"),
    ]
    assert nodes[3]["detail"] == {"attempt": 1, "destination": "memory"}
    paged, after = [], None
    while True:
        variables = {"id": bulk_id, "first": 2, "after": after}
        page = (await api.data(EVENTS, variables))["bulkSnapshot"]["events"]
        paged += page["edges"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert paged == whole["edges"]


async def test_the_ends_of_topics_are_told_together(api: Api) -> None:
    api.channel.behave("src_shop", Behaviour.REFUSE)
    bulk_id = await ask(api, "top_orders", "top_customers")
    edges = (await api.data(EVENTS, {"id": bulk_id}))["bulkSnapshot"]["events"]["edges"]
    (ended,) = (edge["node"] for edge in edges if edge["node"]["subjectKind"] == "TOPICS")
    assert (ended["fromState"], ended["toState"]) == ("PENDING", "FAILED")
    assert [topic["topicId"] for topic in ended["detail"]["topics"]] == ["top_orders", "top_customers"]


@pytest.mark.parametrize("after", ["nonsense", "WyJhIl0", "WyI5OTk5OTk5OTk5OTk5OTk5OTk5OTkiXQ"])
async def test_a_cursor_that_was_not_given_is_a_typed_error(api: Api, after: str) -> None:
    bulk_id = await ask(api, "top_orders")
    answer = await api.graphql(EVENTS, {"id": bulk_id, "after": after})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


async def test_events_of_many_bulk_snapshots_are_one_statement(api: Api) -> None:
    query = "{ bulkSnapshots { edges { node { id events(first: 3) { edges { node { cause } } } } } } }"
    counts = []
    for _ in range(2):
        for _ in range(3):
            await ask(api, "top_items")
        with api.counting() as counter:
            await api.data(query)
        counts.append(len(counter.statements))
    assert counts[0] == counts[1]


async def test_what_failed_is_retried_and_the_two_name_each_other(api: Api) -> None:
    bulk_id = await ask_of_paused(api, "top_orders", "top_invoices")
    given = {"bulkSnapshotId": bulk_id, "reason": "billing is back", "clientMutationId": "c"}
    payload = (await api.data(RETRY, {"input": given}))["retryBulkSnapshot"]
    retry = payload["bulkSnapshot"]
    assert (payload["clientMutationId"], payload["userErrors"]) == ("c", [])
    assert payload["summary"] == {"total": 1, "succeeded": 1}
    assert (retry["reason"], retry["retryOf"]) == ("billing is back", {"id": bulk_id, "retries": [{"id": retry["id"]}]})
    assert [t["topic"]["id"] for s in retry["snapshots"] for t in s["topics"]] == ["top_invoices"]
    edges = (await api.data(EVENTS, {"id": retry["id"]}))["bulkSnapshot"]["events"]["edges"]
    assert edges[0]["node"]["cause"] == f"requested by local to retry {bulk_id}"


async def test_what_can_be_retried_says_so(api: Api) -> None:
    bulk_id = await ask_of_paused(api, "top_orders", "top_invoices")
    query = "query($id: ID!) { bulkSnapshot(id: $id) { snapshots { retryable } } }"
    snapshots = (await api.data(query, {"id": bulk_id}))["bulkSnapshot"]["snapshots"]
    assert [snapshot["retryable"] for snapshot in snapshots] == [False, True]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"bulkSnapshotId": "bulk_none"}, "NOT_FOUND", ["input", "bulkSnapshotId"]),
        ({"snapshotIds": ["snap_none"]}, "NOT_FOUND", ["input", "snapshotIds", "0"]),
        ({"idempotencyKey": ""}, "INVALID_VALUE", ["input", "idempotencyKey"]),
        ({"reason": "x" * 2001}, "INVALID_VALUE", ["input", "reason"]),
        ({}, "NOTHING_TO_RETRY", ["input"]),
    ],
    ids=["no such bulk snapshot", "no such source snapshot", "key", "reason", "nothing failed"],
)
async def test_what_cannot_be_retried_is_said(api: Api, given: dict[str, object], code: str, field: list[str]) -> None:
    bulk_id = await ask(api, "top_orders")
    payload = (await api.data(RETRY, {"input": {"bulkSnapshotId": bulk_id, **given}}))["retryBulkSnapshot"]
    assert payload["bulkSnapshot"] is None
    assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [(code, field)]


async def test_bulk_snapshots_are_found_by_source_topic_state_and_requester(api: Api) -> None:
    shop = await ask(api, "top_orders", "nobody")
    both = await ask_of_paused(api, "top_items", "top_invoices")
    failed = await ask_of_paused(api, "top_payments")
    assert await found(api, sourceIds=["src_billing"]) == [failed, both]
    assert await found(api, sourceIds=["src_shop", "src_stock"]) == [both, shop]
    assert await found(api, topicIds=["top_invoices"]) == [both]
    assert await found(api, topicIds=["nobody"]) == []
    assert await found(api, state=["FAILED"]) == [failed]
    assert await found(api, state=["IN_PROGRESS"]) == [both, shop]
    assert await found(api, state=["FAILED", "IN_PROGRESS"], sourceIds=["src_billing"]) == [failed, both]
    assert await found(api, state=[]) == []
    assert await found(api, requestedBy=["local"], topicIds=["top_orders"]) == [shop]


async def test_nothing_of_another_tenant_is_told_or_retried(api: Api) -> None:
    bulk_id = await ask_of_paused(api, "top_invoices")
    api.principal = OTHER_TENANT
    assert await found(api, sourceIds=["src_billing"]) == []
    payload = (await api.data(RETRY, {"input": {"bulkSnapshotId": bulk_id}}))["retryBulkSnapshot"]
    assert payload["userErrors"][0]["code"] == "NOT_FOUND"
    ledger = api.services.ledger
    assert await ledger.auditing.first_events(OTHER_TENANT.tenant_id, [bulk_id], 5) == {}
    assert [one async for one in ledger.auditing.audited(OTHER_TENANT.tenant_id, BulkSnapshotFilter())] == []
    assert [
        one.record.id async for one in ledger.auditing.audited(LOCAL_PRINCIPAL.tenant_id, BulkSnapshotFilter())
    ] == [bulk_id]
