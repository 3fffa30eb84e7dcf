"""Bulk snapshots as the ledger has them: results as answered, records as they stand now."""

import json
from datetime import datetime, timedelta

import pytest

from snapshots.engines.recording import Behaviour
from tests.support.api import OTHER_TENANT, Api

BULK = """
  id snapshotType requestedBy requestedAt reason state
  progress { topicsTotal topicsFinished rowsScanned fraction }
  summary { total succeeded failed unconfirmed topics skippedTopics }
  snapshots { id state stalledSince requestedAt dispatchedAt startedAt finishedAt code message
    source { id } bulkSnapshot { id }
    signals { id channel state data destination sentAt endedAt }
    topics { id state rowsScanned outcome engineStatus startedAt finishedAt topic { id } sourceSnapshot { id } }
    progress { topicsTotal fraction } }
  results { __typename id success }
  skippedTopics { topicId reason }
"""


async def test_a_bulk_snapshot_is_found_again_whole(api: Api) -> None:
    api.channel.behave("src_billing", Behaviour.REFUSE)
    made = await api.snapshot(
        "top_orders", "top_customers", "top_invoices", "nobody", selection="bulkSnapshot { id }", reason="why not"
    )
    bulk_id = made["bulkSnapshot"]["id"]
    bulk = (await api.data(f"query($id: ID!) {{ bulkSnapshot(id: $id) {{ {BULK} }} }}", {"id": bulk_id}))[
        "bulkSnapshot"
    ]

    assert (bulk["state"], bulk["reason"], bulk["requestedBy"]) == ("IN_PROGRESS", "why not", "local")
    assert bulk["progress"] == {
        "topicsTotal": 3,
        "topicsFinished": 1,
        "rowsScanned": "0",
        "fraction": pytest.approx(1 / 3),
    }
    assert bulk["summary"]["total"] == 2
    assert [result["__typename"] for result in bulk["results"]] == ["SourceSnapshotDispatched", "SourceSnapshotFailed"]
    assert bulk["skippedTopics"] == [{"topicId": "nobody", "reason": "TOPIC_NOT_FOUND"}]
    shop, billing = bulk["snapshots"]
    assert {snapshot["bulkSnapshot"]["id"] for snapshot in bulk["snapshots"]} == {bulk_id}
    assert (shop["state"], shop["finishedAt"], billing["state"], billing["code"]) == (
        "DISPATCHED",
        None,
        "FAILED",
        "SIGNAL_REJECTED",
    )
    assert [topic["topic"]["id"] for topic in shop["topics"]] == ["top_orders", "top_customers"]
    assert {topic["sourceSnapshot"]["id"] for topic in shop["topics"]} == {shop["id"]}


async def test_a_signal_is_shown_exactly_as_it_was_sent(api: Api) -> None:
    made = await api.snapshot(
        "top_orders", selection="bulkSnapshot { snapshots { signals { id channel data state } } }"
    )
    (signal,) = made["bulkSnapshot"]["snapshots"][0]["signals"]
    (recorded,) = api.channel.recorded
    assert (signal["id"], signal["data"]) == (recorded.signal.id, recorded.signal.data)
    assert (signal["channel"], signal["state"]) == ("KAFKA", "SENT")
    assert isinstance(json.loads(signal["data"]), dict)


async def test_moments_are_iso_8601_in_utc(api: Api) -> None:
    made = await api.snapshot("top_orders", selection="bulkSnapshot { requestedAt }")
    text = made["bulkSnapshot"]["requestedAt"]
    assert text.endswith("Z")
    assert datetime.fromisoformat(text).utcoffset() == timedelta(0)


