"""Opening connections to Topicsnap's database, and saying plainly why one cannot be opened."""

import re
from collections.abc import Awaitable, Callable
from typing import cast

import asyncpg
from asyncpg.exceptions import InterfaceError, PostgresError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from persistence.database.deadlines import Deadlines
from persistence.database.errors import AccessRefusedError, DatabaseError, DatabaseUnavailableError
from persistence.database.keepalive import KeptAliveConnection

CONNECT_TIMEOUT_SECONDS = 10.0

ConnectionOpener = Callable[[], Awaitable[object]]
"""Opens a new asyncpg connection. Raises DatabaseError."""

# PostgreSQL's documentation, appendix A: error codes.
_CREDENTIALS = frozenset({"28000", "28P01"})
_NO_DATABASE = "3D000"
_CONNECTION = "08"
_FILES = re.compile("ssl(rootcert|cert|key|crl)=")
_ROLE = frozenset({"22023", "42501", "42704"})


def connection_opener(
    url: str,
    *,
    role: str | None,
    application_name: str,
    deadlines: Deadlines | None = None,
    timeout_seconds: float = CONNECT_TIMEOUT_SECONDS,
) -> ConnectionOpener:
    """Return a function that opens connections to `url` (`postgresql://…`, with libpq's parameters such as `sslmode`).

    Each connection acts as `role` from its first statement on; so does it after RESET or DISCARD, because the role
    travels in the start-up message, as do the `deadlines`. Without them a statement may take as long as it likes; that
    the server is gone is noticed all the same. A server has `timeout_seconds` to let one in.
    """
    dsn = plain_url(url)
    target = address(url)
    settings = {"application_name": application_name, "jit": "off"}  # no query here runs long enough to be compiled
    if role is not None:
        settings["role"] = role
    if deadlines is not None:
        settings |= deadlines.settings

    async def connect() -> object:
        try:
            opening = asyncpg.connect(  # type: ignore[no-untyped-call]
                dsn,
                server_settings=settings,
                timeout=timeout_seconds,
                command_timeout=deadlines and deadlines.answer_seconds,
                connection_class=KeptAliveConnection,
            )
            return cast("object", await opening)
        except TimeoutError as error:
            message = f"PostgreSQL at {target} did not answer within {timeout_seconds:.0f} seconds."
            raise DatabaseUnavailableError(message) from error
        except OSError as error:
            raise DatabaseUnavailableError(_unreached(error, target, url)) from error
        except PostgresError as error:
            raise _refusal(error, target, role) from error
        except (InterfaceError, ValueError):
            message = f"The URL of the database at {target} cannot be read: check its parts after the ? and its port."
            raise DatabaseError(message) from None  # the error behind it may quote a part of the password

    return connect


def plain_url(url: str) -> str:
    """Return `url` as libpq and asyncpg write it, without the driver that SQLAlchemy's URLs name."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"


def address(url: str) -> str:
    """Return `host:port/database` of `url`, for messages: neither user nor password."""
    try:
        parts = make_url(url)
    except (ArgumentError, ValueError):
        return "the configured address"
    host = parts.host or parts.query.get("host") or "the default address"
    port = f":{parts.port}" if parts.port else ""
    return f"{host}{port}/{parts.database or ''}"


def _unreached(error: OSError, target: str, url: str) -> str:
    if isinstance(error, FileNotFoundError) and _FILES.search(url):
        return f"A file that the database's URL names for {target}, such as sslrootcert, cannot be read."
    if error.strerror is None:  # asyncpg's own, of a server that answers its first words with others
        return f"What answers at {target} is not PostgreSQL, or does not take encrypted connections."
    return f"PostgreSQL at {target} cannot be reached: {error.strerror}."


def _refusal(error: PostgresError, target: str, role: str | None) -> DatabaseError:
    code = getattr(error, "sqlstate", None)
    if code in _CREDENTIALS:
        return AccessRefusedError(f"PostgreSQL at {target} refused the user or the password: {error}.")
    if code == _NO_DATABASE:
        return AccessRefusedError(f"PostgreSQL at {target} has no such database: {error}.")
    if role is not None and code in _ROLE:
        message = (
            f"The database user of {target} may not act as the role {role} ({error}): run `topicsnap migrate`, which "
            f"makes the role, and GRANT {role} TO that user."
        )
        return AccessRefusedError(message)
    if code is not None and code.startswith(_CONNECTION):
        return DatabaseUnavailableError(f"What answers at {target} closed the connection. Is it PostgreSQL?")
    return DatabaseUnavailableError(f"PostgreSQL at {target} takes no connection now: {error}.")
