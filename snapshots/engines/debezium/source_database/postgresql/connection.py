"""Connects to PostgreSQL sources: the only place that knows the driver.

Messages of drivers and servers like to quote credentials and values, so that no error is told by its own words but
those that the server says of a statement.
"""

from typing import Any

import asyncpg
from asyncpg.exceptions import ClientConfigurationError, InterfaceError, InternalClientError, PostgresError

from snapshots.engines.debezium.source_database.opener import Session

__all__ = ["DRIVER_ERRORS", "NotAUrlError", "ServerError", "connect", "reason_of", "sqlstate_of"]

ServerError = PostgresError
"""What the server answered to a statement; the rest of DRIVER_ERRORS are about the connection."""
NotAUrlError = ClientConfigurationError
"""What is taken for a URL of PostgreSQL is none."""
DRIVER_ERRORS = (PostgresError, InterfaceError, InternalClientError, OSError, TimeoutError, ValueError)
"""All that the driver raises where a source cannot be asked."""


async def connect(url: str, session: Session) -> Any:  # noqa: ANN401 (asyncpg ships no types)
    """Return a new connection to the database at `url`. Raises DRIVER_ERRORS."""
    settings = {"application_name": "topicsnap", **session.settings}
    if session.read_only:
        settings["default_transaction_read_only"] = "on"
    if session.limits.statement_seconds is not None:
        # Else a question that is given up would go on in the server.
        settings["statement_timeout"] = str(max(1, round(session.limits.statement_seconds * 1000)))
    return await asyncpg.connect(  # type: ignore[no-untyped-call]
        url,
        timeout=session.limits.connect_seconds,
        command_timeout=session.limits.answer_seconds,
        server_settings=settings,
        statement_cache_size=0,  # nothing is asked twice
    )


def sqlstate_of(error: BaseException) -> str:
    """Return the server's code for what went wrong; empty where it is none of the server's errors."""
    return str(getattr(error, "sqlstate", None) or "")


def reason_of(error: BaseException) -> str:
    """Return in a few words, none of which is a secret, why a database cannot be asked."""
    state = sqlstate_of(error)
    return f"SQLSTATE {state}" if state else type(error).__name__
