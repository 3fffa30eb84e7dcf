"""A gateway in front of a real PostgreSQL and an engine in memory, and its GraphiQL page in a real Chromium."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import BrowserContext, expect

from gateway.app import Parts, build_app
from gateway.http.graphiql import is_built
from gateway.metrics import NoMetrics
from gateway.process.server import make_server
from gateway.process.sockets import listening, url_of
from gateway.routes import operation_routes
from gateway.settings import load
from tests.e2e.browser.browsers import WatchedPage, running_browser
from tests.e2e.browser.graphiql_page import ANSWER_MS, GraphiQLPage
from tests.support.api import Api, api
from tests.support.streams import Engine, followed

__all__ = ["api"]


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[BrowserContext]:
    """Yield one browser for all tests."""
    async with running_browser() as context:
        yield context


@pytest.fixture
async def site(api: Api) -> AsyncIterator[str]:
    """Yield the URL of a gateway over the catalogue of the shop, whose connectors tell of their snapshots."""
    await followed(api)
    assert is_built(), "There is no GraphiQL page to test: make graphiql says why."
    settings = load()
    routes = operation_routes(settings, api.services, NoMetrics(), asyncio.Event())
    app = build_app(Parts(routes=routes, graphiql=True))
    ready = asyncio.Event()
    with listening("127.0.0.1", 0) as listener:
        server = make_server(app, ready=ready.set, shutdown_seconds=1, message_limit_bytes=1_048_576)
        serving = asyncio.create_task(server.run_until_cancelled(listener))
        await asyncio.wait_for(ready.wait(), 10)
        yield url_of(listener)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@pytest.fixture
def engine(api: Api) -> Engine:
    """Return what reports on the snapshots of the shop when a test says so."""
    return Engine(api)


@pytest.fixture
async def watched(browser: BrowserContext, site: str) -> AsyncIterator[WatchedPage]:
    """Yield an empty page that belongs to the site; at its end nothing may have gone wrong on it."""
    watched = WatchedPage(await browser.new_page(), site)
    await watched.watch()
    yield watched
    await watched.page.close()
    assert watched.faults == []
    assert watched.requested


@pytest.fixture
async def graphiql(watched: WatchedPage) -> GraphiQLPage:
    """Return the page once it knows the schema."""
    await watched.page.goto(watched.origin)
    graphiql = GraphiQLPage(watched.page)
    await expect(graphiql.tab("Topics")).to_be_visible(timeout=ANSWER_MS)
    await expect(watched.page.locator(".graphiql-query-editor .view-lines")).to_contain_text("query", timeout=ANSWER_MS)
    return graphiql
