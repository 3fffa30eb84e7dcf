"""The GraphiQL page as it is served, and the operations that it offers."""

import gzip
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from starlette.applications import Starlette

import gateway.app
from gateway.app import Parts, build_app
from gateway.http.graphiql import POLICY, accepts_gzip, graphiql_routes, is_built

Ask = Callable[..., Awaitable[Any]]

ROOT = Path(__file__).resolve().parents[3]
OPERATIONS = sorted((ROOT / "graphiql" / "src" / "operations").glob("*.graphql"))
SCRIPT = "console.log('hello'); " * 100


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A built page, as far as the gateway looks."""
    (tmp_path / "graphiql").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Topicsnap GraphiQL</title>")
    (tmp_path / "graphiql" / "index-1a2b.js").write_text(SCRIPT)
    (tmp_path / "graphiql" / "font-3c4d.woff2").write_bytes(b"\0font")
    (tmp_path / "graphiql" / ".hidden.js").write_text("hidden")
    (tmp_path / "secret.js").write_text("secret")
    return tmp_path


@pytest.fixture
def site(bundle: Path) -> Starlette:
    return Starlette(routes=graphiql_routes(bundle))


async def test_page_has_a_policy_that_lets_nothing_in_from_elsewhere(ask: Ask, site: Starlette) -> None:
    answer = await ask(site, "/")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; ")
    assert not re.search(r"https?:|\*|unsafe-eval", policy)
    assert "unsafe-inline" not in re.sub("style-src [^;]*", "", policy)


async def test_page_is_asked_for_again_and_answered_briefly(ask: Ask, site: Starlette, bundle: Path) -> None:
    first = await ask(site, "/")
    assert first.headers["cache-control"] == "no-cache"
    again = await ask(site, "/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    (bundle / "index.html").write_text("<!doctype html><title>built anew</title>")
    assert (await ask(site, "/", headers={"if-none-match": first.headers["etag"]})).status == 200


async def test_files_are_kept_for_good(ask: Ask, site: Starlette) -> None:
    answer = await ask(site, "/graphiql/index-1a2b.js")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY  # a worker goes by that of its own file
    assert answer.body.decode() == SCRIPT


async def test_files_are_compressed_for_who_takes_it(ask: Ask, site: Starlette) -> None:
    answer = await ask(site, "/graphiql/index-1a2b.js", headers={"accept-encoding": "gzip, br"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert len(answer.body) < len(SCRIPT)
    assert gzip.decompress(answer.body).decode() == SCRIPT


async def test_what_is_compressed_already_is_left_alone(ask: Ask, site: Starlette) -> None:
    answer = await ask(site, "/graphiql/font-3c4d.woff2", headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert answer.body == b"\0font"


@pytest.mark.parametrize(
    "name", ["nope.js", ".hidden.js", "..%2fsecret.js", "../secret.js", "index-1a2b", "index.html", "a\\b.js", "é.js"]
)
async def test_nothing_else_is_served(ask: Ask, site: Starlette, name: str) -> None:
    assert (await ask(site, f"/graphiql/{name}")).status == 404


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.5", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("x-gzip", False),
    ],
    ids=["plain", "weighed", "any", "none", "other", "refused", "refused-precisely", "another-name"],
)
def test_accepts_gzip(header: str, taken: bool) -> None:  # noqa: FBT001
    assert accepts_gzip(header) is taken


async def test_it_is_the_front_page_where_it_is_wanted(ask: Ask, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway.app, "is_built", lambda: is_built(bundle))
    monkeypatch.setattr(gateway.app, "graphiql_routes", lambda: graphiql_routes(bundle))
    assert b"Topicsnap GraphiQL" in (await ask(build_app(Parts(graphiql=True)), "/")).body
    without = await ask(build_app(Parts(graphiql=False)), "/")
    assert b"GraphiQL" not in without.body
    assert (await ask(build_app(Parts(graphiql=False)), "/graphiql/index-1a2b.js")).status == 404


async def test_front_page_says_how_to_get_it_where_it_was_not_built(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway.app, "is_built", lambda: is_built(tmp_path))
    page = (await ask(build_app(Parts(graphiql=True)), "/")).body.decode()
    assert "Install Node.js" in page
    assert "make graphiql" in page
    assert 'href="/graphql"' in page


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "schema" / "schema.graphql").read_text("utf-8"), assume_valid_sdl=True)


@pytest.mark.parametrize("path", OPERATIONS, ids=[path.stem for path in OPERATIONS])
def test_operations_of_the_page_fit_the_schema(path: Path, schema: GraphQLSchema) -> None:
    assert validate(schema, parse(path.read_text("utf-8"))) == []


def test_there_are_operations() -> None:
    assert {"topics", "plan", "snapshot", "watch", "progress"} <= {path.stem for path in OPERATIONS}
