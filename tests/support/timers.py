"""Timers whose time passes when a test says so, in the place of the event loop's."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(eq=False)
class Timer:
    """A call that is to come."""

    seconds: float
    call: Callable[[], object]
    _timers: "Timers"

    def cancel(self) -> None:
        self._timers.waiting.discard(self)


@dataclass
class Timers:
    """Calls nothing by itself."""

    waiting: set[Timer] = field(default_factory=set)

    def call_later(self, seconds: float, call: Callable[[], object]) -> Timer:
        timer = Timer(seconds, call, self)
        self.waiting.add(timer)
        return timer

    def elapse(self) -> None:
        """Have the time of all that wait now be over."""
        for timer in list(self.waiting):
            if timer in self.waiting:
                self.waiting.discard(timer)
                timer.call()
