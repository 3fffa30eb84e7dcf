"""Running the main coroutine of a process: on uvloop, until it ends or somebody wants it to stop."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C, a service manager, a terminal that is closed."""


class StoppedError(Exception):
    """A signal ended the work, after it had cleaned up.

    Attributes: number (of the first signal).
    """

    def __init__(self, number: signal.Signals) -> None:
        """Keep the signal."""
        super().__init__(number.name)
        self.number = number


def run_process(main: Callable[[], Coroutine[Any, Any, T]], *, stopping: Callable[[], None] = lambda: None) -> T:
    """Run `main` and return its result.

    Each stop signal cancels it: once to end gracefully, again to hurry. `stopping` is called at once for the first one.
    Raises StoppedError when it has ended for that.
    """
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_until_signalled(main, stopping))


async def _until_signalled(main: Callable[[], Coroutine[Any, Any, T]], stopping: Callable[[], None]) -> T:
    loop = asyncio.get_running_loop()
    received: list[signal.Signals] = []
    work = loop.create_task(main())

    def stop(number: signal.Signals) -> None:
        received.append(number)
        work.cancel()
        if len(received) == 1:
            stopping()

    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stop, number)
    try:
        return await work
    except asyncio.CancelledError:
        if received:
            raise StoppedError(received[0]) from None
        raise
    finally:
        # One that comes now finds nothing left to end; by default it would kill the process before its last word.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        for number in STOP_SIGNALS:
            loop.remove_signal_handler(number)
            if received:
                signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    with contextlib.suppress(ImportError):
        import uvloop

        return uvloop.new_event_loop
    return None
