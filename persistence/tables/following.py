"""What following keeps beside the ledger: places in notification topics, failed scans, and dead letters."""

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from persistence.tables.columns import metadata, moment, reference, tenant_column

notification_cursor = Table(
    "notification_cursor",
    metadata,
    tenant_column(),
    Column("cluster_id", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("next_offset", BigInteger, nullable=False),
    # A topic made anew starts at offset 0 again; the time of the last record tells that from a repetition.
    Column("last_timestamp_ms", BigInteger, nullable=False),
    reference("cluster_id", "connect_cluster", ondelete="CASCADE"),
)

failed_scan = Table(
    "failed_scan",
    metadata,
    Column("tenant_id", Text, primary_key=True),
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("connector_id", Text, nullable=False),
    Column("data_collection", Text),
    # By the engine's clock.
    Column("failed_at", DateTime(timezone=True), nullable=False),
    # The notification that told of it, and its place on Kafka.
    Column("evidence", JSONB(none_as_null=True), nullable=False),
    # By the start of the connector's task that was told after it, or by an operator with a reason.
    moment("cleared_at"),
    Column("cleared_by", Text),
    Column("reason", Text),
    Column("cleared_evidence", JSONB(none_as_null=True)),
    reference("connector_id", "connector"),
    Index("ix_failed_scan_open", "tenant_id", "connector_id", postgresql_where=text("cleared_at IS NULL")),
)

# A notification that could not be applied. Texts are bounded; headers are names alone, messages quote no values.
dead_letter = Table(
    "dead_letter",
    metadata,
    tenant_column(),
    Column("cluster_id", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True),
    Column("record_offset", BigInteger, primary_key=True),
    # Beside the offset, because a topic made anew starts at offset 0 again.
    Column("record_timestamp_ms", BigInteger, primary_key=True),
    # The connector's topic.prefix, which names it on its notification topic.
    Column("prefix", Text, nullable=False),
    Column("key", Text),
    Column("value", Text),
    Column("headers", JSONB, nullable=False),
    Column("error_class", Text, nullable=False),
    Column("error_message", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_failed_at", DateTime(timezone=True), nullable=False),
    Column("last_failed_at", DateTime(timezone=True), nullable=False),
    reference("cluster_id", "connect_cluster", ondelete="CASCADE"),
)
