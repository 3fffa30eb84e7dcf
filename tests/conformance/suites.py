"""The suites by name: what each needs, and how it is run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.npm_projects import CONFORMANCE, FEDERATION, FRONTENDS, ROOT, NpmProject

_WORK = ROOT / "build" / "conformance"


@dataclass(frozen=True, slots=True)
class Suite:
    """A Node program that prints a line `title: N passed, M failed` for each of its scores."""

    project: NpmProject
    script: Path
    arguments: Callable[[Mapping[str, str]], tuple[str, ...]]
    """Its arguments, of the URLs of the servers."""
    scores: int = 1
    timeout_seconds: float = 180


DEMO = "demo"
"""The real demo, in the URLs of the servers."""
PRODUCTS = "products"
"""The products subgraph of Apollo's tests on our view, in the URLs of the servers."""

SUITES: Mapping[str, Suite] = {
    "audits": Suite(CONFORMANCE, CONFORMANCE.folder / "audits.mjs", lambda urls: (urls[DEMO],)),
    "federation": Suite(
        FEDERATION,
        FEDERATION.folder / "gateways.mjs",
        lambda urls: (urls[DEMO], str(_WORK / "supergraphs")),
        scores=3,
    ),
    "compatibility": Suite(
        FEDERATION,
        FEDERATION.folder / "compatibility.mjs",
        lambda urls: (urls[PRODUCTS], str(_WORK / "compatibility")),
    ),
    "frontends": Suite(FRONTENDS, CONFORMANCE.folder / "frontends.mjs", lambda urls: (urls[DEMO],)),
}
