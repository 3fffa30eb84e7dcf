"""Whether the packages that we import are ours: PyPI has a package `schema`, which would replace ours silently."""

import importlib.util
from pathlib import Path

from gateway.errors import StartError

_HOME = Path(__file__).resolve().parents[2]
PACKAGES = ("schema", "resolvers", "persistence", "snapshots")


def check_packages(home: Path = _HOME) -> None:
    """Raise StartError unless our packages come from the folder that `gateway` itself comes from."""
    for name in PACKAGES:
        found = importlib.util.find_spec(name)
        origin = Path(found.origin).resolve() if found and found.origin else None
        if origin != home / name / "__init__.py":
            message = (
                f"The package `{name}` is not Topicsnap's: it comes from {origin or 'nowhere'}. Another distribution "
                "in this environment has one of that name; install Topicsnap in an environment of its own."
            )
            raise StartError(message)
