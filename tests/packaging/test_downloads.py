"""A broken installation, against an index of our own: what had arrived is not fetched again, without pip's cache."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from scripts.installing.downloads import Downloads
from scripts.installing.errors import InstallError
from scripts.installing.locks import read_lock
from scripts.installing.pip import Pip

ROOT = Path(__file__).resolve().parents[2]
FETCH = """
import os, sys
from pathlib import Path
from scripts.installing.downloads import Downloads
from scripts.installing.locks import read_lock
from scripts.installing.pip import Pip
folder, lock, url = sys.argv[1:]
settings = {"PIP_INDEX_URL": url, "PIP_NO_CACHE_DIR": "1"}
show = lambda text: print(text, flush=True)
Downloads(Path(folder)).fetch(read_lock(Path(lock)), Pip(Path(sys.executable), os.environ), settings, show)
"""
NAMES = ("first", "second")


@dataclass
class Index:
    """A package index on 127.0.0.1 with two packages; it counts what is fetched, and can stop in mid-file."""

    files: dict[str, bytes]
    url: str = ""
    fetched: list[str] = field(default_factory=list)
    stops_in: str = ""
    go_on: threading.Event = field(default_factory=threading.Event)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.strip("/").split("/")[-1]
        if name not in self.files:
            (wheel,) = (found for found in self.files if found.startswith(f"{name}-"))
            body = f'<a href="/files/{wheel}">{wheel}</a>'.encode()
        else:
            body = self.files[name]
            self.fetched.append(name.split("-")[0])
        request.send_response(200)
        request.send_header("Content-Type", "text/html" if name not in self.files else "application/zip")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if self.stops_in and name.startswith(f"{self.stops_in}-"):
            request.wfile.write(body[: len(body) // 2])
            request.wfile.flush()
            self.go_on.wait(60)
            return
        request.wfile.write(body)


def wheel(folder: Path, name: str) -> bytes:
    """A wheel large enough to be written in pieces."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.bin", os.urandom(600_000))
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return path.read_bytes()


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    (tmp_path / "made").mkdir()
    index = Index({f"{name}-1.0-py3-none-any.whl": wheel(tmp_path / "made", name) for name in NAMES})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    index.url = f"http://127.0.0.1:{server.server_port}/x/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield index
    index.go_on.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def lock(tmp_path: Path, index: Index) -> Path:
    path = tmp_path / "some.txt"
    hashes = {name.split("-")[0]: hashlib.sha256(content).hexdigest() for name, content in index.files.items()}
    path.write_text("".join(f"{name}==1.0 \\\n    --hash=sha256:{hashes[name]}\n" for name in NAMES))
    return path


def fetch(folder: Path, lock: Path, index: Index) -> None:
    settings = {"PIP_INDEX_URL": index.url, "PIP_NO_CACHE_DIR": "1", "PIP_RETRIES": "0"}
    Downloads(folder).fetch(read_lock(lock), Pip(Path(sys.executable), os.environ), settings, lambda _: None)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda number: number.name)
def test_what_had_arrived_is_not_fetched_again(
    tmp_path: Path, index: Index, lock: Path, number: signal.Signals
) -> None:
    index.stops_in = "second"
    folder = tmp_path / "downloads"
    command = (sys.executable, "-c", FETCH, str(folder), str(lock), index.url)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as broken:
        assert broken.stdout is not None
        assert any("second" in line for line in broken.stdout)  # it is in the middle of that one
        (pip,) = children_of(broken.pid)
        broken.send_signal(number)
        broken.wait()
        if number is signal.SIGKILL:  # it could not take pip with it, as the end of the machine would
            os.kill(pip, signal.SIGKILL)
        else:
            assert not Path(f"/proc/{pip}").exists()
    assert index.fetched == ["first", "second"]
    index.stops_in = ""
    index.fetched.clear()
    fetch(folder, lock, index)
    assert index.fetched == ["second"]
    assert {path.name: path.read_bytes() for path in (folder / "files").iterdir()} == index.files


def test_a_file_that_is_not_the_locked_one_is_refused_with_advice(tmp_path: Path, index: Index, lock: Path) -> None:
    lock.write_text(lock.read_text()[:-65] + "0" * 64 + "\n")
    with pytest.raises(InstallError, match="DO NOT MATCH THE HASHES") as raised:
        fetch(tmp_path / "downloads", lock, index)
    assert "not the locked one" in str(raised.value)


def test_an_index_that_is_away_is_told_with_advice(tmp_path: Path, index: Index, lock: Path) -> None:
    index.url = "http://127.0.0.1:1/x/"
    with pytest.raises(InstallError, match="cannot be reached"):
        fetch(tmp_path / "downloads", lock, index)
