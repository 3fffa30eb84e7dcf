"""What .venv is known to hold, and whether that can be built on."""

from pathlib import Path

import pytest

from scripts.installing.state import State

ROOT = Path("/checkout")
WANTED = {"runtime": "r1", "dev": "d1", "project": "p1", "page": "g1"}


def state(**changes: object) -> State:
    return State(**{"root": str(ROOT), "python": "3.11", "begun": {}, "done": {"runtime": "r1"}} | changes)  # type: ignore[arg-type]


def test_is_read_as_it_was_written(tmp_path: Path) -> None:
    state(begun={"dev": "d1"}).write(tmp_path)
    assert State.read(tmp_path) == state(begun={"dev": "d1"})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"root": "/x"}', "/checkout\n1234 5 constraints"])
def test_what_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / ".installed").write_text(text)
    assert State.read(tmp_path) is None
    assert State.read(tmp_path / "missing") is None


@pytest.mark.parametrize(
    ("found", "usable"),
    [
        (state(), True),
        (state(begun={"dev": "d1"}), True),  # broken off in the middle: goes on
        (state(root="/moved"), False),
        (state(done={"runtime": "r0"}), False),  # the lock has changed: nothing of the old one may stay
        (state(begun={"dev": "d0"}), False),
        (state(done={"runtime": "r1", "project": "p0", "page": "g0"}), True),  # these are replaced where they are
    ],
)
def test_usable(found: State, usable: bool) -> None:  # noqa: FBT001
    assert found.usable(ROOT, WANTED) is usable
