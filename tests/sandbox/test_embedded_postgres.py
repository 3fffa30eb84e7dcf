"""The embedded PostgreSQL server: its directory over starts, crashes and strangers."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from persistence.embedded import EmbeddedPostgres, EmbeddedPostgresError, binaries
from persistence.embedded.accounts import Account, barrier
from persistence.embedded.identity import is_alive
from persistence.embedded.postgres import EmbeddedPostgres as FromModule
from persistence.embedded.processes import until
from persistence.embedded.sessions import connected
from sandbox.workspace import workspace

PARENT = """
import asyncio, sys
from pathlib import Path
from persistence.embedded import EmbeddedPostgres

async def main():
    server = EmbeddedPostgres(Path(sys.argv[1]))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(300)

asyncio.run(main())
"""


@pytest.fixture
async def directory() -> AsyncIterator[Path]:
    """Yield a directory that the server's account can reach, which pytest's own is not for root."""
    async with workspace() as path:
        yield path / "postgres"


async def test_data_is_kept_over_a_restart(directory: Path) -> None:
    async with EmbeddedPostgres(directory) as first:
        await first.create_database("shop")
        async with connected(first.url("shop")) as connection:
            await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    async with EmbeddedPostgres(directory) as second, connected(second.url("shop")) as connection:
        assert await connection.fetchval("SELECT answer FROM kept") == 42


async def test_one_server_stops_and_starts_again(directory: Path) -> None:
    server = EmbeddedPostgres(directory)
    await server.start()
    pid = server.pid
    await server.stop()
    await server.stop()
    assert server.pid is None
    assert pid is not None
    assert not is_alive(pid)

    await server.start()
    with pytest.raises(EmbeddedPostgresError, match="running already"):
        await server.start()
    await server.stop()
    with pytest.raises(EmbeddedPostgresError, match="not running"):
        server.url()


async def test_databases_and_roles_are_made_once(directory: Path) -> None:
    async with EmbeddedPostgres(directory, settings={"fsync": "off"}) as server:
        for _ in range(2):
            await server.create_database('odd "name"/?')
            await server.create_role("app", options="BYPASSRLS")
        async with connected(server.url('odd "name"/?', "app")) as connection:
            assert await connection.fetchval("SELECT current_user || ' ' || lower('ÄÖ')") == "app äö"


async def test_it_wants_a_password(directory: Path) -> None:
    async with EmbeddedPostgres(directory, settings={"fsync": "off"}) as server:
        with pytest.raises(Exception, match="password authentication failed"):
            async with connected(f"postgresql://postgres:guess@127.0.0.1:{server.port}/postgres"):
                pass
        for name in ("password", "postgres.log"):
            assert (directory / name).stat().st_mode & 0o077 == 0


async def test_the_chosen_port_is_taken(directory: Path) -> None:
    async with EmbeddedPostgres(directory / "one", settings={"fsync": "off"}) as one:
        other = EmbeddedPostgres(directory / "other", port=one.port, settings={"fsync": "off"})
        with pytest.raises(EmbeddedPostgresError, match="Address already in use"):
            await other.start()
        assert other.pid is None


async def test_a_directory_serves_one_at_a_time(directory: Path) -> None:
    async with EmbeddedPostgres(directory, settings={"fsync": "off"}) as server:
        with pytest.raises(EmbeddedPostgresError, match="in use by another running process"):
            await EmbeddedPostgres(directory).start()
        assert server.pid is not None


async def test_killing_the_parent_leaves_nothing_in_the_way(directory: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, directory], stdout=subprocess.PIPE, cwd=Path.cwd()) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    async with EmbeddedPostgres(directory) as server, connected(server.url()) as connection:
        assert await connection.fetchval("SELECT 1") == 1
        assert not is_alive(pid)


async def test_a_killed_server_is_recovered(directory: Path) -> None:
    async with EmbeddedPostgres(directory) as server:
        async with connected(server.url()) as connection:
            await connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
    assert (directory / "data" / "postmaster.pid").exists()

    async with EmbeddedPostgres(directory) as server, connected(server.url()) as connection:
        assert await connection.fetchval("SELECT one FROM kept") == 1


async def test_a_stale_lock_with_the_pid_of_a_stranger_is_removed(directory: Path) -> None:
    async with EmbeddedPostgres(directory, settings={"fsync": "off"}):
        pass
    # Our own parent: alive, not a PostgreSQL server, and PostgreSQL itself would refuse to start.
    (directory / "data" / "postmaster.pid").write_text(f"{os.getppid()}\n{directory / 'data'}\n1\n5432\n\n127.0.0.1\n")

    async with EmbeddedPostgres(directory) as server:
        assert server.pid is not None


async def test_a_server_of_somebody_else_is_left_alone(directory: Path) -> None:
    async with EmbeddedPostgres(directory, settings={"fsync": "off"}) as server:
        # As if it had been started by hand: no lock of ours, no run file.
        (directory / "postgres.run.json").unlink()
        (directory / "lock").unlink()

        with pytest.raises(EmbeddedPostgresError, match="not ours"):
            await EmbeddedPostgres(directory).start()

        assert server.pid is not None


async def test_data_of_another_major_version_is_refused(directory: Path) -> None:
    async with EmbeddedPostgres(directory, settings={"fsync": "off"}):
        pass
    (directory / "data" / "PG_VERSION").write_text("16\n")

    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 16 and this is PostgreSQL 18"):
        await EmbeddedPostgres(directory).start()


async def test_foreign_files_are_refused(directory: Path) -> None:
    (directory / "data").mkdir(parents=True)
    (directory / "data" / "thesis.txt").write_text("important")

    with pytest.raises(EmbeddedPostgresError, match="holds no PostgreSQL data"):
        await EmbeddedPostgres(directory).start()

    assert (directory / "data" / "thesis.txt").exists()


async def test_a_platform_without_the_wheel_is_told(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "find_spec", lambda _name: None)

    with pytest.raises(EmbeddedPostgresError, match="no PostgreSQL of its own"):
        await FromModule(directory).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
async def test_root_needs_a_directory_that_the_account_can_enter(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)

    with pytest.raises(EmbeddedPostgresError, match="cannot enter"):
        await EmbeddedPostgres(tmp_path / "postgres").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
async def test_binaries_out_of_reach_are_copied(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_reach(path: Path, account: Account | None) -> Path | None:
        return path if "site-packages" in path.parts else barrier(path, account)

    monkeypatch.setattr(binaries, "barrier", out_of_reach)

    for _ in range(2):
        async with EmbeddedPostgres(directory, settings={"fsync": "off"}) as server:
            executable = Path(f"/proc/{server.pid}/exe").readlink()
            assert executable.is_relative_to(directory.resolve())


@pytest.mark.skipif(os.geteuid() != 0, reason="we are an ordinary user already")
@pytest.mark.skipif(sys.platform != "linux", reason="finds the system's Python")
async def test_an_ordinary_user_runs_it_as_herself(directory: Path) -> None:
    """Run under the system's Python of the same version where ours is out of her reach, below /root, say."""
    nobody = Account("nobody", 65534, 65534)
    python = next(
        (
            path
            for path in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}")
            if Path(path).exists() and barrier(Path(path), nobody) is None
        ),
        None,
    )
    if python is None:
        pytest.skip("no Python that an ordinary user can reach")
    home = directory.parent / "home"
    home.mkdir()
    os.chown(home, nobody.uid, nobody.gid)
    places = [str(Path.cwd()), *(path for path in sys.path if path.endswith("site-packages"))]
    with subprocess.Popen(
        [python, "-c", PARENT, home / "postgres"],
        stdout=subprocess.PIPE,
        cwd=Path.cwd(),
        env={"PYTHONPATH": os.pathsep.join(places), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        user=nobody.uid,
        group=nobody.gid,
        extra_groups=[],
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert Path(f"/proc/{pid}").stat().st_uid == nobody.uid
        parent.kill()
    assert await until(lambda: not is_alive(pid), 10)
