"""The real program, killed at a step: `python -m tests.faults.launcher serve`, with the step in FAULT_STEP.

It is the program `topicsnap` with a hook around one method of what it works with, and dies there by
SIGKILL, as a machine does that loses its power. What it holds, it holds for a shorter time than the product does.
"""

import functools
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from gateway.cli import main
from persistence.ledger.requesting.opening import LedgerOpening
from persistence.ledger.requesting.sending import LedgerSending
from persistence.ledger.requesting.settling import LedgerSettling
from resolvers.verification import verify_due as verify
from snapshots.engines.debezium.signal_channels.signal_table import SignalTableChannel
from snapshots.engines.debezium.signal_channels.signal_topic import SignalTopicChannel
from snapshots.engines.debezium.source_database.postgresql.rows import PostgresRows
from snapshots.requesting import dispatch

VARIABLE = "FAULT_STEP"

Method = Callable[..., Awaitable[Any]]

STEPS: dict[str, tuple[tuple[type, ...], str, bool]] = {
    "before record": ((LedgerOpening,), "open", False),
    "after record": ((LedgerOpening,), "open", True),
    "before SENDING": ((LedgerSending,), "start", False),
    "after SENDING": ((LedgerSending,), "start", True),
    "before send": ((SignalTableChannel, SignalTopicChannel), "send", False),
    "after send": ((SignalTableChannel, SignalTopicChannel), "send", True),
    "before outcome": ((LedgerSending,), "record", False),
    "after outcome": ((LedgerSending,), "record", True),
    "after claim": ((LedgerSettling,), "claim", True),
    "after looking": ((SignalTableChannel, SignalTopicChannel), "find", True),
    "while verifying": ((PostgresRows,), "key_problem", False),
}
"""Whose method it is, its name, and whether the process dies after it rather than before."""


def deadly(method: Method, *, after: bool) -> Method:
    """Return `method` with death before it, or after it has returned something."""

    @functools.wraps(method)
    async def call(*arguments: object, **options: object) -> object:
        result = await method(*arguments, **options) if after else None
        if not after or result or result is None:  # an empty claim is no claim
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return call


def arm(step: str) -> None:
    owners, name, after = STEPS[step]
    for owner in owners:
        setattr(owner, name, deadly(getattr(owner, name), after=after))


def hold_shortly() -> None:
    """Have what a dead process held be free after 3 s for signals (at a deadline of 1 s) and 9 s for verifications."""
    dispatch.LEASE_MARGIN_SECONDS = 1.0
    verify.LEASE = timedelta(seconds=9)
    verify.HOLD_SECONDS = 3.0


if __name__ == "__main__":
    hold_shortly()
    if VARIABLE in os.environ:
        arm(os.environ[VARIABLE])
    sys.argv[0] = "topicsnap"
    main()
