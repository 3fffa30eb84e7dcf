"""RESTART_REQUIRED as clients see it, and `clearRestartRequirements`."""

from datetime import UTC, datetime
from typing import Any

import pytest

from resolvers.following.apply_notifications import apply_notifications
from resolvers.principal import LOCAL_PRINCIPAL
from snapshots.following.notifications import Notification, NotificationKind
from tests.support.api import OTHER_TENANT, Api

MUTATION = """
mutation($input: ClearRestartRequirementsInput!) {
  clearRestartRequirements(input: $input) {
    results { id success code message source { id name restartRequired { since } } }
    userErrors { code field } clientMutationId
  }
}
"""
SOURCE = '{ source(id: "src_shop") { restartRequired { since dataCollections message } } }'
FAILED_AT = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)


@pytest.fixture
async def failed(api: Api) -> Api:
    """The API after the scan of a table of `shop` failed."""
    notification = Notification(
        cluster_id="clu_main",
        topic="shop.notifications",
        partition=0,
        offset=0,
        record_timestamp_ms=1,
        prefix="shop",
        id="by-hand",
        kind=NotificationKind.TABLE_SCAN_COMPLETED,
        incremental=True,
        at=FAILED_AT,
        scanned_collection="public.customers",
        status="SQL_EXCEPTION",
    )
    await apply_notifications(api.services, LOCAL_PRINCIPAL.tenant_id, "clu_main", [notification])
    return api


async def clear(api: Api, *ids: str, reason: str = "the filter was wrong", **more: object) -> Any:  # noqa: ANN401 (JSON)
    given = {"sourceIds": list(ids), "reason": reason, **more}
    return (await api.data(MUTATION, {"input": given}))["clearRestartRequirements"]


async def test_the_result_and_the_source_tell_of_it(failed: Api) -> None:
    made = await failed.snapshot(
        "top_orders",
        "top_invoices",
        selection="results { success message ... on SourceSnapshotFailed { code retryable } } summary { failed }",
    )
    shop, billing = made["results"]
    assert (shop["success"], shop["code"], shop["retryable"]) == (False, "RESTART_REQUIRED", True)
    assert (billing["success"], made["summary"]["failed"]) == (True, 1)
    required = (await failed.data(SOURCE))["source"]["restartRequired"]
    assert datetime.fromisoformat(required["since"]) == FAILED_AT
    assert required["dataCollections"] == ["public.customers"]
    assert required["message"] == shop["message"]


async def test_sources_of_a_page_are_looked_up_together(failed: Api) -> None:
    query = "{ sources { edges { node { name restartRequired { since } } } } }"
    with failed.counting() as counter:
        found = await failed.data(query)
    needing = [edge["node"]["name"] for edge in found["sources"]["edges"] if edge["node"]["restartRequired"]]
    assert needing == ["shop"]
    assert len(counter) <= 3


async def test_the_rest_twin_tells_of_it(failed: Api) -> None:
    answer = await failed.post({"topic_ids": ["top_orders"]}, "/topics/bulk/snapshot")
    [result] = answer.json()["results"]
    assert (result["success"], result["data"]["code"]) == (False, "RESTART_REQUIRED")


async def test_it_is_cleared_with_a_reason(failed: Api) -> None:
    payload = await clear(failed, "src_shop", "nobody", "src_billing", "src_shop", clientMutationId="c")

    assert [(one["id"], one["success"], one["code"]) for one in payload["results"]] == [
        ("src_shop", True, None),
        ("nobody", False, "NOT_FOUND"),
        ("src_billing", True, None),
    ]
    assert [one["message"] for one in payload["results"]] == [
        "Cleared; it takes incremental snapshots again.",
        "No source connector has this id.",
        "It needed no restart.",
    ]
    assert payload["results"][0]["source"] == {"id": "src_shop", "name": "shop", "restartRequired": None}
    assert (payload["userErrors"], payload["clientMutationId"]) == ([], "c")
    made = await failed.snapshot("top_orders", selection="summary { succeeded }")
    assert made["summary"]["succeeded"] == 1


async def test_without_a_reason_nothing_is_cleared(failed: Api) -> None:
    payload = await clear(failed, "src_shop", reason="  ")
    assert payload["results"] == []
    assert payload["userErrors"] == [{"code": "EMPTY_INPUT", "field": ["input", "reason"]}]
    assert (await failed.data(SOURCE))["source"]["restartRequired"] is not None


async def test_another_tenant_clears_nothing(failed: Api) -> None:
    failed.principal = OTHER_TENANT
    assert (await clear(failed, "src_shop"))["results"][0]["code"] == "NOT_FOUND"
    failed.principal = LOCAL_PRINCIPAL
    assert (await failed.data(SOURCE))["source"]["restartRequired"] is not None
