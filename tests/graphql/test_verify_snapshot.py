"""Asking for verifications, and what clients see of them."""

from resolvers.verification.verify_due import verify_due
from tests.support.api import Api

VERIFY = """
mutation($input: VerifySnapshotInput!) {
  verifySnapshot(input: $input) {
    snapshots { id topics { topic { id } verification verdict verdictReason expectedRows emittedRows verifiedAt } }
    userErrors { code field } clientMutationId
  }
}
"""
MADE = "bulkSnapshot { id snapshots { id topics { verification } } }"


async def test_a_verification_can_be_asked_for_together_with_the_snapshot(api: Api) -> None:
    made = await api.snapshot("top_orders", selection=MADE, verify=True)

    assert [topic["verification"] for topic in made["bulkSnapshot"]["snapshots"][0]["topics"]] == ["PENDING"]


async def test_a_verification_can_be_asked_for_later(api: Api) -> None:
    made = await api.snapshot("top_orders", "top_invoices", selection=MADE)
    bulk = made["bulkSnapshot"]
    assert all(topic["verification"] == "NOT_REQUESTED" for one in bulk["snapshots"] for topic in one["topics"])

    one = bulk["snapshots"][0]["id"]
    for id, expected in ((one, [one]), (bulk["id"], [each["id"] for each in bulk["snapshots"]])):
        payload = (await api.data(VERIFY, {"input": {"snapshotId": id, "clientMutationId": "me"}}))["verifySnapshot"]
        assert payload["userErrors"] == []
        assert payload["clientMutationId"] == "me"
        assert [snapshot["id"] for snapshot in payload["snapshots"]] == expected
        topics = [topic for snapshot in payload["snapshots"] for topic in snapshot["topics"]]
        assert {topic["verification"] for topic in topics} == {"PENDING"}


async def test_what_has_not_ended_is_not_looked_at(api: Api) -> None:
    await api.snapshot("top_orders", selection=MADE, verify=True)

    assert await verify_due(api.services, "default") == 0


async def test_what_does_not_exist_cannot_be_verified(api: Api) -> None:
    for id, code in (("nobody", "NOT_FOUND"), (" ", "INVALID_ID")):
        payload = (await api.data(VERIFY, {"input": {"snapshotId": id}}))["verifySnapshot"]
        assert payload["snapshots"] == []
        assert payload["userErrors"] == [{"code": code, "field": ["input", "snapshotId"]}]
