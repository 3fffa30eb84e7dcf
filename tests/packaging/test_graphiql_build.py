"""The build hook: when it builds the GraphiQL page, by which Node.js, and what is left where it cannot."""

import importlib.util
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Plays node and npm: `npm ci` makes a node_modules, Vite a page; each start of npm is a line of builds.txt.
_FAKE = """#!/bin/sh
case "$1" in
  --version) echo "{version}" ;;
  ci) echo built >>"{log}"; sleep 0.2; exit {status} ;;
  *) mkdir -p dist/graphiql && cp index.html dist/ && echo script >dist/graphiql/index-1.js ;;
esac
"""


@pytest.fixture
def hook() -> ModuleType:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the sources of a page, on a machine without Node.js."""
    project = tmp_path / "project"
    (project / "graphiql" / "src").mkdir(parents=True)
    (project / "graphiql" / "index.html").write_text("first")
    (project / "gateway").mkdir()
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "mkdir", "cp", "sleep"):
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("TOPICSNAP_SKIP_GRAPHIQL", raising=False)
    return project


def give_node(project: Path, *, version: str = "v22.20.0", status: int = 0) -> None:
    log = project.parent / "builds.txt"
    for name in ("node", "npm"):
        program = project.parent / "bin" / name
        program.write_text(_FAKE.format(version=version, log=log, status=status))
        program.chmod(0o755)


def builds(project: Path) -> int:
    log = project.parent / "builds.txt"
    return len(log.read_text().splitlines()) if log.exists() else 0


def page(project: Path) -> str | None:
    path = project / "gateway" / "_graphiql" / "index.html"
    return path.read_text() if path.exists() else None


def test_builds_once(hook: ModuleType, project: Path) -> None:
    give_node(project)
    assert "built with" in hook.build(project)
    assert page(project) == "first"
    assert hook.build(project) == "GraphiQL: up to date."
    assert builds(project) == 1


def test_builds_again_when_the_sources_changed(hook: ModuleType, project: Path) -> None:
    give_node(project)
    hook.build(project)
    (project / "graphiql" / "node_modules").mkdir()
    (project / "graphiql" / "node_modules" / "some.js").write_text("of a developer, not of the page")
    assert hook.build(project) == "GraphiQL: up to date."
    (project / "graphiql" / "index.html").write_text("second")
    hook.build(project)
    assert page(project) == "second"


@pytest.mark.parametrize("change", ["content", "name", "file"])
def test_fingerprint_changes_with(hook: ModuleType, project: Path, change: str) -> None:
    source = project / "graphiql"
    before = hook.fingerprint(source)
    if change == "content":
        (source / "index.html").write_text("other")
    elif change == "name":
        (source / "index.html").rename(source / "page.html")
    else:
        (source / "src" / "new.js").write_text("")
    assert hook.fingerprint(source) != before


def test_two_at_once_build_once(hook: ModuleType, project: Path) -> None:
    give_node(project)
    threads = [threading.Thread(target=hook.build, args=(project,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert page(project) == "first"
    assert builds(project) == 1


def test_a_failing_npm_stops_nothing_and_keeps_the_page_of_before(hook: ModuleType, project: Path) -> None:
    give_node(project)
    hook.build(project)
    (project / "graphiql" / "index.html").write_text("second")
    give_node(project, status=1)
    assert hook.build(project).startswith("GraphiQL: not built.")
    assert page(project) == "first"


def test_without_node_it_says_so(hook: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "wheel_node", lambda: None)
    assert "There is no Node.js" in hook.build(project)
    assert page(project) is None


def test_can_be_skipped(hook: ModuleType, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_node(project)
    monkeypatch.setenv("TOPICSNAP_SKIP_GRAPHIQL", "1")
    assert "not built" in hook.build(project)
    assert (page(project), builds(project)) == (None, 0)
    assert requirements(hook, project) == []


def requirements(hook: ModuleType, project: Path) -> list[str]:
    """What the hook wants installed before a build in isolation."""
    made = hook.GraphiQLBuildHook(str(project), {}, None, None, "", "wheel")
    wanted = made.dependencies()
    assert isinstance(wanted, list)
    return wanted


def test_asks_pypi_for_node_only_where_there_is_none(hook: ModuleType, project: Path) -> None:
    assert requirements(hook, project) == [hook.NODE_WHEEL]
    give_node(project, version="v18.20.0")
    assert requirements(hook, project) == [hook.NODE_WHEEL]
    give_node(project)
    assert requirements(hook, project) == []


def test_the_wheel_brings_a_node_that_is_new_enough(hook: ModuleType) -> None:
    node = hook.wheel_node()
    assert node is not None
    assert hook.new_enough(hook.version_of(node.node))
    environment = {**os.environ, "PATH": str(Path(node.node).parent)}
    done = subprocess.run([*node.npm, "--version"], env=environment, check=True, capture_output=True, text=True)
    assert int(done.stdout.split(".")[0]) >= 10


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v20.18.3", False),
        ("v20.19.0\n", True),
        ("v21.7.0", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0", True),
        ("v18.20.0", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_new_enough(hook: ModuleType, version: str, enough: bool) -> None:  # noqa: FBT001
    assert hook.new_enough(version) is enough


def test_lock_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "graphiql" / "package-lock.json").read_text("utf-8")
