"""Saying how far the work is: a line that moves on a terminal, a line every few seconds elsewhere."""

import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

SECONDS_BETWEEN_LINES = 5.0


class Progress:
    """Writes what stays and what passes."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Write to `stream`, standard output if not given."""
        self._stream = stream or sys.stdout
        self._clock = clock
        self._moves = self._stream.isatty()
        self._shown = ""
        self._last = clock()

    def say(self, text: str) -> None:
        """Write lines that stay."""
        self._clear()
        self._stream.write(text + "\n")
        self._stream.flush()
        self._last = self._clock()

    def update(self, text: str) -> None:
        """Show how far it is: in the place of what was shown before, or by a line if the last is seconds old."""
        if self._moves:
            columns = shutil.get_terminal_size().columns - 1
            if text != self._shown:
                self._clear()
                self._shown = text
                self._stream.write(text[:columns])
                self._stream.flush()
        elif self._clock() - self._last >= SECONDS_BETWEEN_LINES:
            self.say(text)

    def _clear(self) -> None:
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._shown = ""
