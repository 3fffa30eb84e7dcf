"""Figures that tests measure by the way, printed at the end of the run: to be read, never to be asserted on."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

_PROPERTY = "figure"

Figure = Callable[[str], AbstractContextManager[None]]
"""Measures what is done inside, and has it printed under a name."""


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Measure something of this test."""

    @contextmanager
    def measure(name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        request.node.user_properties.append((_PROPERTY, f"{name}: {time.perf_counter() - began:.2f} s"))

    return measure


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print them; properties travel with the reports of worker processes."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    figures = [str(text) for report in reports for name, text in report.user_properties if name == _PROPERTY]
    if figures:
        terminalreporter.section("figures")
        for text in dict.fromkeys(figures):
            terminalreporter.line(text)