async def test_an_unconfirmed_answer_stays_while_the_record_moves_on(api: Api) -> None:
    """The signal arrived after all, and the engine was seen at work: live state, recorded answer."""
    api.channel.behave("src_shop", Behaviour.LOSE_ANSWER)
    made = await api.snapshot("top_orders", selection="bulkSnapshot { id } results { __typename snapshot { id } }")
    assert made["results"][0]["__typename"] == "SourceSnapshotUnconfirmed"
    async with api.database.write() as connection:
        await connection.exec_driver_sql("UPDATE source_snapshot SET state = 'RUNNING'")
    query = """query($id: ID!) { bulkSnapshot(id: $id) {
                 summary { unconfirmed }
                 results { __typename ... on SourceSnapshotUnconfirmed { code retryable } snapshot { state } } } }"""
    bulk = (await api.data(query, {"id": made["bulkSnapshot"]["id"]}))["bulkSnapshot"]
    assert bulk == {
        "summary": {"unconfirmed": 1},
        "results": [
            {
                "__typename": "SourceSnapshotUnconfirmed",
                "code": "DISPATCH_TIMEOUT",
                "retryable": False,
                "snapshot": {"state": "RUNNING"},
            }
        ],
    }


async def test_a_source_tells_what_holds_it_and_a_topic_what_it_was_last_in(api: Api) -> None:
    made = await api.snapshot("top_orders", selection="results { snapshot { id } }")
    snapshot_id = made["results"][0]["snapshot"]["id"]
    data = await api.data(
        """{ source(id: "src_shop") { activeSnapshot { id } } free: source(id: "src_stock") { activeSnapshot { id } }
             topic(id: "top_orders") { lastSnapshot { state sourceSnapshot { id } } } }"""
    )
    assert data == {
        "source": {"activeSnapshot": {"id": snapshot_id}},
        "free": {"activeSnapshot": None},
        "topic": {"lastSnapshot": {"state": "PENDING", "sourceSnapshot": {"id": snapshot_id}}},
    }


async def test_bulk_snapshots_are_listed_newest_first_in_pages(api: Api) -> None:
    made = [
        (await api.snapshot(topic, selection="bulkSnapshot { id }", snapshotType=kind))["bulkSnapshot"]["id"]
        for topic, kind in (("top_orders", "INCREMENTAL"), ("top_invoices", "BLOCKING"), ("top_items", "INCREMENTAL"))
    ]
    query = """query($after: String, $f: BulkSnapshotFilter) { bulkSnapshots(first: 2, after: $after, filter: $f) {
                 edges { node { id } } pageInfo { hasNextPage endCursor } } }"""

    async def ids(**variables: object) -> tuple[list[str], str | None]:
        page = (await api.data(query, variables))["bulkSnapshots"]
        info = page["pageInfo"]
        return [edge["node"]["id"] for edge in page["edges"]], info["endCursor"] if info["hasNextPage"] else None

    first, after = await ids()
    second, end = await ids(after=after)
    # Made within a few milliseconds: what was made in the same one has no order.
    assert (set(first + second), len(first), end) == (set(made), 2, None)
    assert await ids(f={"snapshotType": "BLOCKING"}) == ([made[1]], None)
    assert (await ids(f={"requestedBy": ["somebody else"]}))[0] == []
    assert (await ids(f={"requestedBefore": "2001-01-01T00:00:00Z"}))[0] == []
    assert len((await ids(f={"requestedAfter": "2001-01-01T00:00:00+02:00"}))[0]) == 2


async def test_another_tenant_sees_no_record(api: Api) -> None:
    made = await api.snapshot("top_orders", selection="bulkSnapshot { id snapshots { id } }")
    api.principal = OTHER_TENANT
    ids = [made["bulkSnapshot"]["id"], made["bulkSnapshot"]["snapshots"][0]["id"]]
    assert (await api.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids}))["nodes"] == [None, None]


async def test_only_skipped_topics_have_no_fraction(api: Api) -> None:
    made = await api.snapshot("nobody", selection="bulkSnapshot { state progress { topicsTotal fraction } }")
    assert made["bulkSnapshot"] == {"state": "COMPLETED", "progress": {"topicsTotal": 0, "fraction": None}}
