"""What .venv holds, as the installation wrote it down: each part after it was there in full."""

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from scripts.installing.locks import GROUPS

_NAME = ".installed"


@dataclass(slots=True)
class State:
    """A record of what was installed; without one, nobody knows."""

    root: str
    """The checkout: scripts in .venv name their interpreter in full, so a moved one is of no use."""
    python: str
    """What .venv was made with."""
    begun: dict[str, str] = field(default_factory=dict)
    """The group that is being installed, with its checksum; what is left of it is overwritten."""
    done: dict[str, str] = field(default_factory=dict)
    """The groups that are there, and `project` and `page`, with their checksums."""

    @classmethod
    def read(cls, venv: Path) -> Self | None:
        """Return the record, or nothing where there is none that can be read."""
        try:
            return cls(**json.loads((venv / _NAME).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, venv: Path) -> None:
        """Write it in one step."""
        new = venv / f"{_NAME}.new"
        new.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        new.replace(venv / _NAME)

    def usable(self, root: Path, wanted: dict[str, str]) -> bool:
        """Whether what is there belongs to this checkout, and what is locked now is what was locked then."""
        groups = {**self.done, **self.begun}
        return self.root == str(root) and all(groups[name] == wanted[name] for name in GROUPS if name in groups)


def this_python() -> str:
    """Return the version and the place of the Python that runs, not of a venv of it."""
    return f"{'.'.join(map(str, sys.version_info[:3]))} in {sys.base_prefix}"
