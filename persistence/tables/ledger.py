"""The ledger: bulk and source snapshots, signals, topics, locks and events."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from persistence.tables.columns import id_column, metadata, moment, reference, tenant_column

bulk_snapshot = Table(
    "bulk_snapshot",
    metadata,
    tenant_column(),
    id_column(),
    Column("operation", Text, nullable=False),
    Column("snapshot_type", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    moment("requested_at", now=True),
    Column("reason", Text),
    Column("idempotency_key", Text),
    Column("request_hash", LargeBinary, nullable=False),
    moment("answered_at"),
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
    tenant_column(),
    Column("bulk_snapshot_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("topic_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("message", Text, nullable=False),
    reference("bulk_snapshot_id", "bulk_snapshot", ondelete="CASCADE"),
)

source_snapshot = Table(
    "source_snapshot",
    metadata,
    tenant_column(),
    id_column(),
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
    moment("requested_at", now=True),
    moment("dispatched_at"),
    moment("started_at"),
    moment("progressed_at"),
    moment("finished_at"),
    # Who asked for it: Topicsnap's users, or somebody else (seen by its notifications only).
    Column("origin", Text, nullable=False, server_default=text("'REQUESTED'")),
    # Whether the connector tells of its snapshots at all.
    Column("followed", Boolean, nullable=False, server_default=text("true")),
    reference("bulk_snapshot_id", "bulk_snapshot", ondelete="CASCADE"),
    reference("connector_id", "connector"),
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
    tenant_column(),
    id_column(),
    Column("source_snapshot_id", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("data", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("destination", Text),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    # Until then whoever wrote the row is expected to finish; afterwards the settle sweep may take it up.
    moment("lease_until"),
    moment("sending_at"),
    moment("sent_at"),
    # When the engine was first seen at work on it, by the engine's clock.
    moment("started_at"),
    moment("ended_at"),
    reference("source_snapshot_id", "source_snapshot", ondelete="CASCADE"),
    UniqueConstraint("tenant_id", "source_snapshot_id", "position"),
    Index("ix_signal_due", "lease_until", postgresql_where=text("state IN ('PENDING', 'SENDING', 'UNCONFIRMED')")),
)

snapshot_topic = Table(
    "snapshot_topic",
    metadata,
    tenant_column(),
    id_column(),
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
    moment("started_at"),
    moment("finished_at"),
    # Completeness: the topic's offsets around the snapshot, and the rows of source and topic between them.
    # By partition; and which transactions of the source had ended before the dispatch.
    Column("start_offsets", JSONB(none_as_null=True)),
    Column("end_offsets", JSONB(none_as_null=True)),
    Column("source_horizon", BigInteger),
    Column("expected_rows", BigInteger),
    Column("emitted_rows", BigInteger),
    Column("verdict", Text),
    Column("verdict_reason", Text),
    moment("verified_at"),
    moment("verify_requested_at"),
    # Whoever verifies has until then; it is looked at again when it is due.
    moment("verify_lease_until"),
    moment("verify_due_at"),
    Column("verify_attempts", Integer, nullable=False, server_default=text("0")),
    reference("source_snapshot_id", "source_snapshot", ondelete="CASCADE"),
    reference("signal_id", "signal"),
    reference("topic_id", "topic"),
    Index(None, "tenant_id", "source_snapshot_id", "position"),
    Index(None, "tenant_id", "topic_id", "id"),
    Index(None, "tenant_id", "signal_id"),
    Index(
        "ix_snapshot_topic_verification",
        "tenant_id",
        "verify_requested_at",
        postgresql_where=text("verify_requested_at IS NOT NULL AND verified_at IS NULL"),
    ),
)

active_snapshot = Table(
    "active_snapshot",
    metadata,
    tenant_column(),
    Column("connector_id", Text, primary_key=True),
    Column("source_snapshot_id", Text, nullable=False),
    reference("connector_id", "connector"),
    # Checked at commit: the lock is taken first, because whether it was won decides how the snapshot is recorded.
    reference("source_snapshot_id", "source_snapshot", ondelete="CASCADE", initially="DEFERRED"),
)

ledger_event = Table(
    "ledger_event",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    moment("at", now=True),
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
