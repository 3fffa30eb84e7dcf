"""`abandonSnapshots`: each id exactly once, abandoned or refused by itself; the sources are free for the next."""

from typing import Any

import pytest

from tests.support.api import OTHER_TENANT, Api

MUTATION = """
mutation($input: AbandonSnapshotsInput!) {
  abandonSnapshots(input: $input) {
    results { id success code message snapshot { id state message finishedAt source { id activeSnapshot { id } }
      topics { state outcome } } }
    userErrors { code field } clientMutationId
  }
}
"""


async def abandon(api: Api, *ids: str, **more: object) -> Any:  # noqa: ANN401 (JSON)
    return (await api.data(MUTATION, {"input": {"snapshotIds": list(ids), **more}}))["abandonSnapshots"]


async def dispatched(api: Api, topic_id: str = "top_orders") -> str:
    made = await api.snapshot(topic_id, selection="bulkSnapshot { snapshots { id } }")
    snapshot_id: str = made["bulkSnapshot"]["snapshots"][0]["id"]
    return snapshot_id


async def test_a_snapshot_is_abandoned_and_its_source_takes_the_next(api: Api) -> None:
    snapshot_id = await dispatched(api)

    payload = await abandon(api, snapshot_id, reason="the connector is gone", clientMutationId="c")

    [result] = payload["results"]
    assert (result["id"], result["success"], result["code"]) == (snapshot_id, True, None)
    assert result["snapshot"]["state"] == "ABANDONED"
    assert result["snapshot"]["message"] == "Abandoned by local: the connector is gone"
    assert result["snapshot"]["source"]["activeSnapshot"] is None
    assert result["snapshot"]["topics"] == [{"state": "CANCELLED", "outcome": "NOT_REPORTED"}]
    assert (payload["userErrors"], payload["clientMutationId"]) == ([], "c")
    made = await api.snapshot("top_orders", selection="summary { succeeded }")
    assert made["summary"]["succeeded"] == 1


async def test_each_id_has_one_answer_in_order_of_first_appearance(api: Api) -> None:
    mine, other = await dispatched(api), await dispatched(api, "top_invoices")
    await abandon(api, other)
    made = await api.snapshot("top_invoices", selection="bulkSnapshot { snapshots { id } }")
    third = made["bulkSnapshot"]["snapshots"][0]["id"]
    refused = await api.snapshot("top_invoices", selection="bulkSnapshot { snapshots { id state } }")
    failed = refused["bulkSnapshot"]["snapshots"][0]
    assert failed["state"] == "FAILED"

    payload = await abandon(api, "nobody", mine, failed["id"], other, mine, third)

    assert [(result["id"], result["success"], result["code"]) for result in payload["results"]] == [
        ("nobody", False, "NOT_FOUND"),
        (mine, True, None),
        (failed["id"], False, "ALREADY_ENDED"),
        (other, True, None),
        (third, True, None),
    ]
    assert payload["results"][0]["snapshot"] is None
    assert all(result["message"] for result in payload["results"])


async def test_a_call_again_answers_the_same_state(api: Api) -> None:
    snapshot_id = await dispatched(api)
    first = await abandon(api, snapshot_id)
    second = await abandon(api, snapshot_id, reason="again")
    assert first["results"][0]["snapshot"] == second["results"][0]["snapshot"]
    assert second["results"][0]["success"] is True


async def test_another_tenant_has_no_such_snapshot(api: Api) -> None:
    snapshot_id = await dispatched(api)
    api.principal = OTHER_TENANT
    assert (await abandon(api, snapshot_id))["results"][0]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("ids", "more", "code", "field"),
    [
        ([], {}, "EMPTY_INPUT", ["input", "snapshotIds"]),
        (["a"] * 501, {}, "INVALID_VALUE", ["input", "snapshotIds"]),
        (["a", " "], {}, "INVALID_ID", ["input", "snapshotIds", "1"]),
        (["a", "x" * 129], {}, "INVALID_ID", ["input", "snapshotIds", "1"]),
        (["a", "nul\0"], {}, "INVALID_ID", ["input", "snapshotIds", "1"]),
        (["a"], {"reason": "x" * 2001}, "INVALID_VALUE", ["input", "reason"]),
    ],
    ids=["none", "too many", "blank", "long", "nul", "long reason"],
)
async def test_a_wrong_request_is_refused_as_a_whole(
    api: Api, ids: list[str], more: dict[str, object], code: str, field: list[str]
) -> None:
    payload = await abandon(api, *ids, **more)
    assert payload["results"] == []
    assert payload["userErrors"] == [{"code": code, "field": field}]
