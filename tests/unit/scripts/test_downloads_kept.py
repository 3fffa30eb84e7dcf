"""A second name for what pip fetches, while pip makes and removes its folders."""

import shutil
import threading
from pathlib import Path

from scripts.installing.downloads import Downloads

ROUNDS = 3_000


def test_what_arrives_gets_a_second_name(tmp_path: Path) -> None:
    downloads = Downloads(tmp_path / "downloads")
    downloads.files.mkdir(parents=True)
    arriving = downloads.temporary / "pip-unpack-1" / "first-1.0-py3-none-any.whl"
    arriving.parent.mkdir(parents=True)
    arriving.write_bytes(b"whole")
    assert downloads.keep() == "first"
    shutil.rmtree(downloads.temporary)
    assert (downloads.files / arriving.name).read_bytes() == b"whole"
    assert downloads.keep() is None


def test_folders_that_vanish_while_they_are_looked_at_do_no_harm(tmp_path: Path) -> None:
    downloads = Downloads(tmp_path / "downloads")
    downloads.files.mkdir(parents=True)
    downloads.temporary.mkdir()

    def come_and_go() -> None:
        for number in range(ROUNDS):
            folder = downloads.temporary / f"pip-unpack-{number}"
            folder.mkdir()
            (folder / "first-1.0-py3-none-any.whl").touch()
            shutil.rmtree(folder)

    pip = threading.Thread(target=come_and_go)
    pip.start()
    while pip.is_alive():
        downloads.keep()
    pip.join()
    assert downloads.keep() is None
