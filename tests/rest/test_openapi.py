"""Our description of the REST API, and both descriptions held against the API by schemathesis."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.http.responses import encode
from gateway.rest.openapi import describe
from tests.support.api import Api
from tests.support.asgi import Answer, ask
from tests.support.sizes import examples

SEED = Path(__file__).parents[3] / "shared" / "seeds" / "bulk-snapshot-topics.txt"
EXAMPLES = examples(60)


def seed() -> dict[str, Any]:
    """The OpenAPI document within the seed's page."""
    if not SEED.is_file():
        pytest.skip("the seed's page lies beside the checkout of its authors only")
    text = SEED.read_text(encoding="utf-8")
    block = text.split("````yaml", 1)[1].split("\n", 1)[1].split("````", 1)[0]
    document: dict[str, Any] = yaml.safe_load(block)
    return document


def on_this_loop(app: ASGIApp, description: dict[str, Any]) -> ASGIApp:
    """`app` for callers on other loops, with `description` in the place of its own; database pools know one loop."""
    loop = asyncio.get_running_loop()

    async def bridge(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"  # there is no lifespan to take part in
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"] == "/openapi.json":
            answer = Answer(200, {"content-type": "application/json"}, encode(description))
        else:
            headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
            asked = ask(app, scope["method"], scope["path"], body=body, headers=headers)
            answer = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asked, loop))
        await send(
            {
                "type": "http.response.start",
                "status": answer.status,
                "headers": [(name.encode(), value.encode()) for name, value in answer.headers.items()],
            }
        )
        await send({"type": "http.response.body", "body": answer.body})

    return bridge


def explore(app: ASGIApp, *checks: str) -> set[int]:
    """Call the operation with bounded examples, hold each answer against `checks`, and return the statuses seen."""
    operation = schemathesis.openapi.from_asgi("/openapi.json", app)["/topics/bulk/snapshot"]["POST"]
    held: list[Any] = CHECKS.get_by_names(list(checks))
    seen: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def run(case: schemathesis.Case[Any]) -> None:
        response = case.call()
        seen.add(response.status_code)
        case.validate_response(response, checks=held)

    run()
    return seen


async def test_the_description_is_served(api: Api) -> None:
    answer = await ask(api.app, "GET", "/openapi.json")
    assert (answer.status, answer.json()) == (200, describe())
    assert (await ask(api.app, "POST", "/openapi.json")).status == 405


async def test_every_schema_that_is_referred_to_is_there() -> None:
    description = describe()
    schemas = description["components"]["schemas"]

    def references(value: object) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if "$ref" in value else []
            return own + [found for part in value.values() for found in references(part)]
        return [found for part in value for found in references(part)] if isinstance(value, list) else []

    assert {reference.removeprefix("#/components/schemas/") for reference in references(description)} == set(schemas)


async def test_our_description_is_true(api: Api) -> None:
    app = on_this_loop(api.app, describe())
    checks = "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"
    seen = await asyncio.to_thread(explore, app, *checks)
    assert 200 in seen


async def test_the_seeds_description_is_true_of_us(api: Api) -> None:
    app = on_this_loop(api.app, seed())
    checks = "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"
    seen = await asyncio.to_thread(explore, app, *checks)
    assert 200 in seen
