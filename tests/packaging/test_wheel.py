"""The wheel as a user gets it: what is in it, and that its command runs in an environment of its own."""

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gateway", "schema", "resolvers", "persistence", "snapshots", "sandbox")


def run(*command: str | Path, cwd: Path) -> str:
    """The standard output of a command that must succeed, run without what our own environment adds to Python."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COVERAGE"))}
    done = subprocess.run(command, cwd=cwd, env=environment, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel installed; the dependencies are borrowed from the running one: no network."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    site_packages = Path(sysconfig.get_path("purelib", "venv", vars={"base": str(folder)}))
    (site_packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n" + sysconfig.get_path("platlib"))
    pip = (sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet")
    run(*pip, "--no-deps", "--no-index", "--ignore-installed", wheel, cwd=folder)
    return folder


def test_holds_every_package_typed(names: set[str]) -> None:
    for package in PACKAGES:
        assert {f"{package}/__init__.py", f"{package}/py.typed"} <= names


def test_holds_every_module_of_the_tree(names: set[str]) -> None:
    modules = {path.relative_to(ROOT).as_posix() for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert modules <= names


def test_holds_the_operations_of_the_commands(names: set[str]) -> None:
    operations = {path.relative_to(ROOT).as_posix() for path in (ROOT / "gateway" / "cli").rglob("*.graphql")}
    assert operations
    assert operations <= names


def test_holds_the_migrations(names: set[str]) -> None:
    scripts = [*(ROOT / "alembic").glob("*"), *(ROOT / "alembic" / "versions").glob("*.py")]
    expected = {
        f"persistence/_alembic/{path.relative_to(ROOT / 'alembic').as_posix()}" for path in scripts if path.is_file()
    }
    assert "persistence/_alembic/env.py" in expected
    assert any(name.startswith("persistence/_alembic/versions/") for name in expected)
    assert expected <= names


def test_holds_the_graphiql_page_and_the_licences_of_its_parts(wheel: Path, names: set[str]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        page = archive.read("gateway/_graphiql/index.html").decode()
    used = {f"gateway/_graphiql/graphiql/{name}" for name in re.findall(r'(?:src|href)="\./graphiql/([^"]+)"', page)}
    assert used
    assert used | {"gateway/_graphiql/graphiql/licenses.md"} <= names


def test_holds_nothing_else(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == set(PACKAGES)
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".so"))]


def test_carries_the_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (licence,) = (name for name in archive.namelist() if name.endswith(".dist-info/licenses/LICENSE"))
        assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()


def test_command_runs_from_the_wheel(environment: Path, tmp_path: Path) -> None:
    where = run(environment / "bin" / "python", "-c", "import gateway, schema; print(schema.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(environment)
    assert "serve" in run(environment / "bin" / "topicsnap", "--help", cwd=tmp_path)
