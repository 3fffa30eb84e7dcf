"""What `make test-install` tries."""

from pathlib import Path

import pytest

import scripts.install_trials.__main__ as trials
from scripts.install_trials.newer import VERSION, release_newer
from scripts.install_trials.plan import NEWEST, Case, cases
from scripts.installing.locks import read_entries

HERE = Path("python")


def test_ci_takes_one_python_and_two_pips() -> None:
    assert cases(full=False, found={"3.11": HERE, "3.13": HERE}) == [Case("3.11", "22.3.1"), Case("3.11", NEWEST)]


def test_ci_takes_the_first_python_that_is_there_and_still_names_the_old_pip() -> None:
    assert cases(full=False, found={"3.13": HERE}) == [Case("3.11", "22.3.1"), Case("3.13", NEWEST)]


def test_the_full_size_names_also_what_is_not_there() -> None:
    assert cases(full=True, found={}) == [
        Case("3.11", "22.3.1"),
        Case("3.11", "23.2.1"),
        *(Case(version, NEWEST) for version in ("3.11", "3.12", "3.13", "3.14")),
    ]


def test_a_newer_release_of_each_package_is_made_up(tmp_path: Path) -> None:
    release_newer(list(read_entries("coverage[toml]==7.1 \\\n    --hash=sha256:aa")), tmp_path / "newer")
    assert [path.name for path in (tmp_path / "newer").iterdir()] == [f"coverage-{VERSION}-py3-none-any.whl"]


def test_what_was_not_there_is_named_and_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(trials, "pythons", dict)
    assert trials.main(["--full"]) == 1  # nothing tried is nothing proved
    lines = capsys.readouterr().out.splitlines()
    assert "Python 3.14, pip newest: not tried, there is no Python 3.14 on this machine" in lines
    assert lines[-1] == "0 passed, 0 failed, 6 skipped"
