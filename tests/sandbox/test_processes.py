"""The child process that cannot outlive us."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from persistence.embedded import runfile
from persistence.embedded.errors import ProcessError
from persistence.embedded.identity import identify, is_alive
from persistence.embedded.processes import ChildProcess, Command, run, until

SLEEP = ("/bin/sleep", "300")
DEAF = ("/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.05; done")
PARENT = """
import asyncio, sys
from pathlib import Path
from persistence.embedded.processes import ChildProcess, Command

async def main():
    child = await ChildProcess.start(Command("sleep", ("/bin/sleep", "300"), Path(sys.argv[1])))
    print(child.pid, flush=True)
    await asyncio.sleep(300)

asyncio.run(main())
"""


async def test_it_runs_in_a_session_of_its_own_and_stops(tmp_path: Path) -> None:
    async with await ChildProcess.start(Command("sleep", SLEEP, tmp_path)) as child:
        assert os.getsid(child.pid) == child.pid
        assert runfile.orphan_pid(tmp_path, "sleep") == child.pid

    assert child.returncode == -signal.SIGTERM
    assert not (tmp_path / "sleep.run.json").exists()


async def test_stopping_twice_is_no_error(tmp_path: Path) -> None:
    child = await ChildProcess.start(Command("sleep", SLEEP, tmp_path))
    await child.stop()
    await child.stop()


async def test_one_that_ignores_the_signal_is_killed(tmp_path: Path) -> None:
    child = await ChildProcess.start(Command("deaf", DEAF, tmp_path))
    assert await until(lambda: "deaf" in child.log_tail(), 5)

    await child.stop(timeout_seconds=0.1)

    assert child.returncode == -signal.SIGKILL


async def test_a_cancelled_stop_still_ends_it(tmp_path: Path) -> None:
    child = await ChildProcess.start(Command("deaf", DEAF, tmp_path))
    assert await until(lambda: "deaf" in child.log_tail(), 5)
    stopping = asyncio.create_task(child.stop(timeout_seconds=60))
    await asyncio.sleep(0)

    stopping.cancel()

    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert not is_alive(child.pid)


async def test_output_and_failure_are_told(tmp_path: Path) -> None:
    command = Command("fails", ("/bin/sh", "-c", "echo what is wrong; exit 3"), tmp_path)

    with pytest.raises(ProcessError, match="fails ended with status 3: what is wrong"):
        await run(command, 10)


async def test_a_missing_program_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="no-such-program"):
        await run(Command("missing", ("/no-such-program",), tmp_path), 10)


async def test_the_environment_is_not_handed_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "secret")

    output = await run(Command("env", ("/usr/bin/env",), tmp_path, environment={"GIVEN": "1"}), 10)

    assert "secret" not in output
    assert "GIVEN=1" in output


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal on the parent's death is Linux's")
async def test_it_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, tmp_path], stdout=subprocess.PIPE, cwd=Path.cwd()) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)

        parent.kill()

        assert await until(lambda: not is_alive(pid), 5)


async def test_the_next_start_ends_an_orphan(tmp_path: Path) -> None:
    orphan = subprocess.Popen(SLEEP)
    runfile.write(tmp_path, "sleep", orphan.pid)

    async with await ChildProcess.start(Command("sleep", SLEEP, tmp_path)) as child:
        assert orphan.wait(5) == -signal.SIGTERM
        assert child.pid != orphan.pid


async def test_another_process_with_the_pid_of_an_orphan_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(SLEEP) as stranger:
        runfile.write(tmp_path, "sleep", stranger.pid)
        record = tmp_path / "sleep.run.json"
        identity = identify(stranger.pid) or ""
        record.write_text(record.read_text().replace(identity, identity[:-1] + "x"))

        assert not await runfile.end_orphan(tmp_path, "sleep", (signal.SIGTERM,))

        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": "x", "identity": "y"}', '{"pid": 1, "identity": null}'])
async def test_an_unreadable_record_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "sleep.run.json").write_text(text)

    assert not await runfile.end_orphan(tmp_path, "sleep", (signal.SIGTERM,))
