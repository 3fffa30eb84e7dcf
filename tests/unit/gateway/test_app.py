"""What every request gets, whatever it asks for: an id, careful headers, JSON errors, no traceback."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from gateway.app import Parts, build_app
from gateway.http.request_ids import request_id
from snapshots.errors import TopicsnapError

Ask = Callable[..., Awaitable[Any]]


async def _boom(_: Request) -> Response:
    message = "the password is s3cret"
    raise RuntimeError(message)


async def _leak(_: Request) -> Response:
    raise asyncio.CancelledError("the password is s3cret")


async def _id(_: Request) -> Response:
    return PlainTextResponse(str(request_id.get()))


ROUTES = [Route("/boom", _boom), Route("/leak", _leak), Route("/id", _id)]


def app(**parts: Any) -> ASGIApp:  # noqa: ANN401 - the fields of Parts
    return build_app(Parts(routes=ROUTES, **parts))


async def test_a_request_id_is_made_and_shown(ask: Ask) -> None:
    answer = await ask(app(), "/id")
    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["x-request-id"])
    assert answer.body.decode() == answer.headers["x-request-id"]
    assert request_id.get() is None


async def test_a_sane_request_id_of_the_caller_is_kept(ask: Ask) -> None:
    assert (await ask(app(), "/id", headers={"X-Request-Id": "run-17/a"})).headers["x-request-id"] == "run-17/a"


@pytest.mark.parametrize("given", ["", "x" * 129, "with space", "tab\there", 'quote"'])
async def test_another_request_id_is_replaced(ask: Ask, given: str) -> None:
    answer = await ask(app(), "/id", headers={"X-Request-Id": given})
    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.parametrize("path", ["/", "/livez", "/nope", "/boom"])
async def test_every_response_is_careful(ask: Ask, path: str) -> None:
    answer = await ask(app(), path)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "x-request-id" in answer.headers


async def test_unknown_path_is_json(ask: Ask) -> None:
    answer = await ask(app(), "/nope")
    assert answer.status == 404
    assert answer.json == {"error": "Not Found", "requestId": answer.headers["x-request-id"]}


async def test_wrong_method_is_json_and_names_the_right_ones(ask: Ask) -> None:
    answer = await ask(app(), "/livez", method="DELETE")
    assert answer.status == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert answer.json["error"] == "Method Not Allowed"


@pytest.mark.parametrize("path", ["/boom", "/leak"])
async def test_unexpected_exception_is_masked_and_logged_once(
    ask: Ask, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    with caplog.at_level(logging.INFO):
        answer = await ask(app(), path)
    assert answer.status == 500
    assert b"s3cret" not in answer.body
    assert answer.json["requestId"] == answer.headers["x-request-id"]
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        "request failed unexpectedly"
    ]


async def test_each_request_is_one_line_without_its_query(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        await ask(app(), "/nope")
        await ask(app(), "/livez")  # probes are not worth a line
    lines = [record for record in caplog.records if record.name == "gateway.http.requests"]
    assert [(line.__dict__["path"], line.__dict__["status"]) for line in lines] == [("/nope", 404)]


async def test_only_our_host_names_are_answered(ask: Ask) -> None:
    guarded = app(allowed_hosts=["localhost", "127.0.0.1", "[::1]"])
    for ours in ("localhost", "LOCALHOST:8000", "127.0.0.1:9000", "[::1]:8000", "[::1]"):
        assert (await ask(guarded, "/livez", headers={"host": ours})).status == 200
    for other in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8000", "", "[::2]", "[::1"):
        assert (await ask(guarded, "/livez", headers={"host": other})).status == 421
    assert (await ask(app(allowed_hosts=["*"]), "/livez", headers={"host": "evil.example"})).status == 200


async def test_front_page_names_the_endpoints_and_loads_nothing(ask: Ask) -> None:
    page = (await ask(app(), "/")).body.decode()
    assert 'href="/graphql"' in page
    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!/)', page)
    assert "Simulated" not in page
    assert "Simulated" in (await ask(app(simulated=True), "/")).body.decode()


async def test_ready_while_every_check_passes(ask: Ask) -> None:
    async def well() -> None: ...

    async def ill() -> None:
        message = "The database does not answer."
        raise TopicsnapError(message)

    ready = await ask(app(checks={"a": well, "b": well}), "/readyz")
    assert (ready.status, ready.json) == (200, {"status": "ready", "checks": {"a": "ok", "b": "ok"}})
    not_ready = await ask(app(checks={"a": well, "b": ill}), "/readyz")
    assert not_ready.status == 503
    assert not_ready.json["checks"] == {"a": "ok", "b": "The database does not answer."}
    assert (await ask(app(checks={"b": ill}), "/livez")).status == 200


async def test_what_is_worth_a_look_leaves_it_ready(ask: Ask) -> None:
    async def well() -> None: ...

    async def noted() -> str | None:
        return "2 of them"

    async def nothing() -> str | None:
        return None

    async def away() -> str | None:
        message = "The database does not answer."
        raise TopicsnapError(message)

    async def broken() -> str | None:
        message = "a fault of ours"
        raise RuntimeError(message)

    notes = {"w": broken, "x": noted, "y": nothing, "z": away}
    answer = await ask(app(checks={"a": well}, notes=notes), "/readyz")
    assert answer.status == 200
    assert answer.json == {"status": "ready", "checks": {"a": "ok"}, "degraded": {"x": "2 of them"}}


async def test_what_runs_beside_is_entered_in_order_and_left_in_reverse() -> None:
    seen: list[str] = []

    @asynccontextmanager
    async def part(name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
        seen.append(f"+{name}")
        yield
        seen.append(f"-{name}")

    messages: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> Message:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message["type"])

    await app(background_work=[part("a"), part("b")])({"type": "lifespan", "state": {}}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert seen == ["+a", "+b", "-b", "-a"]
