"""`topicsnap sync`: what it prints and how it exits where not everything can be read, by both ways."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.support.commands import Ended, command, ready_url, started

NOWHERE = "http://127.0.0.1:1"
POSTGRES = "io.debezium.connector.postgresql.PostgresConnector"
CONNECTOR = {
    "info": {"type": "source", "config": {"connector.class": POSTGRES, "topic.prefix": "shop"}},
    "status": {"type": "source", "connector": {"state": "RUNNING", "version": "3.6"}, "tasks": [{"state": "RUNNING"}]},
}


@pytest.fixture
async def connect_url() -> AsyncIterator[str]:
    """A Kafka Connect as far as a catalogue needs one; the real one is asked in tests/e2e."""

    async def connectors(request: web.Request) -> web.Response:
        return web.json_response({"shop": CONNECTOR} if "expand" in request.query else ["shop"])

    async def topics(_: web.Request) -> web.Response:
        return web.json_response({"shop": {"topics": ["shop.public.orders"]}})

    async def plugins(_: web.Request) -> web.Response:
        return web.json_response([])

    app = web.Application()
    app.add_routes(
        [
            web.get("/connectors", connectors),
            web.get("/connectors/shop/topics", topics),
            web.get("/connector-plugins", plugins),
        ]
    )
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


async def described(directory: Path, database_url: str, clusters: str, connectors: str = "[]") -> None:
    file = directory / "catalogue.yaml"
    file.write_text(f"clusters: {clusters}\nconnectors: {connectors}\n", "utf-8")
    imported = await command("import", str(file), TOPICSNAP_DATABASE_URL=database_url)
    assert imported.code == 0, imported.err


@asynccontextmanager
async def gateway(database_url: str) -> AsyncIterator[str]:
    async with started("serve", "--port", "0", TOPICSNAP_DATABASE_URL=database_url) as running:
        yield await ready_url(running)


async def both_ways(database_url: str, *arguments: str) -> tuple[Ended, Ended]:
    """Ask a gateway, then the database itself."""
    async with gateway(database_url) as url:
        remote = await command("sync", *arguments, "--server", url)
    return remote, await command("sync", *arguments, "--direct", TOPICSNAP_DATABASE_URL=database_url)


async def test_where_everything_is_read_it_is_0(tmp_path: Path, database_url: str, connect_url: str) -> None:
    await described(tmp_path, database_url, f'[{{name: main, connect_url: "{connect_url}"}}]')
    for ended in await both_ways(database_url):
        assert (ended.code, "not read" in ended.out) == (0, False), ended
        assert "connectors: " in ended.out


async def test_what_could_not_be_read_is_printed_beside_the_rest_and_it_is_4(
    tmp_path: Path, database_url: str, connect_url: str
) -> None:
    clusters = f'[{{name: main, connect_url: "{connect_url}"}}, {{name: lab, connect_url: "{NOWHERE}"}}]'
    await described(
        tmp_path, database_url, clusters, '[{cluster: main, name: shop, database_url_ref: "env:SHOP_AWAY"}]'
    )
    for ended in await both_ways(database_url, "--dry-run"):
        assert ended.code == 4, ended
        assert "topics: 1 added" in ended.out
        assert "  ! lab  Kafka Connect of cluster lab cannot be asked" in ended.out
        shop = "  ! main/shop  The database of connector shop cannot be read (The environment variable SHOP_AWAY is not"
        assert shop in ended.out
        assert "Not everything could be read" in ended.err
    for ended in await both_ways(database_url, "--dry-run", "--json"):
        told = json.loads(ended.out)
        assert ended.code == 4
        assert [(part["cluster"], part["source"]) for part in told["unreadable"]] == [("lab", None), ("main", "shop")]
        assert [item["name"] for item in told["topics"]["added"]] == ["shop.public.orders"]


async def test_where_no_cluster_can_be_read_it_is_3(tmp_path: Path, database_url: str) -> None:
    await described(tmp_path, database_url, f'[{{name: lab, connect_url: "{NOWHERE}"}}]')
    for ended in await both_ways(database_url, "--json"):
        assert ended.code == 3, ended
        assert [part["cluster"] for part in json.loads(ended.out)["unreadable"]] == ["lab"]
        assert "No cluster could be read, so nothing was changed." in ended.err


async def test_a_cluster_that_is_not_there_is_1(tmp_path: Path, database_url: str) -> None:
    for ended in await both_ways(database_url, "clu_nowhere"):
        assert (ended.code, ended.out) == (1, ""), ended
