"""What can be done at the sources of a dialect, and the values that a dialect is asked and answers by."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from snapshots.engines.debezium.configuration.properties import Config
from snapshots.engines.debezium.source_database.opener import SourceOpener, TimeLimits
from snapshots.engines.debezium.source_database.places import Places
from snapshots.model import SourceConnector
from snapshots.ports.inspector import InspectedDatabase
from snapshots.ports.signal_channel import OutgoingSignal
from snapshots.ports.source_rows import SourceRows
from snapshots.ports.source_trial import SourceTrial


class SignalTable(Protocol):
    """Writes signals into signal tables (Debezium's channel `source`). Messages never hold credentials or values."""

    async def insert(self, source: SourceConnector, signal: OutgoingSignal) -> None:
        """Insert `signal` unless its id is there already.

        Raises SourceError where it is certain that nothing was inserted, UnconfirmedError where the connection broke
        after the insert was sent, SecretError.
        """
        ...

    async def holds(self, source: SourceConnector, signal_id: str) -> bool:
        """Whether the table has the id; an insert still under way may be missed. Raises SourceError, SecretError."""
        ...


@dataclass(frozen=True, slots=True)
class DatabaseTable:
    """A table of a source database."""

    data_collection: str
    """Its name in signals."""
    keyless: bool
    """Neither a primary key nor a unique index whose columns are all not null."""


@dataclass(frozen=True, slots=True)
class DatabaseTables:
    """What the catalogue wants to know of a source database."""

    tables: tuple[DatabaseTable, ...]
    """In order of schema and name."""
    signal_data_limit: int | None
    """Longest `data` in characters that the signal table takes; None where there is no such table."""


@dataclass(frozen=True, slots=True)
class WantedParts:
    """What the health checks look for; the names are those of the connector's configuration."""

    signal_collection: str | None
    publication: str | None
    slot: str | None
    connector_user: str | None
    collections: Sequence[str]
    """Data collections, as signals name them."""


ReadTables = Callable[[SourceOpener, str, Config], Awaitable[DatabaseTables]]
"""Reads the tables behind a reference, for the connector of this configuration.

Raises DatabaseUnreachableError, SecretError.
"""
Inspect = Callable[[SourceOpener, str, WantedParts], Awaitable[InspectedDatabase]]
"""Looks for the wanted parts behind a reference. Raises DatabaseUnreachableError, SecretError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDialect:
    """What Topicsnap can do at the sources of one dialect; None for what it cannot."""

    name: str
    """For people."""
    signal_table: Callable[[SourceOpener, TimeLimits], SignalTable] | None = None
    read_tables: ReadTables | None = None
    inspect: Inspect | None = None
    trial: Callable[[SourceOpener, Places], SourceTrial] | None = None
    """It is handed only sources with a reference to their credentials."""
    rows: Callable[[SourceOpener], SourceRows] | None = None
    """They are handed only sources with a reference to their credentials."""
