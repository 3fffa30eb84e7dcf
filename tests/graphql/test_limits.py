"""What an operation may cost, and what an endpoint tells of its schema."""

from dataclasses import replace

import pytest

from gateway.graphql.limits import OperationLimits
from tests.support.api import Api
from tests.support.asgi import ask


async def first_error(api: Api, query: str) -> str:
    return str((await api.graphql(query))["errors"][0]["message"])


@pytest.fixture
def tight(api: Api) -> Api:
    api.options = replace(api.options, limits=OperationLimits(tokens=150, depth=4, aliases=2, fields=20))
    return api


async def test_tokens_are_limited(tight: Api) -> None:
    assert "150" in await first_error(tight, "{" + " viewer { subject }" * 60 + "}")


async def test_depth_is_limited_also_through_fragments(tight: Api) -> None:
    assert "levels" not in str(await tight.graphql("{ topics { edges { node { id } } } }"))
    deep = "{ topics { edges { ...e } } } fragment e on TopicEdge { node { source { id } } }"
    assert "has too many levels of fields, and may have 4" in await first_error(tight, deep)


async def test_aliases_are_limited_also_through_fragments(tight: Api) -> None:
    spread = "{ viewer { ...v } other: viewer { ...v } } fragment v on Viewer { a: subject }"
    assert "aliases" in await first_error(tight, spread)
    assert "errors" not in await tight.graphql("{ a: viewer { subject } b: viewer { subject } }")


async def test_many_mutations_in_one_request_are_refused_and_none_is_run(tight: Api) -> None:
    query = "mutation {" + " ".join(f"m{n}: syncCatalog(input: {{}}) {{ dryRun }}" for n in range(3)) + "}"
    assert "aliases" in await first_error(tight, query)


async def test_a_document_that_is_too_large_says_so_by_code(tight: Api) -> None:
    answer = await tight.graphql("{ a: viewer { subject } b: viewer { subject } c: viewer { subject } }")
    assert answer["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "aliases"}


async def test_introspection_is_answered_unless_it_is_off(api: Api) -> None:
    query = "{ __schema { queryType { name } } }"
    assert (await api.data(query))["__schema"] == {"queryType": {"name": "Query"}}
    api.options = replace(api.options, introspection=False)
    assert "introspection" in await first_error(api, query)
    assert (await api.data("{ __typename }")) == {"__typename": "Query"}


async def test_circular_introspection_is_refused(api: Api) -> None:
    inner = "fields { type { " * 6 + "name" + " } }" * 6
    assert "introspection depth" in await first_error(api, f"{{ __schema {{ types {{ {inner} }} }} }}")


async def test_suggestions_can_be_turned_off(api: Api) -> None:
    typo = "{ viewr { subject } }"
    wrong_field = {"i": {"topicIdz": "x"}}
    mutation = "mutation($i: BulkSnapshotTopicsInput!) { bulkSnapshotTopics(input: $i) { clientMutationId } }"
    assert "Did you mean" in await first_error(api, typo)
    assert "Did you mean" in str(await api.graphql(mutation, wrong_field))
    api.options = replace(api.options, suggestions=False)
    assert "Did you mean" not in await first_error(api, typo)
    assert "Did you mean" not in str(await api.graphql(mutation, wrong_field))


async def test_a_document_of_nothing_but_errors_is_not_listed_to_its_end(api: Api) -> None:
    answer = await api.graphql("{" + " ".join(f"nonsense{n}" for n in range(500)) + "}")
    assert len(answer["errors"]) < 20


async def test_the_same_document_is_answered_the_same_every_time(api: Api) -> None:
    """What was found of a cached document is not used up by the first answer."""
    app = api.app
    answers = []
    for _ in range(3):
        body = b'{"query": "{ nonsense }"}'
        answer = await ask(app, "POST", "/graphql", body=body, headers={"content-type": "application/json"})
        answers.append(answer.json())
    assert answers[0] == answers[1] == answers[2]
