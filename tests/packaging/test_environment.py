"""Which .venv is built on: one of the installation's own, or one that holds nothing but pip."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.installing import environment

ENVIRON = dict(os.environ)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    venv = tmp_path_factory.mktemp("environment") / ".venv"
    environment.make(venv, {**ENVIRON, "PYTHONHOME": "/nonexistent", "PIP_TARGET": "/nonexistent"})
    return venv


def test_a_new_one_is_plain_and_works(plain: Path) -> None:
    assert environment.works(plain, ENVIRON)
    assert environment.is_plain(plain, {**ENVIRON, "PYTHONPATH": str(Path(environment.__file__).parent)})


def test_one_with_something_in_it_is_not_plain(plain: Path) -> None:
    place = next(plain.glob("lib/python*/site-packages")) / "something-1.0.dist-info"
    place.mkdir()
    (place / "METADATA").write_text("Metadata-Version: 2.1\nName: something\nVersion: 1.0\n")
    try:
        assert not environment.is_plain(plain, ENVIRON)
        assert environment.works(plain, ENVIRON)
    finally:
        (place / "METADATA").unlink()
        place.rmdir()


def test_one_without_pip_or_python_is_not_used(tmp_path: Path) -> None:
    assert not environment.is_plain(tmp_path / "missing", ENVIRON)
    subprocess.run((sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"), check=True)
    assert not environment.is_plain(tmp_path / "bare", ENVIRON)
    assert not environment.works(tmp_path / "bare", ENVIRON)
