"""Requests made up at random, over headers, bodies and documents: each is answered by JSON, and none by a 500."""

import json
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.api import Api
from tests.support.asgi import Answer, ask
from tests.support.sizes import examples

QUIET = settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
STATUSES = {200, 400, 405, 413, 415}
LIMIT_BYTES = 30_000_000

# What the grammar has, and names of ours, so that many documents parse and some are valid.
TOKENS = st.sampled_from(
    [
        *"{}()[]:!=|&$@",
        "...",
        '"x"',
        '""',
        '"""x"""',
        r'"\u0000"',
        r'"\ud800"',
        "1",
        "-0",
        "1e999",
        "9" * 400,
        "null",
        "true",
        "query",
        "mutation",
        "subscription",
        "fragment F on Topic",
        "...F",
        "on Topic",
        "topics",
        "topic",
        "(id: ",
        "(first: 1)",
        "node",
        "edges",
        "id",
        "__typename",
        "__schema",
        "_entities(representations: ",
        "_service",
        "@include(if: true)",
        "@skip",
        "$a: ID!",
        "# x\n",
        "\ufeff",
        "\0",
    ]
)
DOCUMENTS = st.lists(TOKENS, max_size=25).map(" ".join) | st.text(max_size=60)
# Well-formed operations whose values are odd.
LITERALS = st.recursive(
    st.sampled_from(["null", "true", "-1", "1.5e3", '"x"', "ENUM", "$v", "9" * 40, '"top_orders"', r'"\u0000"']),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{' '.join(items)}]")
        | st.dictionaries(st.sampled_from(["id", "name", "cluster", "__typename", "first"]), inner, max_size=3).map(
            lambda fields: "{" + " ".join(f"{name}: {value}" for name, value in fields.items()) + "}"
        )
    ),
    max_leaves=6,
)
CALLS = st.tuples(
    st.sampled_from(
        [
            "{{ topic(id: {}) {{ id }} }}",
            "{{ topics(first: {}) {{ totalCount }} }}",
            "{{ topics(after: {}) {{ edges {{ cursor }} }} }}",
            "{{ topics(filter: {}) {{ edges {{ cursor }} }} }}",
            "{{ bulkSnapshots(filter: {}) {{ edges {{ cursor }} }} }}",
            "{{ nodes(ids: {}) {{ id }} }}",
            "{{ _entities(representations: {}) {{ __typename }} }}",
            "{{ planBulkSnapshot(input: {}) {{ userErrors {{ code }} }} }}",
            "mutation {{ bulkSnapshotTopics(input: {}) {{ userErrors {{ code }} }} }}",
            "query($v: ID = {}) {{ node(id: $v) {{ id }} }}",
        ]
    ),
    LITERALS,
).map(lambda pair: pair[0].format(pair[1]))
HEADER_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60)
ACCEPTS = st.lists(
    st.sampled_from(
        [
            "*/*",
            "application/json",
            "application/graphql-response+json",
            "text/event-stream",
            'multipart/mixed;subscriptionSpec="1.0"',
            "q=0.1",
            ";q=x",
            "application/json;q=1e9",
            ",,",
            '"',
        ]
    )
    | HEADER_TEXT,
    max_size=4,
).map(", ".join)
CONTENT_TYPES = (
    st.sampled_from(["application/json", "application/json; charset=utf-8", 'application/json; charset="', "x/y; a*=b"])
    | HEADER_TEXT
)


def assert_answered(answer: Answer) -> None:
    """The answer is one that a client can read, and no fault of ours."""
    assert answer.status in STATUSES
    text = answer.body.decode()
    assert "INTERNAL_ERROR" not in text
    assert "Traceback" not in text
    media_type = answer.headers["content-type"].partition(";")[0]
    if media_type not in {"text/event-stream", "multipart/mixed"}:
        assert answer.json().keys() & {"data", "errors"}


@QUIET
@given(document=DOCUMENTS | CALLS)
async def test_any_document(api: Api, document: str) -> None:
    body = json.dumps({"query": document}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert_answered(await api.post(body))


@QUIET
@given(
    method=st.sampled_from(["GET", "POST"]),
    headers=st.dictionaries(
        st.text(string.ascii_lowercase + "-", min_size=1, max_size=20).filter(lambda name: name != "content-length"),
        HEADER_TEXT,
        max_size=3,
    ),
    content_type=CONTENT_TYPES,
    accept=ACCEPTS,
    query=HEADER_TEXT,
    body=st.binary(max_size=80) | DOCUMENTS.map(lambda text: json.dumps({"query": text}).encode()),
)
async def test_any_request(
    api: Api, method: str, headers: dict[str, str], content_type: str, accept: str, query: str, body: bytes
) -> None:
    ascii_query = query.encode("ascii", "ignore").decode()
    sent = headers | {"content-type": content_type, "accept": accept}
    assert_answered(await ask(api.app, method, "/graphql", body=body, headers=sent, query=ascii_query))


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "in chunks"])
async def test_30_megabytes_are_refused(api: Api, announced: bool) -> None:  # noqa: FBT001 (pytest passes it by name)
    body = b'{"query": "' + b"x" * LIMIT_BYTES + b'"}'
    headers = {"content-type": "application/json"} | ({"content-length": str(len(body))} if announced else {})
    answer = await ask(api.app, "POST", "/graphql", body=body, headers=headers, chunk_bytes=1 << 20)
    assert (answer.status, len(body) > api.options.body_limit_bytes) == (413, True)
    assert answer.json()["errors"]
