"""The small parts of the sandbox: which wheels are here, the class file, names of topics, temporary directories."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from persistence.embedded import default_directory, runfile
from persistence.embedded.directories import locked, make_directory
from persistence.embedded.errors import DirectoryBusyError
from sandbox import platform
from sandbox.classfile import class_file
from sandbox.errors import SandboxError
from sandbox.sources import SOURCES
from sandbox.stack import Sandbox
from sandbox.waiting import eventually
from sandbox.worker import _properties
from sandbox.workspace import workspace


def test_nothing_is_missing_here() -> None:
    assert platform.missing_parts() == ()


async def test_missing_wheels_are_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "find_spec", lambda _name: None)

    missing = platform.missing_parts()

    assert len(missing) == 3
    assert all("topicsnap[sandbox]" in part for part in missing)
    with pytest.raises(SandboxError, match="the Kafka broker"):
        await Sandbox(tmp_path).__aenter__()


def test_the_class_file_has_the_shape_that_java_wants() -> None:
    data = class_file("org/eclipse/jetty/security/SecurityHandler", "org/eclipse/jetty/server/Handler$Wrapper")

    assert len(data) == 118
    assert data[:10].hex() == "cafebabe0000003d0005"
    assert data[-14:].hex() == "0421000200040000000000000000"


def test_topics_are_named_as_debezium_does() -> None:
    shop = SOURCES[0]

    assert shop.topic("public", "price.list") == "shop.public.price.list"
    assert shop.topic("public", "Ärger & co") == "shop.public._rger___co"


def test_channels_follow_the_watermarks() -> None:
    assert {source.name: source.enabled_channels for source in SOURCES} == {
        "shop": ("source",),
        "billing": ("source", "kafka"),
        "crm": ("kafka",),
    }


def test_properties_are_escaped() -> None:
    assert _properties({"file": "C:\\ä"}) == "file=C:\\\\\\xe4\n"


async def test_waiting_ends_with_words() -> None:
    async def never() -> None:
        return None

    with pytest.raises(SandboxError, match=r"the moon: not within 0\.1 s"):
        await eventually(never, 0.1, "the moon")


async def test_what_a_dead_run_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = tmp_path / "topicsnap-run-dead"
    (dead / "part").mkdir(parents=True)
    (dead / ".topicsnap-workspace").touch()
    orphan = subprocess.Popen(["/bin/sleep", "300"])
    runfile.write(dead / "part", "sleep", orphan.pid)

    async with workspace() as alive, workspace() as beside:
        assert not dead.exists()
        assert orphan.wait(5) != 0
        assert alive.is_dir()
        assert beside.is_dir()

    assert list(tmp_path.iterdir()) == []


async def test_what_is_not_a_workspace_stays_whatever_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    checkout = tmp_path / "topicsnap-run-mine"
    checkout.mkdir()
    (checkout / "work.py").touch()

    async with workspace():
        pass

    assert [path.name for path in checkout.iterdir()] == ["work.py"]


def test_a_directory_is_locked_once(tmp_path: Path) -> None:
    busy = pytest.raises(DirectoryBusyError, match="in use by another running process")
    with locked(tmp_path), busy, locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


@pytest.mark.parametrize(
    ("uid", "data_home", "expected"),
    [
        pytest.param(0, "/data", "/var/lib/topicsnap", id="root"),
        pytest.param(1000, "/data", "/data/topicsnap", id="user-with-data-home"),
        pytest.param(1000, "", "/home/dev/.local/share/topicsnap", id="user"),
        pytest.param(1000, "relative", "/home/dev/.local/share/topicsnap", id="user-with-invalid-data-home"),
    ],
)
def test_the_default_directory(uid: int, data_home: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    monkeypatch.setenv("XDG_DATA_HOME", data_home)
    monkeypatch.setenv("HOME", "/home/dev")

    assert default_directory() == Path(expected)


def test_a_new_directory_is_for_its_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    make_directory(tmp_path / "one" / "two")

    assert (tmp_path / "one").stat().st_mode & 0o777 == 0o700
