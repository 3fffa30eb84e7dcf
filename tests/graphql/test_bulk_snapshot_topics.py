"""The mutation `bulkSnapshotTopics`: every input id accounted for once, and one typed result for each source."""

import asyncio
import json

import pytest

from snapshots.engines.recording import Behaviour
from snapshots.vocabulary import ConnectorState
from tests.api import OTHER_TENANT, Api
from tests.support.services import with_engine
from tests.support.waiting import FAULT_SECONDS, until

RESULTS = """
  results { __typename id success message source { id name } topics { id } snapshot { id state }
    ... on SourceSnapshotFailed { code retryable }
    ... on SourceSnapshotUnconfirmed { code retryable } }
  summary { total succeeded failed unconfirmed topics skippedTopics }
  skippedTopics { topicId topic { id } reason message }
  userErrors { code message field }
  bulkSnapshot { id state requestedBy reason snapshotType }
  clientMutationId
"""
NOTHING = {"total": 0, "succeeded": 0, "failed": 0, "unconfirmed": 0, "topics": 0, "skippedTopics": 0}


async def test_each_source_gets_one_signal_for_just_its_topics(api: Api) -> None:
    payload = await api.snapshot("top_invoices", "top_orders", "top_payments", selection=RESULTS)

    assert [(result["id"], [topic["id"] for topic in result["topics"]]) for result in payload["results"]] == [
        ("src_billing", ["top_invoices", "top_payments"]),
        ("src_shop", ["top_orders"]),
    ]
    assert {result["__typename"] for result in payload["results"]} == {"SourceSnapshotDispatched"}
    sent = {recorded.source.id: json.loads(recorded.signal.data) for recorded in api.channel.recorded}
    assert sent["src_billing"]["data-collections"] == ["public.invoices", "public.payments"]
    assert sent["src_shop"] == {"data-collections": ["public.orders"], "type": "INCREMENTAL"}


async def test_the_summary_adds_up_and_the_record_tells_who_asked_and_why(api: Api) -> None:
    payload = await api.snapshot(
        "top_orders", "top_notes", "nobody", selection=RESULTS, reason="backfill", clientMutationId="m-1"
    )
    assert payload["summary"] == {
        "total": 1,
        "succeeded": 1,
        "failed": 0,
        "unconfirmed": 0,
        "topics": 1,
        "skippedTopics": 2,
    }
    assert payload["bulkSnapshot"] | {"id": ""} == {
        "id": "",
        "state": "IN_PROGRESS",
        "requestedBy": "local",
        "reason": "backfill",
        "snapshotType": "INCREMENTAL",
    }
    assert payload["clientMutationId"] == "m-1"
    assert payload["userErrors"] == []


async def test_duplicates_are_taken_once(api: Api) -> None:
    payload = await api.snapshot("top_orders", "nobody", "top_orders", "nobody", selection=RESULTS)
    assert [topic["id"] for topic in payload["results"][0]["topics"]] == ["top_orders"]
    assert [skip["topicId"] for skip in payload["skippedTopics"]] == ["nobody"]


async def test_skips_tell_the_reason_in_input_order(api: Api) -> None:
    payload = await api.snapshot("top_log", "top_notes", "nobody", "top_lost", selection=RESULTS)
    assert [(skip["topicId"], skip["reason"], skip["topic"]) for skip in payload["skippedTopics"]] == [
        ("top_log", "KEYLESS_TABLE", {"id": "top_log"}),
        ("top_notes", "NOT_FROM_SOURCE", {"id": "top_notes"}),
        ("nobody", "TOPIC_NOT_FOUND", None),
        ("top_lost", "NO_DATA_COLLECTION", {"id": "top_lost"}),
    ]
    assert payload["bulkSnapshot"]["state"] == "COMPLETED"
    assert payload["results"] == []
    assert payload["summary"] == NOTHING | {"skippedTopics": 4}


async def test_a_keyless_table_is_read_by_a_blocking_snapshot(api: Api) -> None:
    payload = await api.snapshot("top_log", selection=RESULTS, snapshotType="BLOCKING")
    assert payload["results"][0]["success"] is True


async def test_another_tenants_topic_is_not_found(api: Api) -> None:
    api.principal = OTHER_TENANT
    payload = await api.snapshot("top_orders", selection=RESULTS)
    assert payload["skippedTopics"][0] | {"message": ""} == {
        "topicId": "top_orders",
        "topic": None,
        "reason": "TOPIC_NOT_FOUND",
        "message": "",
    }
    assert not api.channel.recorded


async def test_one_source_that_fails_leaves_the_others_alone(api: Api) -> None:
    api.channel.behave("src_shop", Behaviour.REFUSE)
    api.channel.behave("src_billing", Behaviour.HANG)
    asking = asyncio.create_task(api.snapshot("top_orders", "top_invoices", "top_items", selection=RESULTS))
    await until(lambda: api.channel.recorded and api.time_limits.under_way == 1)  # the others have been dealt with
    api.time_limits.expire()
    payload = await asking

    failed, unconfirmed, dispatched = payload["results"]
    assert (failed["__typename"], failed["code"], failed["retryable"], failed["success"]) == (
        "SourceSnapshotFailed",
        "SIGNAL_REJECTED",
        False,
        False,
    )
    assert failed["snapshot"]["state"] == "FAILED"
    assert (unconfirmed["__typename"], unconfirmed["code"], unconfirmed["success"]) == (
        "SourceSnapshotUnconfirmed",
        "DISPATCH_TIMEOUT",
        False,
    )
    assert unconfirmed["snapshot"]["state"] == "UNCONFIRMED"
    assert (dispatched["__typename"], dispatched["snapshot"]["state"]) == ("SourceSnapshotDispatched", "DISPATCHED")
    assert payload["summary"] == {
        "total": 3,
        "succeeded": 1,
        "failed": 1,
        "unconfirmed": 1,
        "topics": 3,
        "skippedTopics": 0,
    }


