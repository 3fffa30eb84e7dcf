"""`topicsnap demo` as a visitor meets it: start, paste, watch, stop; and as a careless one does: kill."""

import asyncio
import os
import re
import signal
from contextlib import suppress
from pathlib import Path

import aiohttp
import orjson
import pytest

from tests.support.commands import Running, command, reachable, started

START_SECONDS = 180.0
STOPPED = "Stopped. Nothing of the demo is left."


async def ready(running: Running) -> tuple[str, str]:
    """Return the URL and all that the demo printed once it is ready."""
    text = await running.says("Ctrl+C stops everything.", START_SECONDS)
    found = re.search(r"Topicsnap is ready at (http://127\.0\.0\.1:\d+)/", text)
    assert found
    return found[1], text


async def paste(text: str) -> dict[str, object]:
    """Run the printed curl command in a shell, and return the payload."""
    line = next(line for line in text.splitlines() if line.startswith("curl "))
    process = await asyncio.create_subprocess_shell(line, stdout=asyncio.subprocess.PIPE)
    out, _ = await process.communicate()
    payload: dict[str, object] = orjson.loads(out)["data"]["bulkSnapshotTopics"]
    return payload


def processes_of(directory: Path) -> list[str]:
    """The processes that live in the directory."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if str((entry / "cwd").readlink()).startswith(str(directory)) and entry.name != str(os.getpid()):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


async def all_gone(directory: Path) -> None:
    async with asyncio.timeout(20):
        while left := processes_of(directory):  # noqa: ASYNC110 - the kernel tells nobody
            await asyncio.sleep(0.1)
    assert left == []


async def test_the_simulated_demo_says_so_wherever_it_shows(tmp_path: Path) -> None:
    variables = {"TMPDIR": str(reachable(tmp_path))}
    async with started("demo", "--simulate", "--port", "0", **variables) as running:
        url, text = await ready(running)
        assert "SIMULATED" in text
        payload = await paste(text)
        assert payload["userErrors"] == []
        assert all("Simulated" in result["message"] for result in payload["results"])  # type: ignore[attr-defined]
        bulk_id = payload["bulkSnapshot"]["id"]  # type: ignore[index]
        watched = await command("watch", bulk_id, "--server", url)
        assert (watched.code, "completed, 4 of 4 topics read, 2 skipped" in watched.out) == (0, True), watched
        async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as response:
            assert response.status == 200
        async with started("demo", "--simulate", "--port", "0", **variables) as second:
            other, _ = await ready(second)
            assert other != url
            assert await second.stop() == 0
        assert processes_of(tmp_path)  # the first goes on
        assert await running.stop(signal.SIGINT) == 0
    assert "Traceback" not in running.text
    said = running.text.splitlines()
    assert said.index("Stopping. This takes a few seconds; Ctrl+C again hurries.") < said.index(STOPPED)
    await all_gone(tmp_path)
    assert list(tmp_path.glob("topicsnap-*")) == []


async def test_a_port_in_use_stops_the_demo_before_anything_starts(tmp_path: Path) -> None:
    variables = {"TMPDIR": str(reachable(tmp_path))}
    async with started("demo", "--simulate", "--port", "0", **variables) as running:
        url, _ = await ready(running)
        port = url.rsplit(":", 1)[1]
        ended = await command("demo", "--simulate", PORT=port, **variables)
        assert ended.code == 1
        assert f"Port {port} on 127.0.0.1 is in use: choose another by PORT (PORT=9000 make demo)" in ended.err
        assert await running.stop() == 0


@pytest.mark.parametrize("moment", ["PostgreSQL: starting", "Ctrl+C stops everything."])
async def test_a_second_ctrl_c_hurries_and_leaves_nothing(tmp_path: Path, moment: str) -> None:
    async with started("demo", "--simulate", "--port", "0", TMPDIR=str(reachable(tmp_path))) as running:
        await running.says(moment, START_SECONDS)
        running.process.send_signal(signal.SIGINT)
        await running.says("Stopping.")
        assert await running.stop(signal.SIGINT) == 0
    assert "Traceback" not in running.text
    assert STOPPED in running.text
    assert running.text.count("Stopping.") == 1
    await all_gone(tmp_path)
    assert list(tmp_path.glob("topicsnap-*")) == []


async def test_a_terminal_that_is_closed_ends_the_demo_in_order(tmp_path: Path) -> None:
    async with started("demo", "--simulate", "--port", "0", TMPDIR=str(reachable(tmp_path))) as running:
        await ready(running)
        # As a hang-up does it: nobody reads any more, and SIGHUP.
        transport = running.process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]
        transport.close()
        assert await running.stop(signal.SIGHUP) == 0
    assert "Traceback" not in running.text
    await all_gone(tmp_path)


@pytest.mark.e2e
@pytest.mark.slow
async def test_the_real_demo_from_start_to_stop(tmp_path: Path) -> None:
    async with started("demo", "--port", "0", TMPDIR=str(reachable(tmp_path))) as running:
        url, text = await ready(running)
        for step in ("PostgreSQL", "Kafka broker", "Kafka Connect", "databases", "connectors", "catalogue", "gateway"):
            assert re.search(rf"^{step}: starting$", text, re.MULTILINE), step
            assert re.search(rf"^{step}: ready \(\d+\.\d s\)$", text, re.MULTILINE), step
        assert "SIMULATED" not in text
        payload = await paste(text)
        results: list[dict[str, object]] = payload["results"]  # type: ignore[assignment]
        assert [result["success"] for result in results] == [True, True, True], results
        reasons = [skip["reason"] for skip in payload["skippedTopics"]]  # type: ignore[attr-defined]
        assert reasons == ["KEYLESS_TABLE", "NOT_FROM_SOURCE"]
        bulk_id = payload["bulkSnapshot"]["id"]  # type: ignore[index]
        watched = await asyncio.wait_for(command("watch", bulk_id, "--server", url), 120)
        assert watched.code == 0, watched
        assert "shop.public.page_views: COMPLETED, 100,000 rows" in watched.out
        blocking = await command("snapshot", "shop.public.audit_log", "--type", "blocking", "--watch", "--server", url)
        assert blocking.code == 0, blocking
        assert "shop.public.audit_log: COMPLETED, 800 rows" in blocking.out
        again = await command("sync", "--dry-run", "--server", url)
        assert (again.code, "topics: 0 added, 0 changed, 0 retired" in again.out) == (0, True), again
        assert len(processes_of(tmp_path)) >= 3
        assert await running.stop() == 0
    assert "Traceback" not in running.text
    await all_gone(tmp_path)
    assert list(tmp_path.glob("topicsnap-*")) == []


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.parametrize("moment", ["Kafka Connect: starting", "Ctrl+C stops everything."])
async def test_a_killed_demo_blocks_nobody(tmp_path: Path, moment: str) -> None:
    variables = {"TMPDIR": str(reachable(tmp_path))}
    async with started("demo", "--port", "0", **variables) as running:
        await running.says(moment, START_SECONDS)
        assert await running.stop(signal.SIGKILL) == -signal.SIGKILL
    await all_gone(tmp_path)
    async with started("demo", "--simulate", "--port", "0", **variables) as after:
        await ready(after)
        assert len(list(tmp_path.glob("topicsnap-*"))) == 1  # what the killed one left is removed
        assert await after.stop() == 0


@pytest.mark.e2e
@pytest.mark.slow
async def test_a_stop_in_the_middle_of_the_start_leaves_nothing(tmp_path: Path) -> None:
    async with started("demo", "--port", "0", TMPDIR=str(reachable(tmp_path))) as running:
        await running.says("Kafka Connect: starting", START_SECONDS)
        assert await running.stop() == 0
    assert "Traceback" not in running.text
    await all_gone(tmp_path)
    assert list(tmp_path.glob("topicsnap-*")) == []
