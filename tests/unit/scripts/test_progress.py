"""Progress on a terminal and elsewhere."""

import io

from scripts.installing.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_elsewhere_a_line_every_few_seconds() -> None:
    out, clock = io.StringIO(), Clock()
    progress = Progress(out, clock)
    for second in range(12):
        clock.now = float(second)
        progress.update(f"second {second}")
    progress.say("done")
    assert out.getvalue().splitlines() == ["second 5", "second 10", "done"]


def test_on_a_terminal_one_line_that_moves() -> None:
    out = Terminal()
    progress = Progress(out, Clock())
    for text in ("one", "two", "two"):
        progress.update(text)
    progress.say("done")
    assert out.getvalue() == "one\r\x1b[Ktwo\r\x1b[Kdone\n"


def test_a_long_line_is_cut_so_that_it_can_be_taken_back() -> None:
    out = Terminal()
    Progress(out, Clock()).update("x" * 5000)
    assert "\n" not in out.getvalue()
    assert len(out.getvalue()) < 5000
