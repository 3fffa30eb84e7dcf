"""`topicsnap serve` and `topicsnap worker`: starting, answering, ending."""

import json
import signal
import socket
from pathlib import Path

import aiohttp
import pytest

from persistence.embedded.attach import running_url
from tests.support.commands import command, reachable, ready_url, started

CATALOGUE = """
clusters: [{name: east, kafka_bootstrap: "127.0.0.1:1"}]
connectors: [{cluster: east, name: shop, kind: SOURCE, notification_topic: shop.notifications}]
topics: [{cluster: east, name: shop.public.orders, connector: shop, data_collection: public.orders}]
"""


async def test_it_serves_until_it_is_told_to_end(database_url: str) -> None:
    async with started("serve", "--port", "0", TOPICSNAP_DATABASE_URL=database_url) as running:
        url = await ready_url(running)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}/readyz") as response:
                assert response.status == 200, await response.text()
            async with session.post(
                f"{url}/graphql", json={"query": "{ topics { edges { node { id } } } }"}
            ) as response:
                assert await response.json() == {"data": {"topics": {"edges": []}}}
        assert await running.stop() == 0
    assert "Traceback" not in running.text


@pytest.mark.parametrize("profile", ["development", "production"])
async def test_only_in_development_it_shows_strangers_around(database_url: str, profile: str) -> None:
    variables = {"TOPICSNAP_DATABASE_URL": database_url, "TOPICSNAP_PROFILE": profile}
    async with started("serve", "--port", "0", **variables) as running, aiohttp.ClientSession() as session:
        url = await ready_url(running)
        async with session.get(f"{url}/") as response:
            page = await response.text()
        async with session.post(f"{url}/graphql", json={"query": "{ __schema { queryType { name } } }"}) as response:
            introspected = await response.json()
        async with session.post(f"{url}/graphql", json={"query": "{ topicks { totalCount } }"}) as response:
            mistaken = (await response.json())["errors"][0]["message"]
        assert await running.stop() == 0
    seen = ("GraphiQL" in page, introspected.get("data") is not None, "'topics'" in mistaken)
    assert seen == ((True,) * 3 if profile == "development" else (False,) * 3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
async def test_other_signals_end_it_as_well(database_url: str, number: signal.Signals) -> None:
    async with started("serve", "--port", "0", TOPICSNAP_DATABASE_URL=database_url) as running:
        await ready_url(running)
        assert await running.stop(number) == 0


async def test_a_port_in_use_is_said_at_once(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = await command("serve", "--port", port, TOPICSNAP_DATABASE_URL=database_url)
    assert ended.code == 1
    assert f"Port {port} on 127.0.0.1 is in use" in ended.err


async def test_a_slip_of_the_pen_is_warned_of(database_url: str) -> None:
    variables = {"TOPICSNAP_DATABASE_URL": database_url, "TOPICSNAP_POOLSIZE": "3", "TOPICSNAP_LOG_FORMAT": "json"}
    async with started("serve", "--port", "0", **variables) as running:
        await ready_url(running)
        assert "did you mean TOPICSNAP_POOL_SIZE?" in running.text
        assert await running.stop() == 0


async def test_without_a_database_of_its_own_it_brings_one(tmp_path: Path) -> None:
    """The embedded one is migrated by itself, can be used by commands beside, and ends with the gateway."""
    variables = {"TOPICSNAP_DATA_DIR": str(reachable(tmp_path))}
    async with started("serve", "--port", "0", **variables) as running:
        url = await ready_url(running)
        file = tmp_path / "catalogue.yaml"
        file.write_text(CATALOGUE)
        imported = await command("import", str(file), **variables)
        assert imported.code == 0, imported.err
        assert "topics: 1 added" in imported.out
        snapshot = await command("snapshot", "shop.public.orders", "--server", url)
        assert snapshot.code == 1  # taken up, and refused: the connector has no signal channel
        assert "has no signal channel" in snapshot.out
        missing = await command("snapshot", "shop.public.missing", "--server", url)
        assert missing.code == 1
        assert "No topic has the name or id shop.public.missing" in missing.err
        direct = await command("snapshot", "east/shop.public.orders", "--direct", "--json", **variables)
        assert direct.code == 1
        (failed,) = json.loads(direct.out)["snapshots"]
        assert (failed["source"]["name"], failed["state"]) == ("shop", "FAILED")
        assert failed["topics"][0]["topic"]["name"] == "shop.public.orders"
        assert await running.stop() == 0
    assert running_url(Path(variables["TOPICSNAP_DATA_DIR"]) / "postgres", "topicsnap") is None


async def test_a_worker_works_without_serving(database_url: str) -> None:
    async with started("worker", TOPICSNAP_DATABASE_URL=database_url) as running:
        await running.says("worker is ready")
        assert await running.stop() == 0
