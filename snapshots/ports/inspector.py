"""The port that looks at all that signalling a source takes, and what it sees: all that the rules know, and no secret.

Every part that could not be looked at is `Unknown` with a reason; None means that there is no such thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from snapshots.dead_letters import DeadLetters
from snapshots.model import SourceConnector
from snapshots.ports.unknown import Unknown
from snapshots.restart_requirement import RestartRequirement
from snapshots.vocabulary import ConnectorState, Dialect


@dataclass(frozen=True, slots=True)
class ConnectorSettings:
    """What the rules need of a connector's configuration: a choice of properties, none of which can hold a secret."""

    dialect: Dialect
    topic_prefix: str | None = None
    channels: tuple[str, ...] = ("source",)
    """`signal.enabled.channels`."""
    signal_collection: str | None = None
    signal_topic: str | None = None
    """None where the channel `kafka` is not enabled."""
    has_signal_bootstrap: bool = False
    """Whether `signal.kafka.bootstrap.servers` is set."""
    signal_group: str = "kafka-signal"
    read_only: bool = False
    deletes_watermarks: bool = False
    """Whether `incremental.snapshot.watermarking.strategy` is `insert_delete`."""
    snapshot_mode: str = "initial"
    notifies: bool = False
    """Whether notifications go to Kafka at all (channel `sink`)."""
    notification_topic: str | None = None
    publication: str | None = None
    """None where the connector does without one: not PostgreSQL, or another plug-in than pgoutput."""
    slot: str | None = None
    """None where the database has no replication slots."""


@dataclass(frozen=True, slots=True)
class InspectedConnector:
    """A connector as Kafka Connect tells it."""

    state: ConnectorState
    trace: str | None
    version: str | None
    settings: ConnectorSettings
    group_sharers: tuple[str, ...] = ()
    """Other connectors of the cluster that read signals in the same consumer group, by name."""
    topic_sharers: tuple[str, ...] = ()
    """Those of `group_sharers` that read the same signal topic as well."""
    signal_table_captured: bool | None = None
    """Whether its include and exclude lists let the signal table pass; None where that cannot be told."""
    uncaptured: tuple[str, ...] = ()
    """Data collections of the catalogue's topics that its lists leave out."""


@dataclass(frozen=True, slots=True)
class InspectedColumn:
    """A column of the signal table."""

    name: str
    type: str
    """Without a length, as PostgreSQL formats it."""
    length: int | None
    """Longest text in characters; None for any."""
    not_null: bool


@dataclass(frozen=True, slots=True)
class InspectedSignalTable:
    """The signal table as the database tells it."""

    columns: tuple[InspectedColumn, ...]
    primary_key: tuple[str, ...]
    rows: int | None
    """An estimate; None where the database has none."""
    lacking: tuple[str, ...]
    """Privileges of INSERT, SELECT and DELETE that our own user does not have."""
    connector_lacking: tuple[str, ...] | Unknown
    """The same for the connector's user."""
    published: bool | None
    """Whether the connector's publication has its inserts; None where no publication is used."""


@dataclass(frozen=True, slots=True)
class InspectedSlot:
    """The connector's replication slot."""

    active: bool
    wal_status: str | None


@dataclass(frozen=True, slots=True)
class InspectedDatabase:
    """A source database as seen with our credentials."""

    version: int
    """The major version."""
    in_recovery: bool
    read_only: bool
    """Whether transactions are read-only by default."""
    signal_table: InspectedSignalTable | None
    publication_exists: bool | None
    slot: InspectedSlot | None
    missing: tuple[str, ...] = ()
    """Data collections of the catalogue's topics that are no tables of the database."""
    unpublished: tuple[str, ...] = ()
    """Those that are, but are not in the publication."""


@dataclass(frozen=True, slots=True)
class InspectedTopic:
    """A topic as Kafka tells it."""

    partitions: int
    retention_ms: int | None = None
    """-1 for ever; None where Kafka does not tell."""
    cleanup_policy: str | None = None


@dataclass(frozen=True, slots=True)
class InspectedReading:
    """How far the connector has read its signal topic."""

    committed: int | None
    """The offset that it will read next, as it last said; None where it never did."""
    poison: tuple[int, ...] = ()
    """Offsets from there on whose records end the reading of signals until the connector's task is restarted."""
    unread: int | None = None
    """Offset of the first record for this connector that it has not read."""
    unread_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class InspectedKafka:
    """The connector's own topics."""

    signal_topic: InspectedTopic | None
    notification_topic: InspectedTopic | None
    reading: InspectedReading | Unknown


@dataclass(frozen=True, slots=True)
class InspectedSignalling:
    """All that was observed of one source."""

    source: SourceConnector
    observed_at: datetime
    connector: InspectedConnector | Unknown | None
    """None where Kafka Connect knows no connector of this name."""
    kafka: InspectedKafka | Unknown | None
    """None where there is nothing to look for on Kafka."""
    database: InspectedDatabase | Unknown | None
    """None where there is nothing that could be looked for in the database."""
    restart: RestartRequirement | None = None
    """Why it needs a restart, as the ledger knows; None where it needs none."""
    dead_letters: DeadLetters | None = None
    """Notifications of it that were set aside, as the ledger knows; None where there are none."""


class SignallingInspector(Protocol):
    """Looks at all that signalling a source takes, without starting anything: bounded, and kept for seconds."""

    async def inspect(self, source: SourceConnector, collections: Sequence[str]) -> InspectedSignalling:
        """Return what is seen of `source`, for whose topics' data collections `collections` stands.

        Reports expected failures in the result: a part that cannot be reached is Unknown, with a reason that holds no
        secret.
        """
        ...
