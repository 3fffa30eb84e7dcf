"""Showing the steps of a start and their states: live on a terminal, a line for each change elsewhere."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text


class Steps:
    """The steps so far, in the order in which they began."""

    def __init__(self, console: Console) -> None:
        """Show them on `console`."""
        self._console = console
        self._started: dict[str, float] = {}
        self._ended: dict[str, tuple[str, float]] = {}
        self._spinners: dict[str, Spinner] = {}
        self._live: Live | None = None

    def report(self, name: str, state: str) -> None:
        """Note that the step is now `starting`, `ready` or `failed`."""
        now = time.monotonic()
        if state == "starting":
            self._started[name] = now
            self._spinners[name] = Spinner("dots")
        else:
            self._ended[name] = (state, now - self._started.setdefault(name, now))
        if self._live is not None:
            self._live.update(self._table())
        else:
            took = f" ({self._ended[name][1]:.1f} s)" if name in self._ended else ""
            self._console.print(f"{name}: {state}{took}", highlight=False)

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[None]:
        """Report what is done inside as a step."""
        self.report(name, "starting")
        try:
            yield
        except BaseException:
            self.report(name, "failed")
            raise
        self.report(name, "ready")

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the steps live while inside, where the console is a terminal."""
        if not self._console.is_terminal:
            yield
            return
        with Live(self._table(), console=self._console, refresh_per_second=12) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = None

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for name in self._started:
            if name not in self._ended:
                table.add_row(self._spinners[name], name, "starting")
                continue
            state, seconds = self._ended[name]
            ready = state == "ready"
            mark = Text("✓" if ready else "✗", style="green" if ready else "red")
            table.add_row(mark, name, f"{state} in {seconds:.1f} s")
        return table
