"""What the closing lines of a run of all tiers say."""

import sys
from pathlib import Path

import pytest

from scripts import tiers
from scripts.tiers import Outcome, Tier, figures_of, run


@pytest.mark.parametrize(
    ("lines", "figures"),
    [
        (["== 3 failed, 2751 passed, 1 skipped in 298.83s (0:04:58) =="], "3 failed, 2751 passed, 1 skipped"),
        (["13 passed in 0.80s"], "13 passed"),
        (["= 28 passed in 416.59s =", "= 28 passed in 400.01s ="], "28 passed; 28 passed"),
        (["audits: 61 passed, 0 failed", "federation: 6 passed, 1 failed"], "67 passed, 1 failed"),
        (["    12 passed, 3 failed of another's", "2 passed, 0 failed, 1 skipped"], "2 passed, 0 failed"),
        (["truth: 20 scenarios, 77 topics, 0 wrong"], "20 scenarios, 77 topics, 0 wrong"),
        (["Contracts: 8 kept, 0 broken.", "13 passed in 1.0s"], "Contracts: 8 kept, 0 broken; 13 passed"),
        (
            ["FAIL Required test coverage of 85% not reached. Total coverage: 80.12%", "= 1 passed in 1.00s ="],
            "coverage: 80.12%; 1 passed",
        ),
        (["make: Nothing to be done."], ""),
    ],
)
def test_figures_are_what_a_tier_counted(lines: list[str], figures: str) -> None:
    assert figures_of(lines) == figures


def test_a_closing_line_tells_the_tier_its_end_its_time_and_its_figures() -> None:
    assert str(Outcome("test", "passed", 251.4, "2800 passed")) == "test: passed in 251 s: 2800 passed"
    assert str(Outcome("truth", "FAILED (stopped)", 600.0, "")) == "truth: FAILED (stopped) in 600 s"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Makefile of three tiers: one that passes, one that fails, and one that never ends."""
    forever = f"{sys.executable} -c 'import signal; print(\"3 passed in 0.10s\", flush=True); signal.pause()'"
    (tmp_path / "Makefile").write_text(f"good:\n\t@echo 2 passed in 0.10s\nbad:\n\t@exit 3\nforever:\n\t@{forever}\n")
    monkeypatch.chdir(tmp_path)
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_each_tier_is_run_whatever_became_of_the_one_before(
    made: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIZE", "quick")
    monkeypatch.setattr(tiers, "TIERS", (Tier("bad", 60), Tier("good", 60)))

    assert tiers.main([]) == 1

    said = capfd.readouterr().out.splitlines()
    assert [line.partition(" in ")[0] for line in said[-2:]] == ["bad: FAILED", "good: passed"]
    assert said[-1].endswith(": 2 passed")
    assert tiers.main(["good"]) == 0
    assert tiers.main(["good", "gold"]) == 2
    assert "No tier is named gold; there are: bad, good." in capfd.readouterr().err


def test_a_tier_that_takes_too_long_is_stopped_and_tells_how_far_it_came(made: Path) -> None:
    outcome = run(Tier("forever", 60), limit_seconds=2.0)

    assert (outcome.word, outcome.figures) == ("FAILED (stopped)", "3 passed")
