"""`scripts/python`: which Python is taken, on PATH, by name, or from the folder of a version manager."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(sys.executable).resolve()


def find(*arguments: str, path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path), "HOME": str(path / "nobody"), **variables}
    command = ("/bin/sh", str(ROOT / "scripts" / "python"), *arguments)
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PATH with a shim that fails, as pyenv's do for a version that is not active, and the tools of the script."""
    folder = tmp_path / "bin"
    folder.mkdir()
    tool = next(found for place in ("/usr/bin", "/bin") if (found := Path(place) / "awk").exists())
    (folder / "awk").symlink_to(tool)
    for name in ("python3", "python3.11"):
        write(folder / name, 'echo "pyenv: version is not installed" >&2; exit 127')
    return folder


def write(path: Path, line: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def manager(folder: Path) -> Path:
    """A version manager's folder that holds the Python that runs us."""
    python = folder / "bin" / f"python3.{sys.version_info.minor}"
    python.parent.mkdir(parents=True)
    python.symlink_to(HERE)
    return python


@pytest.mark.parametrize(
    ("variable", "below"),
    [
        ("PYENV_ROOT", "versions/any"),
        ("ASDF_DATA_DIR", "installs/python/any"),
        ("MISE_DATA_DIR", "installs/python/any"),
        ("UV_PYTHON_INSTALL_DIR", "any"),
    ],
)
def test_looks_into_the_folders_of_version_managers(path: Path, tmp_path: Path, variable: str, below: str) -> None:
    python = manager(tmp_path / "manager" / below)
    found = find(path=path, **{variable: str(tmp_path / "manager")})
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.strip() in {str(python), str(HERE)}


def test_home_is_where_pyenv_is_looked_for(path: Path) -> None:
    manager(path / "nobody" / ".pyenv" / "versions" / "any")
    assert "/nobody/.pyenv/versions/any/bin/" in find(path=path).stdout


def test_path_goes_before_the_folders(path: Path, tmp_path: Path) -> None:
    write(path / "python3", f'exec "{HERE}" "$@"')
    manager(tmp_path / "manager" / "versions" / "any")
    assert find(path=path, PYENV_ROOT=str(tmp_path / "manager")).stdout.strip() == str(HERE)


def test_a_named_one_is_taken_or_refused(path: Path) -> None:
    assert find(path=path, PYTHON=str(HERE)).stdout.strip() == str(HERE)
    refused = find(path=path, PYTHON=str(path / "python3"))
    assert refused.returncode == 1
    assert f"PYTHON={path / 'python3'} is no Python 3.11 to 3.14" in refused.stderr


@pytest.mark.parametrize(("version", "fits"), [((3, 10), False), ((3, 11), True), ((3, 14), True), ((3, 15), False)])
def test_the_versions_that_fit(path: Path, version: tuple[int, int], fits: bool) -> None:  # noqa: FBT001
    """Played by our Python, told that it is another one."""
    code = f"import sys; sys.version_info = (*{version!r}, 0, 'final', 0); exec(sys.argv[1])"
    write(path / "python", f'shift 3; exec "{HERE}" -c "{code}" "$@"')
    assert (find(path=path, PYTHON=str(path / "python")).returncode == 0) is fits


def test_all_names_one_of_each_version(path: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        manager(tmp_path / "manager" / "versions" / name)
    found = find("all", path=path, PYENV_ROOT=str(tmp_path / "manager")).stdout.splitlines()
    versions = [
        subprocess.run((python, "-V"), check=True, capture_output=True, text=True).stdout.split(".")[1]
        for python in found
    ]
    assert str(sys.version_info.minor) in versions
    assert len(versions) == len(set(versions))


def test_it_is_run_as_a_program() -> None:
    assert os.access(ROOT / "scripts" / "python", os.X_OK)
