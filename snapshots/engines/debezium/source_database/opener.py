"""The one opener of source databases: credentials resolved when they are needed and kept by nobody, limits, and an end.

A connection is opened for each look and closed after it: looks are rare, and a pool for each source would hold its
connections.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from snapshots.ports.secrets import Secrets


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How long a source may take."""

    connect_seconds: float = 5.0
    """To let us in, and to say goodbye."""
    answer_seconds: float | None = 5.0
    """To answer a statement, as we wait for it; None for any time."""
    statement_seconds: float | None = None
    """To work on a statement, as the server is told to keep to; None where it is not told."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a connection is for."""

    limits: TimeLimits = TimeLimits()
    read_only: bool = True
    settings: Mapping[str, str] = field(default_factory=dict)
    """Further settings of the session, in the words of the dialect."""


Connect = Callable[[str, Session], Awaitable[Any]]
"""How a dialect connects to the database at a URL. What it returns has `terminate()` and `close(timeout=seconds)`."""


class SourceOpener:
    """Opens source databases by the references to their URLs."""

    def __init__(self, secrets: Secrets) -> None:
        """Resolve references by `secrets`, each time anew."""
        self._secrets = secrets

    @asynccontextmanager
    async def open(self, reference: str, connect: Connect, session: Session) -> AsyncIterator[Any]:
        """Yield a connection of its own. Raises SecretError, and whatever `connect` raises."""
        connection = await connect(self._secrets.resolve(reference), session)
        try:
            yield connection
        except BaseException:
            connection.terminate()  # its state is not known, and to ask for it would take time that is over
            raise
        if session.read_only:
            connection.terminate()  # a server that is slow to say goodbye must not cost the answer that it gave
            return
        with suppress(Exception):  # what was wanted of it is done
            await connection.close(timeout=session.limits.connect_seconds)
