"""GraphQL over HTTP: whatever is sent, the answer is JSON, and never a 500."""

import asyncio
import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import HTTPConnection
from starlette.types import Message, Scope

from gateway.http.responses import RequestRefusedError
from resolvers.principal import Principal
from tests.support.api import Api
from tests.support.asgi import ask
from tests.support.sizes import examples

GRAPHQL_JSON = "application/graphql-response+json"
VIEWER = {"query": "{ viewer { subject } }"}
DEEP = 100_000
BARE_POST: Scope = {
    "type": "http",
    "method": "POST",
    "path": "/graphql",
    "query_string": b"",
    "headers": [(b"content-type", b"application/json")],
}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"null", 400),
        (b"5", 400),
        (b'"x"', 400),
        (b"[]", 400),
        (b'[{"query": "{ viewer { subject } }"}]', 400),
        (b"{}", 400),
        (b'{"query": null}', 400),
        (b'{"query": ""}', 400),
        (b'{"query": 5}', 400),
        (b'{"query": {}}', 400),
        (b'{"query": "{ viewer { subject } }", "variables": []}', 400),
        (b'{"query": "{ viewer { subject } }", "variables": "x"}', 400),
        (b'{"query": "{ viewer { subject } }", "operationName": 5}', 400),
        (b'{"query": "{ viewer { subject } }", "extensions": 5}', 400),
        (b'{"query": "{ viewer', 400),
        (b"\xff\xfe", 400),
        (b'{"query": "\xff"}', 400),
        ('{"query": "é"}'.encode("latin-1"), 400),
        (json.dumps(VIEWER).encode("utf-16"), 400),
        (b'{"query": "{ viewer { subject } }", "variables": {"x": "\\ud800"}}', 400),
        (b"[" * DEEP + b"]" * DEEP, 400),
        (b'{"a":' * DEEP + b"1" + b"}" * DEEP, 400),
        (b'{"query": "{ viewer { subject } }", "variables": {"x": NaN}}', 400),
        (b'{"query": "{' + b"a{" * 5000 + b'"}', 200),
        (b'{"query": "{ viewer { subject } }", "variables": null, "operationName": null, "x": 1}', 200),
        (b'\xef\xbb\xbf{"query": "{ viewer { subject } }"}', 400),
    ],
    ids=lambda value: repr(value[-45:]) if isinstance(value, bytes) else str(value),
)
async def test_odd_bodies(api: Api, body: bytes, status: int) -> None:
    answer = await api.post(body)
    assert answer.status == status
    content = answer.json()
    assert "errors" in content or content["data"] == {"viewer": {"subject": "local"}}


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
        "application/json-patch+json",
        "nonsense",
        ";;;=",
    ],
)
async def test_only_json_in_utf_8_is_taken(api: Api, content_type: str) -> None:
    answer = await api.post(VIEWER, content_type=content_type)
    assert answer.status == 415
    assert answer.json()["errors"]


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; Charset=UTF-8", "application/json;"])
async def test_json_may_be_said_in_many_ways(api: Api, content_type: str) -> None:
    assert (await api.post(VIEWER, content_type=content_type)).status == 200


async def test_a_body_above_the_limit_is_not_read_to_its_end(api: Api) -> None:
    api.options = replace(api.options, body_limit_bytes=1000)
    read = 0

    async def receive() -> Message:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b" " * 400, "more_body": True}

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await api.app(dict(BARE_POST), receive, send)
    assert (sent[0]["status"], read) == (413, 3)

    announced = await api.post(VIEWER, content_length="1001")
    assert announced.status == 413
    assert (await api.post(VIEWER)).status == 200


async def test_get_is_for_queries(api: Api) -> None:
    async def get(**parameters: str) -> tuple[int, dict[str, object]]:
        answer = await ask(api.app, "GET", "/graphql", query=urlencode(parameters))
        return answer.status, answer.json()

    named = "query($id: ID!) { topic(id: $id) { name } } "
    assert await get(query=named, variables='{"id": "top_notes"}') == (200, {"data": {"topic": {"name": "notes"}}})
    assert (await get())[0] == 400
    assert (await get(query=named, variables="{"))[0] == 400
    assert (await get(query=named, variables="5"))[0] == 400
    status, content = await get(query="mutation { syncCatalog(input: {}) { dryRun } }")
    assert (status, "errors" in content) == (405, True)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "FOO"])
async def test_other_methods_are_not_taken(api: Api, method: str) -> None:
    answer = await ask(api.app, method, "/graphql", query=urlencode(VIEWER))
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


async def test_a_subscription_needs_another_transport(api: Api) -> None:
    assert (await api.post({"query": "subscription { x }"})).status == 400


async def test_one_of_several_operations_has_to_be_named(api: Api) -> None:
    query = "query A { viewer { subject } } query B { viewer { tenant } }"
    assert (await api.post({"query": query, "operationName": "B"})).json() == {
        "data": {"viewer": {"tenant": "default"}}
    }
    assert (await api.post({"query": query})).json()["errors"]
    assert (await api.post({"query": query, "operationName": "C"})).json()["errors"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, application/json;q=0.9", GRAPHQL_JSON),
        (f"application/json, {GRAPHQL_JSON};q=0.9", "application/json"),
        (f"{GRAPHQL_JSON};q=0.1, application/json;q=0.5", "application/json"),
        (f"{GRAPHQL_JSON};q=nonsense", "application/json"),
        ("text/html", "application/json"),
    ],
)
async def test_the_media_type_is_negotiated(api: Api, accept: str, media_type: str) -> None:
    answer = await api.post(VIEWER, accept=accept)
    assert (answer.status, answer.headers["content-type"]) == (200, media_type)


