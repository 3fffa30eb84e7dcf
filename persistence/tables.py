"""The tables of Topicsnap as SQLAlchemy Core sees them; alembic/versions makes them, a test holds the two together.

Every table carries `tenant_id` and leads its primary key with it: an id means something only within its tenant, and
the composite foreign keys make a reference across tenants impossible. Words of a closed set are kept as text, because
sets grow. Secrets are never here: `*_ref` columns hold references (`env:NAME`, `file:/path`).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_NOW = text("now()")


def _tenant() -> Column[str]:
    return Column("tenant_id", Text, primary_key=True)


def _id() -> Column[str]:
    return Column("id", Text, primary_key=True)


def _reference(
    column: str, table: str, *, ondelete: str | None = None, initially: str | None = None
) -> ForeignKeyConstraint:
    targets = [f"{table}.tenant_id", f"{table}.id"]
    return ForeignKeyConstraint(
        ["tenant_id", column], targets, ondelete=ondelete, deferrable=initially is not None or None, initially=initially
    )


def _moment(name: str, *, now: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=not now, server_default=_NOW if now else None)


connect_cluster = Table(
    "connect_cluster",
    metadata,
    _tenant(),
    _id(),
    Column("name", Text, nullable=False),
    Column("connect_url", Text),
    Column("kafka_bootstrap", Text),
    Column("auth_ref", Text),
    _moment("created_at", now=True),
    UniqueConstraint("tenant_id", "name"),
)

connector = Table(
    "connector",
    metadata,
    _tenant(),
    _id(),
    Column("cluster_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("connector_class", Text),
    Column("version", Text),
    Column("dialect", Text, nullable=False),
    Column("topic_prefix", Text),
    Column("signal_channel", Text),
    Column("signal_collection", Text),
    Column("signal_topic", Text),
    Column("signal_data_limit", Integer, nullable=False, server_default=text("2048")),
    Column("read_only", Boolean, nullable=False, server_default=text("false")),
    Column("notification_topic", Text),
    Column("database_url_ref", Text),
    Column("state", Text, nullable=False, server_default=text("'UNKNOWN'")),
    _moment("state_observed_at"),
    Column("managed", Text, nullable=False),
    # Names of the fields that an operator set, separated by spaces: they win over what Kafka Connect tells.
    Column("explicit_fields", Text, nullable=False, server_default=text("''")),
    _moment("retired_at"),
    _moment("created_at", now=True),
    _reference("cluster_id", "connect_cluster"),
    UniqueConstraint("tenant_id", "cluster_id", "name"),
    # Notifications name the connector by its topic prefix, on a topic of a cluster.
    Index("ix_connector_notifications", "tenant_id", "cluster_id", "notification_topic", "topic_prefix"),
)

topic = Table(
    "topic",
    metadata,
    _tenant(),
    _id(),
    Column("cluster_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("producer", Text, nullable=False),
    Column("connector_id", Text),
    Column("data_collection", Text),
    Column("mapping", Text),
    Column("keyless", Boolean),
    Column("exists", Boolean, nullable=False, server_default=text("false")),
    Column("ambiguous", Boolean, nullable=False, server_default=text("false")),
    Column("explicit_fields", Text, nullable=False, server_default=text("''")),
    _moment("retired_at"),
    _moment("created_at", now=True),
    _reference("cluster_id", "connect_cluster"),
    _reference("connector_id", "connector"),
    UniqueConstraint("tenant_id", "cluster_id", "name"),
    Index(None, "tenant_id", "name", "id"),
    Index(None, "tenant_id", "connector_id", "name", "id"),
)

bulk_snapshot = Table(
    "bulk_snapshot",
    metadata,
    _tenant(),
    _id(),
    Column("operation", Text, nullable=False),
    Column("snapshot_type", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    _moment("requested_at", now=True),
    Column("reason", Text),
    Column("idempotency_key", Text),
    Column("request_hash", LargeBinary, nullable=False),
    _moment("answered_at"),
    Column("retry_of", Text),
    Column("verify", Boolean, nullable=False, server_default=text("false")),
    Index(None, "tenant_id", "requested_at", "id"),
    Index(None, "tenant_id", "requested_by", "id"),
    Index(None, "tenant_id", "retry_of", postgresql_where=text("retry_of IS NOT NULL")),
    Index(
        "uq_bulk_snapshot_idempotency",
        "tenant_id",
        "requested_by",
        "operation",
        "idempotency_key",
        unique=True,
        postgresql_where=text("idempotency_key IS NOT NULL"),
    ),
)

skipped_topic = Table(
    "skipped_topic",
    metadata,
    _tenant(),
    Column("bulk_snapshot_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("topic_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("message", Text, nullable=False),
    _reference("bulk_snapshot_id", "bulk_snapshot", ondelete="CASCADE"),
)

source_snapshot = Table(
    "source_snapshot",
    metadata,
    _tenant(),
    _id(),
    Column("bulk_snapshot_id", Text, nullable=False),
    Column("connector_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("snapshot_type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("code", Text),
    Column("message", Text),
    Column("answer_kind", Text),
    Column("answer_code", Text),
    Column("answer_message", Text),
    Column("answer_retryable", Boolean),
    _moment("requested_at", now=True),
    _moment("dispatched_at"),
    _moment("started_at"),
    _moment("progressed_at"),
    _moment("finished_at"),
    # Who asked for it: Topicsnap's users, or somebody else (seen by its notifications only).
    Column("origin", Text, nullable=False, server_default=text("'REQUESTED'")),
    # Whether the connector tells of its snapshots at all.
    Column("followed", Boolean, nullable=False, server_default=text("true")),
    _reference("bulk_snapshot_id", "bulk_snapshot", ondelete="CASCADE"),
    _reference("connector_id", "connector"),
    Index(None, "tenant_id", "bulk_snapshot_id", "position"),
    Index(None, "tenant_id", "connector_id", "id"),
    Index(
        "ix_source_snapshot_unusual",
        "tenant_id",
        "state",
        "bulk_snapshot_id",
        postgresql_where=text("state <> 'COMPLETED'"),
    ),
)

signal = Table(
    "signal",
    metadata,
    _tenant(),
    _id(),
    Column("source_snapshot_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("destination", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    # Until then whoever wrote the row is expected to finish; afterwards the settle sweep may take it up.
    _moment("lease_until"),
    _moment("sending_at"),
    _moment("sent_at"),
    _moment("ended_at"),
    _reference("source_snapshot_id", "source_snapshot", ondelete="CASCADE"),
    UniqueConstraint("tenant_id", "source_snapshot_id", "position"),
    Index("ix_signal_due", "lease_until", postgresql_where=text("state IN ('PENDING', 'SENDING', 'UNCONFIRMED')")),
)

snapshot_topic = Table(
    "snapshot_topic",
    metadata,
    _tenant(),
    _id(),
    Column("source_snapshot_id", Text, nullable=False),
    Column("signal_id", Text),
    Column("topic_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("data_collection", Text, nullable=False),
    Column("filter", JSONB(none_as_null=True)),
    Column("surrogate_key", Text),
    Column("state", Text, nullable=False),
    Column("rows_scanned", BigInteger),
    Column("outcome", Text),
    Column("engine_status", Text),
    _moment("started_at"),
    _moment("finished_at"),
    # Completeness: the topic's offsets around the snapshot, and the rows of source and topic between them.
    Column("start_offset", BigInteger),
    Column("end_offset", BigInteger),
    Column("expected_rows", BigInteger),
    Column("emitted_rows", BigInteger),
    Column("verdict", Text),
    Column("verdict_reason", Text),
    _moment("verified_at"),
    _reference("source_snapshot_id", "source_snapshot", ondelete="CASCADE"),
    _reference("signal_id", "signal"),
    _reference("topic_id", "topic"),
    Index(None, "tenant_id", "source_snapshot_id", "position"),
    Index(None, "tenant_id", "topic_id", "id"),
    Index(None, "tenant_id", "signal_id"),
)

active_snapshot = Table(
    "active_snapshot",
    metadata,
    _tenant(),
    Column("connector_id", Text, primary_key=True),
    Column("source_snapshot_id", Text, nullable=False),
    _reference("connector_id", "connector"),
    # Checked at commit: the lock is taken first, because whether it was won decides how the snapshot is recorded.
    _reference("source_snapshot_id", "source_snapshot", ondelete="CASCADE", initially="DEFERRED"),
)

ledger_event = Table(
    "ledger_event",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    _moment("at", now=True),
    Column("bulk_snapshot_id", Text, nullable=False),
    Column("source_snapshot_id", Text),
    Column("subject_id", Text, nullable=False),
    Column("subject_kind", Text, nullable=False, server_default=text("'SOURCE_SNAPSHOT'")),
    Column("from_state", Text),
    Column("to_state", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("detail", JSONB(none_as_null=True)),
    Index(None, "tenant_id", "bulk_snapshot_id", "id"),
)

notification_cursor = Table(
    "notification_cursor",
    metadata,
    _tenant(),
    Column("cluster_id", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
    # A topic made anew starts at offset 0 again; the time of the last record tells that from a repetition.
    Column("last_timestamp_ms", BigInteger, nullable=False),
    _reference("cluster_id", "connect_cluster", ondelete="CASCADE"),
)
