"""Asks a PostgreSQL source, over one connection, what would go wrong with what is about to be read of it."""

from collections.abc import Sequence
from typing import Any

from snapshots.engines.debezium.configuration.custom_keys import UnreadableKeyError
from snapshots.engines.debezium.source_database.opener import Session, SourceOpener, TimeLimits
from snapshots.engines.debezium.source_database.places import Places
from snapshots.engines.debezium.source_database.postgresql.connection import (
    DRIVER_ERRORS,
    ServerError,
    connect,
    reason_of,
)
from snapshots.engines.debezium.source_database.postgresql.filter_trial import trial_statements, try_statements
from snapshots.engines.debezium.source_database.postgresql.key_trial import find_unsafe_keys
from snapshots.errors import SecretError
from snapshots.model import SourceConnector
from snapshots.plan import Finding, TopicRequest
from snapshots.ports.source_trial import Trial
from snapshots.signalling.key_settings import KeySettings

TRIAL_SECONDS = 3.0


class PostgresSourceTrial:
    """Implements the port SourceTrial: keys first, for what they do is the worst; then filters and surrogate keys."""

    def __init__(self, opener: SourceOpener, places: Places, *, trial_seconds: float = TRIAL_SECONDS) -> None:
        """Ask a source for `trial_seconds` at most, as soon as there is a place."""
        self._opener = opener
        self._places = places
        self._trial_seconds = trial_seconds
        limits = TimeLimits(connect_seconds=trial_seconds, answer_seconds=None, statement_seconds=trial_seconds)
        self._session = Session(limits)

    async def look(self, source: SourceConnector, topics: Sequence[TopicRequest], keys: KeySettings | None) -> Trial:
        """Ask once for all keys, and try each distinct statement once; see the port."""
        statements = trial_statements(topics)
        if keys is None and not statements:
            return Trial()
        reference = source.database_url_ref or ""
        findings: dict[str, Finding] = {}
        asked, unknown = keys is None, None
        try:
            async with (
                self._places.taken(reference, self._trial_seconds),
                self._opener.open(reference, connect, self._session) as connection,
            ):
                if keys is not None:
                    unknown = await _ask_for_keys(connection, source, topics, keys, findings)
                    asked = True
                await try_statements(connection, statements, findings)
        except (*DRIVER_ERRORS, SecretError) as error:
            unknown = unknown if asked else self._reason(error)
        warning = unknown and f"The keys of its tables could not be checked: {unknown}."
        return Trial(findings, warning, asked=asked and keys is not None)

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
    except ServerError as error:
        return _refusal(error)
    return None


def _refusal(error: Exception) -> str:
    return f"the database cannot be read ({reason_of(error)})"