async def test_a_busy_source_is_told_as_such(api: Api) -> None:
    await api.snapshot("top_orders", selection=RESULTS)
    payload = await api.snapshot("top_customers", selection=RESULTS)
    assert payload["results"][0]["code"] == "SNAPSHOT_ALREADY_RUNNING"
    assert len(api.channel.recorded) == 1


async def test_a_connector_that_does_not_run_is_not_sent_anything(api: Api) -> None:
    api.states.states["shop"] = ConnectorState.PAUSED
    payload = await api.snapshot("top_orders", selection=RESULTS)
    result = payload["results"][0]
    assert (result["code"], result["retryable"]) == ("CONNECTOR_NOT_RUNNING", True)
    assert not api.channel.recorded


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"topicIds": []}, "EMPTY_INPUT", ["input", "topicIds"]),
        ({"topicIds": ["a"] * 501}, "TOO_MANY_TOPICS", ["input", "topicIds"]),
        ({"topicIds": ["top_orders", " "]}, "INVALID_ID", ["input", "topicIds", "1"]),
        ({"topicIds": ["x" * 10_000]}, "INVALID_ID", ["input", "topicIds", "0"]),
        ({"topicIds": ["a\0b"]}, "INVALID_ID", ["input", "topicIds", "0"]),
        (
            {"topicIds": ["top_orders"], "options": [{"topicId": "top_items"}]},
            "INVALID_OPTION",
            ["input", "options", "0", "topicId"],
        ),
        (
            {"topicIds": ["top_orders"], "options": [{"topicId": "top_orders", "filter": {"all": []}}]},
            "INVALID_OPTION",
            ["input", "options", "0", "filter"],
        ),
        ({"topicIds": ["top_orders"], "idempotencyKey": ""}, "INVALID_VALUE", ["input", "idempotencyKey"]),
        ({"topicIds": ["top_orders"], "reason": "x" * 2001}, "INVALID_VALUE", ["input", "reason"]),
    ],
    ids=["none", "501", "blank", "long", "nul", "stray option", "empty filter", "empty key", "long reason"],
)
async def test_a_senseless_request_is_refused_before_anything_is_read(
    api: Api, given: dict[str, object], code: str, field: list[str]
) -> None:
    query = f"mutation($input: BulkSnapshotTopicsInput!) {{ bulkSnapshotTopics(input: $input) {{ {RESULTS} }} }}"
    with api.counting() as statements:
        payload = (await api.data(query, {"input": given}))["bulkSnapshotTopics"]
    assert [(error["code"], error["field"]) for error in payload["userErrors"]] == [(code, field)]
    assert (payload["bulkSnapshot"], payload["results"], payload["skippedTopics"]) == (None, [], [])
    assert payload["summary"] == NOTHING
    assert len(statements) == 0


async def test_filters_are_rendered_and_never_raw(api: Api) -> None:
    condition = {"column": "total", "operator": "IN", "values": ["1", "o'clock"]}
    await api.snapshot(
        "top_orders",
        selection="userErrors { code }",
        options=[{"topicId": "top_orders", "filter": {"all": [condition]}}],
    )
    (recorded,) = api.channel.recorded
    assert json.loads(recorded.signal.data)["additional-conditions"] == [
        {"data-collection": "public.orders", "filter": "\"total\" IN ('1', 'o''clock')"}
    ]


async def test_the_same_key_sends_nothing_again_and_answers_the_same(api: Api) -> None:
    first = await api.snapshot("top_orders", "nobody", selection=RESULTS, idempotencyKey="k-1")
    again = await api.snapshot("nobody", "top_orders", selection=RESULTS, idempotencyKey="k-1", clientMutationId="2")
    assert again | {"clientMutationId": None} == first
    assert again["clientMutationId"] == "2"
    assert len(api.channel.recorded) == 1


async def test_the_same_key_for_another_request_is_refused(api: Api) -> None:
    await api.snapshot("top_orders", selection=RESULTS, idempotencyKey="k-1")
    payload = await api.snapshot("top_items", selection=RESULTS, idempotencyKey="k-1")
    assert payload["userErrors"][0]["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert payload["bulkSnapshot"] is None


async def test_a_client_that_goes_away_does_not_stop_a_dispatch(api: Api) -> None:
    """The request's task is cancelled in mid-send, as a server does that notices the disconnect."""
    sending = asyncio.Event()
    go_on = asyncio.Event()
    original = api.channel.send

    async def slow(*arguments: object) -> object:
        sending.set()
        await go_on.wait()
        return await original(*arguments)  # type: ignore[arg-type]

    api.channel.send = slow  # type: ignore[method-assign, assignment]
    task = asyncio.create_task(api.snapshot("top_orders", selection=RESULTS, idempotencyKey="k-1"))
    await asyncio.wait_for(sending.wait(), FAULT_SECONDS)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    await api.services.background.drain(5)

    assert len(api.channel.recorded) == 1
    replayed = await api.snapshot("top_orders", selection=RESULTS, idempotencyKey="k-1")
    assert replayed["results"][0]["__typename"] == "SourceSnapshotDispatched"


async def test_a_simulated_engine_says_so_everywhere(api: Api) -> None:
    simulated = api.over(with_engine(api.services, simulated=True))
    assert (await simulated.data("{ viewer { simulated } }"))["viewer"] == {"simulated": True}
    payload = await simulated.snapshot("top_orders", selection=RESULTS)
    assert payload["results"][0]["message"].startswith("Simulated")