@pytest.mark.parametrize(
    "senseless",
    [
        {"query": "{"},
        {"query": "{ nonsense }"},
        {"query": "query($x: Int!) { topics(first: $x) { totalCount } }", "variables": {"x": "y"}},
        {"query": "query($x: Int!) { topics(first: $x) { totalCount } }"},
    ],
    ids=["syntax", "validation", "coercion", "missing variable"],
)
async def test_an_operation_that_was_not_begun_has_no_data(api: Api, senseless: dict[str, object]) -> None:
    modern = await api.post(senseless, accept=GRAPHQL_JSON)
    old = await api.post(senseless, accept="application/json")
    assert (modern.status, old.status) == (400, 200)
    assert modern.json() == old.json()
    assert "data" not in modern.json()


async def test_an_error_within_an_operation_leaves_the_rest(api: Api) -> None:
    query = '{ viewer { subject } topic(id: "top_notes") { name } }'
    assert (await api.post({"query": query}, accept=GRAPHQL_JSON)).status == 200
    answer = await api.post({"query": "{ topics(first: 0) { totalCount } }"}, accept=GRAPHQL_JSON)
    assert (answer.status, answer.json()["data"]) == (200, None)


async def test_who_may_not_ask_is_told_so(api: Api) -> None:
    class Closed(Api):
        async def principal_of(self, connection: HTTPConnection) -> Principal:
            raise RequestRefusedError(401, "A bearer token is needed.", {"WWW-Authenticate": "Bearer"})

    closed = Closed(api.services, api.database, api.channel, api.states, api.observer)
    answer = await closed.post(VIEWER)
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["errors"][0]["message"] == "A bearer token is needed."


async def test_a_client_that_goes_away_while_it_sends_gets_no_answer(api: Api) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await api.app(dict(BARE_POST), receive, send)
    assert sent == []


async def test_an_operation_that_takes_too_long_is_given_up(api: Api) -> None:
    begun = asyncio.Event()

    async def for_ever(*arguments: object, **more: object) -> object:
        begun.set()
        await asyncio.Event().wait()
        return None

    api.services.catalog.topics_page = for_ever  # type: ignore[method-assign, assignment]
    asking = asyncio.create_task(api.post({"query": "{ topics { totalCount } }"}))
    await begun.wait()
    api.operation_limits.expire()
    answer = await asking
    assert (answer.status, len(answer.json()["errors"])) == (504, 1)


NINES = "9" * 5000
NESTED = b"[" * 900 + b"]" * 900


@pytest.mark.parametrize(
    "body",
    [
        f'{{"query": "{{ topics(first: {NINES}) {{ totalCount }} }}"}}'.encode(),
        f'{{"query": "{{ topic(id: {NINES}) {{ id }} }}"}}'.encode(),
        f'{{"query": "{{ _entities(representations: [{NINES}]) {{ __typename }} }}"}}'.encode(),
        b'{"query": "{ _entities(representations: [1e999, {a: {b: [$c]}}]) { __typename } }"}',
        b'{"query": "query($i: Int!) { topics(first: $i) { totalCount } }", "variables": {"i": '
        + NINES.encode()
        + b"}}",
        b'{"query": "query($i: Int!) { topics(first: $i) { totalCount } }", "variables": {"i": 1e308}}',
        b'{"query": "query($i: ID!) { topic(id: $i) { id } }", "variables": {"i": 1e22}}',
        b'{"query": "query($i: [ID!]!) { nodes(ids: $i) { id } }", "variables": {"i": ' + NESTED + b"}}",
        b'{"query": "query($i: [_Any!]!) { _entities(representations: $i) { __typename } }", "variables": {"i": '
        + NESTED
        + b"}}",
        b'{"query": "{ topics(first: \\u0000) { totalCount } }"}',
        b'{"query": "{ topic(id: \\"\\\\ud800\\") { id } }"}',
        b'{"query": "{ topic(id: \\"\\\\u{10FFFF}\\") { id } }"}',
    ],
    ids=lambda body: repr(body[:90]),
)
async def test_odd_values_are_answered_without_a_fault(api: Api, body: bytes) -> None:
    answer = await api.post(body)
    assert answer.status in {200, 400}
    assert "INTERNAL_ERROR" not in answer.body.decode()
    assert answer.json()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=8,
)
BODIES = (
    st.binary(max_size=200)
    | JSON_VALUES.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries(
        {
            "query": st.sampled_from(["{ viewer { subject } }", "query($id: ID!) { node(id: $id) { id } }"])
            | JSON_VALUES
        },
        optional={"variables": st.fixed_dictionaries({"id": JSON_VALUES}) | JSON_VALUES, "operationName": JSON_VALUES},
    ).map(lambda value: json.dumps(value).encode())
)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES)
async def test_no_body_makes_a_500(api: Api, body: bytes) -> None:
    answer = await api.post(body)
    assert answer.status in {200, 400}
    assert answer.json().keys() & {"data", "errors"}
    assert "INTERNAL_ERROR" not in answer.body.decode()
