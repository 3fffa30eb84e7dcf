"""`POST /topics/bulk/snapshot`: the seed's shapes, by the same resolver as the mutation."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from gateway.http.responses import RequestRefusedError
from gateway.metrics import OutcomeMetrics
from persistence.database.errors import DatabaseUnavailableError
from resolvers.principal import Principal
from snapshots.engines.recording import Behaviour
from tests.support.api import Api
from tests.support.asgi import Answer, ask
from tests.support.sizes import examples
from tests.support.waiting import FAULT_SECONDS, until

PATH = "/topics/bulk/snapshot"


async def snapshot(api: Api, body: object, **headers: str) -> Answer:
    return await api.post(body, PATH, **headers)


def locations(answer: Answer) -> list[list[str | int]]:
    detail: list[dict[str, Any]] = answer.json()["detail"]
    assert all(finding.keys() == {"loc", "msg", "type"} for finding in detail)
    return [finding["loc"] for finding in detail]


async def test_the_answer_is_the_seeds(api: Api) -> None:
    answer = await snapshot(api, {"topic_ids": ["top_orders", "top_invoices", "nobody", "top_customers"]})
    content = answer.json()
    assert answer.status == 200
    shop, billing = content["results"]
    assert shop["message"].startswith("The channel accepted the signal")
    assert shop | {"data": None, "message": ""} == {"id": "src_shop", "success": True, "message": "", "data": None}
    assert shop["data"] | {"snapshot_id": ""} == {
        "topics": [
            {"id": "top_orders", "name": "shop.public.orders"},
            {"id": "top_customers", "name": "shop.public.customers"},
        ],
        "snapshot_id": "",
        "outcome": "dispatched",
        "code": None,
        "retryable": False,
    }
    assert billing["id"] == "src_billing"
    assert content["summary"] == {"total": 2, "succeeded": 2, "failed": 0}
    assert content["skipped_topics"] == [
        {"topic_id": "nobody", "reason": "TOPIC_NOT_FOUND", "message": "No topic has this id."}
    ]


async def test_the_record_is_the_one_that_graphql_shows(api: Api) -> None:
    content = (await snapshot(api, {"topic_ids": ["top_log"], "snapshot_type": "blocking", "reason": "why"})).json()
    query = "query($id: ID!) { bulkSnapshot(id: $id) { snapshotType reason snapshots { id } } }"
    bulk = (await api.data(query, {"id": content["bulk_snapshot_id"]}))["bulkSnapshot"]
    snapshots = [{"id": content["results"][0]["data"]["snapshot_id"]}]
    assert bulk == {"snapshotType": "BLOCKING", "reason": "why", "snapshots": snapshots}


@pytest.mark.parametrize(("asked", "expected"), [({}, "NOT_REQUESTED"), ({"verify": True}, "PENDING")])
async def test_a_verification_is_asked_for_as_in_graphql(api: Api, asked: dict[str, bool], expected: str) -> None:
    content = (await snapshot(api, {"topic_ids": ["top_orders"], **asked})).json()
    query = "query($id: ID!) { bulkSnapshot(id: $id) { snapshots { topics { verification } } } }"
    bulk = (await api.data(query, {"id": content["bulk_snapshot_id"]}))["bulkSnapshot"]
    assert bulk == {"snapshots": [{"topics": [{"verification": expected}]}]}


async def test_what_is_unconfirmed_counts_as_failed(api: Api) -> None:
    api.channel.behave("src_shop", Behaviour.LOSE)
    api.channel.behave("src_billing", Behaviour.REFUSE)
    content = (await snapshot(api, {"topic_ids": ["top_orders", "top_invoices", "top_items"]})).json()
    assert [
        (result["success"], result["data"]["outcome"], result["data"]["code"]) for result in content["results"]
    ] == [
        (False, "unconfirmed", "DISPATCH_TIMEOUT"),
        (False, "failed", "SIGNAL_REJECTED"),
        (True, "dispatched", None),
    ]
    assert content["summary"] == {"total": 3, "succeeded": 1, "failed": 2}


async def test_only_skipped_topics_are_still_a_success(api: Api) -> None:
    answer = await snapshot(api, {"topic_ids": ["nobody"]})
    content = answer.json()
    assert (answer.status, content["results"]) == (200, [])
    assert content["summary"] == {"total": 0, "succeeded": 0, "failed": 0}


async def test_further_properties_are_allowed_and_ours_are_heeded(api: Api) -> None:
    condition = {"column": "total", "operator": "GT", "values": ["10"]}
    body = {
        "topic_ids": ["top_orders"],
        "colour": "red",
        "options": [{"topic_id": "top_orders", "filter": {"all": [condition]}}],
    }
    assert (await snapshot(api, body)).status == 200
    (recorded,) = api.channel.recorded
    assert json.loads(recorded.signal.data)["additional-conditions"][0]["filter"] == "\"total\" > '10'"


async def test_the_idempotency_key_may_be_in_the_header_or_in_the_body(api: Api) -> None:
    first = await snapshot(api, {"topic_ids": ["top_orders"]}, idempotency_key="k-1")
    assert (await snapshot(api, {"topic_ids": ["top_orders"], "idempotency_key": "k-1"})).json() == first.json()
    assert len(api.channel.recorded) == 1

    reused = await snapshot(api, {"topic_ids": ["top_items"]}, idempotency_key="k-1")
    assert reused.status == 422
    assert reused.json()["detail"][0] | {"msg": ""} == {
        "loc": ["body", "idempotency_key"],
        "msg": "",
        "type": "idempotency_key_reused",
    }
    two_keys = await snapshot(api, {"topic_ids": ["top_items"], "idempotency_key": "a"}, idempotency_key="b")
    assert (two_keys.status, type(two_keys.json()["detail"])) == (400, str)


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        (b"", ["body"]),
        (b"{", ["body"]),
        (b"null", ["body"]),
        (b"5", ["body"]),
        (b"[]", ["body"]),
        (b"\xff", ["body"]),
        (b"[" * 100_000, ["body"]),
        (b'{"topic_ids": ["\\ud800"]}', ["body"]),
        (b"{}", ["body", "topic_ids"]),
        (b'{"topic_ids": []}', ["body", "topic_ids"]),
        (b'{"topic_ids": null}', ["body", "topic_ids"]),
        (b'{"topic_ids": "top_orders"}', ["body", "topic_ids"]),
        (b'{"topic_ids": [5]}', ["body", "topic_ids", 0]),
        (b'{"topic_ids": ["a", ""]}', ["body", "topic_ids", 1]),
        (b'{"topic_ids": ["a", "  "]}', ["body", "topic_ids", 1]),
        (b'{"topic_ids": ["a\\u0000"]}', ["body", "topic_ids", 0]),
        (json.dumps({"topic_ids": ["x"] * 501}).encode(), ["body", "topic_ids"]),
        (json.dumps({"topic_ids": ["x" * 129]}).encode(), ["body", "topic_ids", 0]),
        (b'{"topic_ids": ["a"], "snapshot_type": "INCREMENTAL"}', ["body", "snapshot_type"]),
        (b'{"topic_ids": ["a"], "snapshot_type": null}', ["body", "snapshot_type"]),
        (b'{"topic_ids": ["a"], "options": [{"topic_id": "b"}]}', ["body", "options", 0, "topic_id"]),
        (b'{"topic_ids": ["a"], "reason": "\\u0000"}', ["body", "reason"]),
        (b'{"topic_ids": ["a"], "verify": "yes"}', ["body", "verify"]),
        (b'{"topic_ids": ["a"], "verify": null}', ["body", "verify"]),
    ],
    ids=lambda value: repr(value[-45:]) if isinstance(value, bytes) else None,
)
async def test_a_senseless_request_is_refused_in_the_seeds_shape(api: Api, body: bytes, loc: list[str | int]) -> None:
    answer = await snapshot(api, body)
    assert answer.status == 422
    assert locations(answer)[0] == loc
    assert not api.channel.recorded


async def test_no_more_than_50_findings_are_told(api: Api) -> None:
    assert len(locations(await snapshot(api, {"topic_ids": [5] * 500}))) == 50


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_other_methods_are_not_taken(api: Api, method: str) -> None:
    answer = await ask(api.app, method, PATH)
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


async def test_refusals_are_json(api: Api) -> None:
    api.options = replace(api.options, body_limit_bytes=50)
    for answer, status in (
        (await snapshot(api, {"topic_ids": ["x" * 100]}), 413),
        (await snapshot(api, {"topic_ids": ["x"]}, content_type="text/plain"), 415),
        (await snapshot(api, b"topic_ids=x", content_type="application/x-www-form-urlencoded"), 415),
    ):
        assert (answer.status, type(answer.json()["detail"])) == (status, str)


async def test_who_may_not_ask_is_told_so(api: Api) -> None:
    class Closed(Api):
        async def principal_of(self, connection: HTTPConnection) -> Principal:
            raise RequestRefusedError(401, "A bearer token is needed.", {"WWW-Authenticate": "Bearer"})

    closed = Closed(api.services, api.database, api.channel, api.states, api.observer)
    answer = await snapshot(closed, {"topic_ids": ["top_orders"]})
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json() == {"detail": "A bearer token is needed."}


async def test_a_database_that_does_not_answer_is_told_as_such(api: Api) -> None:
    async def broken(*arguments: object, **more: object) -> object:
        raise DatabaseUnavailableError("The connection to PostgreSQL at db.internal:5432 broke.")

    api.services.catalog.routes = broken  # type: ignore[method-assign, assignment]
    answer = await snapshot(api, {"topic_ids": ["top_orders"]})
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert "db.internal" not in answer.body.decode()


@pytest.mark.parametrize("failure", [ZeroDivisionError("the secret is 42"), asyncio.CancelledError("42")])
async def test_what_nobody_foresaw_is_masked_and_logged_with_the_request_id(
    api: Api, caplog: pytest.LogCaptureFixture, failure: BaseException
) -> None:
    async def broken(*arguments: object, **more: object) -> object:
        raise failure

    api.services.catalog.routes = broken  # type: ignore[method-assign, assignment]
    answer = await snapshot(api, {"topic_ids": ["top_orders"]})
    assert answer.status == 500
    assert answer.json().keys() == {"detail", "request_id"}
    assert answer.json()["request_id"] == "req-1"
    assert "42" not in answer.body.decode()
    assert "request req-1 failed" in caplog.text
    assert "42" in caplog.text


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=8,
)
BODIES = st.binary(max_size=200) | (
    JSON_VALUES
    | st.fixed_dictionaries(
        {"topic_ids": st.lists(st.text(max_size=5) | st.just("top_orders"), max_size=3) | JSON_VALUES},
        optional={
            "snapshot_type": st.sampled_from(["incremental", "blocking"]) | JSON_VALUES,
            "options": st.lists(st.fixed_dictionaries({"topic_id": st.just("top_orders")})) | JSON_VALUES,
            "reason": JSON_VALUES,
            "idempotency_key": JSON_VALUES,
        },
    )
).map(lambda value: json.dumps(value).encode())


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES)
async def test_no_body_makes_a_500(api: Api, body: bytes) -> None:
    answer = await snapshot(api, body)
    assert answer.status in {200, 422}
    assert answer.json()


async def test_an_operation_and_its_outcomes_are_counted(api: Api) -> None:
    counted = api.over(replace(api.services, telemetry=OutcomeMetrics(api.metrics)))
    api.channel.behave("src_billing", Behaviour.REFUSE)
    assert (await snapshot(counted, {"topic_ids": ["top_orders", "top_invoices"]})).status == 200
    assert api.metrics.totals() == {
        "operations.rest.answered": 1,
        "signals.failed.SIGNAL_REJECTED": 1,
        "signals.accepted": 1,
        "source_answers.dispatched": 1,
        "source_answers.failed.SIGNAL_REJECTED": 1,
    }


async def test_who_waits_too_long_is_told_and_the_dispatch_goes_on(api: Api) -> None:
    api.channel.behave("src_shop", Behaviour.HANG)
    asking = asyncio.create_task(snapshot(api, {"topic_ids": ["top_orders"]}))
    await until(lambda: api.time_limits.under_way == 1)
    api.operation_limits.expire()
    answer = await asking
    assert answer.status == 504
    assert "No answer within 60 s" in answer.json()["detail"]
    api.time_limits.expire()
    assert await api.services.background.drain(FAULT_SECONDS) == 0
    data = await api.data("{ bulkSnapshots { edges { node { snapshots { state code } } } } }")
    [edge] = data["bulkSnapshots"]["edges"]
    assert edge["node"]["snapshots"] == [{"state": "UNCONFIRMED", "code": "DISPATCH_TIMEOUT"}]
