"""Asks a PostgreSQL source, over one connection, what would go wrong with what is about to be read of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError, PostgresError

from snapshots.engines.debezium.configuration.capture import UnreadableKeyError
from snapshots.engines.debezium.source_database.postgresql.filter_trial import trial_statements, try_statements
from snapshots.engines.debezium.source_database.postgresql.key_trial import find_unsafe_keys
from snapshots.errors import SecretError
from snapshots.model import SourceConnector
from snapshots.plan import Finding, TopicRequest
from snapshots.ports.secrets import Secrets
from snapshots.ports.source_trial import Trial
from snapshots.signalling.key_settings import KeySettings
from snapshots.vocabulary import Dialect

TRIAL_SECONDS = 3.0
AWAY_SECONDS = 10.0
"""How long a database that did not answer is taken for away, without being asked again."""
_PLACES = 64
_PLACES_EACH = 4
_NOT_ASKED = (InterfaceError, InternalClientError, PostgresError, OSError, TimeoutError, ValueError, SecretError)


class PostgresSourceTrial:
    """Implements the port SourceTrial: keys first, for what they do is the worst; then filters and surrogate keys.

    One for the process: it holds 64 connections at most, 4 to a database, and leaves alone for some seconds what did
    not answer, so that databases that are away hold up neither the others nor the next request.
    """

    def __init__(
        self,
        secrets: Secrets,
        *,
        trial_seconds: float = TRIAL_SECONDS,
        away_seconds: float = AWAY_SECONDS,
        now: Callable[[], float] = monotonic,
    ) -> None:
        """Resolve each source's credentials from `secrets` when they are needed; a source has `trial_seconds`."""
        self._secrets = secrets
        self._trial_seconds = trial_seconds
        self._away_seconds = away_seconds
        self._now = now
        self._places = asyncio.Semaphore(_PLACES)
        self._places_each: dict[str, asyncio.Semaphore] = {}
        self._away_until: dict[str, float] = {}

    async def look(self, source: SourceConnector, topics: Sequence[TopicRequest], keys: KeySettings | None) -> Trial:
        """Ask once for all keys, and try each distinct statement once; see the port."""
        if source.dialect is not Dialect.POSTGRESQL or not source.database_url_ref:
            return Trial()
        statements = trial_statements(topics)
        if keys is None and not statements:
            return Trial()
        findings: dict[str, Finding] = {}
        asked, unknown = keys is None, None
        try:
            async with self._connection(source.database_url_ref) as connection:
                if keys is not None:
                    unknown = await _ask_for_keys(connection, source, topics, keys, findings)
                    asked = True
                await try_statements(connection, statements, findings)
        except _NOT_ASKED as error:
            unknown = unknown if asked else self._reason(error)
        warning = unknown and f"The keys of its tables could not be checked: {unknown}."
        return Trial(findings, warning, asked=asked and keys is not None)

    @asynccontextmanager
    async def _connection(self, reference: str) -> AsyncIterator[Any]:
        """Yield a connection for the trial's seconds. Raises what stands in the way, a TimeoutError if it is late."""
        each = self._places_each.setdefault(reference, asyncio.Semaphore(_PLACES_EACH))
        async with each, self._places:
            if self._away_until.get(reference, 0.0) > self._now():
                raise TimeoutError
            try:
                async with asyncio.timeout(self._trial_seconds):
                    connection = await self._connect(self._secrets.resolve(reference))
                    try:
                        yield connection
                    finally:
                        connection.terminate()
            except TimeoutError:
                self._away_until[reference] = self._now() + self._away_seconds
                raise
            self._away_until.pop(reference, None)

    async def _connect(self, url: str) -> Any:  # noqa: ANN401 (asyncpg ships no types)
        settings = {
            "application_name": "topicsnap",
            "default_transaction_read_only": "on",
            # Else a question that is given up would go on in the server.
            "statement_timeout": str(max(1, round(self._trial_seconds * 1000))),
        }
        return await asyncpg.connect(  # type: ignore[no-untyped-call]
            url, server_settings=settings, statement_cache_size=0
        )

    def _reason(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"the database did not answer within {self._trial_seconds:g} s"
        return str(error).rstrip(".") if isinstance(error, SecretError) else _refusal(error)


async def _ask_for_keys(
    connection: Any,  # noqa: ANN401
    source: SourceConnector,
    topics: Sequence[TopicRequest],
    keys: KeySettings,
    findings: dict[str, Finding],
) -> str | None:
    """Add what is found to `findings`; return as a clause why nothing was, None where all went well."""
    try:
        findings |= await find_unsafe_keys(connection, source, topics, keys)
    except UnreadableKeyError as error:
        return str(error)
    except PostgresError as error:
        return _refusal(error)
    return None


def _refusal(error: Exception) -> str:
    state = getattr(error, "sqlstate", None)
    # The class alone: messages can quote the credentials.
    return f"the database cannot be read ({f'SQLSTATE {state}' if state else type(error).__name__})"
