"""The tiers of the suite: which tests `make test` runs, and which belong to another target of the Makefile.

A test is of the tier of its folder. One that uses the running Debezium chain is of the tier `real` wherever it stands,
except for the main job, which every run of `make test` does once. Each tier but the first is a marker:
`pytest -m real` runs the tests of one, `-m "not real and not built and not faults"` those of `make test`.
"""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent
REAL, BUILT, FAULTS = "real", "built", "faults"
MAIN_JOB = "main_job"

TIERS = {
    "e2e/browser": BUILT,
    "e2e/clients": BUILT,
    "packaging/test_environment.py": BUILT,
    "packaging/test_graphiql_build.py": BUILT,
    "packaging/test_installer.py": BUILT,
    "packaging/test_wheel.py": BUILT,
    "e2e": REAL,
    "sandbox": REAL,
    "truth": REAL,
    "faults": FAULTS,
}
"""The folders and modules that `make test` leaves to another tier; of several that fit the first counts."""

_CHAIN = "sandbox"
"""The fixture of the running chain."""


def tier_of(path: Path) -> str | None:
    """Return the tier of the tests in a file below tests/; None for `make test`."""
    place = path.relative_to(TESTS)
    return next((tier for name, tier in TIERS.items() if place.is_relative_to(name)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its tier, and keep those together that share something expensive."""
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        main_job = item.get_closest_marker(MAIN_JOB) is not None
        tier = tier_of(item.path) if item.path.is_relative_to(TESTS) else None
        if tier is None and not main_job and (_CHAIN in fixtures or item.get_closest_marker("e2e")):
            tier = REAL
        if tier is not None:
            item.add_marker(tier)
        if group := _group(item, fixtures, tier):
            item.add_marker(pytest.mark.xdist_group(group))
    # The longest first, so that no worker is left with it at the end.
    items.sort(key=lambda item: item.get_closest_marker(MAIN_JOB) is None)


def _group(item: pytest.Item, fixtures: "tuple[str, ...] | list[str]", tier: str | None) -> str | None:
    """Return what one worker runs alone: two chains, or two builds of one thing, would be twice the work."""
    if "chain" in fixtures:
        return "chain"  # the sandbox with the suite's own sources in it, and the gateway in front of them
    if _CHAIN in fixtures:
        return _CHAIN
    if tier == FAULTS:
        return FAULTS
    if tier == BUILT:
        return item.path.parent.name if item.path.parent.name != "packaging" else item.path.stem
    return None
