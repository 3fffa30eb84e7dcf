"""The npm packages of the clients, installed once, below build/ where git ignores them."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from hatch_build import Node, locked, run, system_node, wheel_node

SOURCE = Path(__file__).parent
ROOT = SOURCE.parents[2]
_NPM_SECONDS = 300
_PACKAGE = ("package.json", "package-lock.json", ".npmrc")


@dataclass(frozen=True, slots=True)
class Clients:
    """An installed project."""

    node: str
    folder: Path


def install() -> Clients:
    """Return the project with what its lock says; a missing Node.js is a failure, not a reason to skip."""
    node = system_node() or wheel_node()
    assert node is not None, "There is no Node.js with npm; `make install` brings one."
    digest = hashlib.sha256(b"".join((SOURCE / name).read_bytes() for name in _PACKAGE)).hexdigest()[:16]
    folder = ROOT / "build" / f"clients-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder.parent / "clients.lock"):
        for file in (*_PACKAGE, *(script.name for script in SOURCE.glob("*.mjs"))):
            shutil.copy2(SOURCE / file, folder / file)
        if not (folder / "installed").is_file():
            _install(node, folder)
            (folder / "installed").touch()
    return Clients(node.node, folder)


def _install(node: Node, folder: Path) -> None:
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(node.node).parent), os.environ.get("PATH", "")])}
    run([*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder, environment, _NPM_SECONDS)
