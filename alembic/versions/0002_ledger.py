"""The ledger: what was asked for, what was sent, what came of it.

Revision 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from persistence.migration_tools import (
    READ_AND_WRITE,
    create_index,
    creation_moment,
    grant,
    identity,
    moment,
    number,
    reference,
    unique,
    words,
    words_or_null,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = (
    "bulk_snapshot",
    "skipped_topic",
    "source_snapshot",
    "signal",
    "snapshot_topic",
    "active_snapshot",
)
_EVENTS = "ledger_event"


def upgrade() -> None:
    _create_snapshots()
    _create_signals()
    _create_records()
    grant(READ_AND_WRITE, _TABLES)
    grant("SELECT, INSERT", (_EVENTS,))  # append-only: the application cannot rewrite what happened


def downgrade() -> None:
    op.drop_table(_EVENTS)
    for table in reversed(_TABLES):
        op.drop_table(table)


def _create_snapshots() -> None:
    op.create_table(
        "bulk_snapshot",
        *identity("bulk_snapshot"),
        words("operation"),
        words("snapshot_type"),
        words("requested_by"),
        creation_moment("requested_at"),
        words_or_null("reason"),
        words_or_null("idempotency_key"),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        moment("answered_at"),
    )
    op.create_index(
        "uq_bulk_snapshot_idempotency",
        "bulk_snapshot",
        ["tenant_id", "requested_by", "operation", "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_table(
        "skipped_topic",
        words("tenant_id"),
        words("bulk_snapshot_id"),
        number("position"),
        words("topic_id"),
        words("reason"),
        words("message"),
        sa.PrimaryKeyConstraint("tenant_id", "bulk_snapshot_id", "position", name="pk_skipped_topic"),
        reference("skipped_topic", "bulk_snapshot_id", "bulk_snapshot", ondelete="CASCADE"),
    )
    op.create_table(
        "source_snapshot",
        *identity("source_snapshot"),
        words("bulk_snapshot_id"),
        words("connector_id"),
        number("position"),
        words("snapshot_type"),
        words("state"),
        words_or_null("code"),
        words_or_null("message"),
        words_or_null("answer_kind"),
        words_or_null("answer_code"),
        words_or_null("answer_message"),
        sa.Column("answer_retryable", sa.Boolean),
        creation_moment("requested_at"),
        moment("dispatched_at"),
        moment("started_at"),
        moment("progressed_at"),
        moment("finished_at"),
        reference("source_snapshot", "bulk_snapshot_id", "bulk_snapshot", ondelete="CASCADE"),
        reference("source_snapshot", "connector_id", "connector"),
    )
    create_index("source_snapshot", "bulk_snapshot_id", "position")
    create_index("source_snapshot", "connector_id", "id")


def _create_signals() -> None:
    op.create_table(
        "signal",
        *identity("signal"),
        words("source_snapshot_id"),
        number("position"),
        words("channel"),
        words("data"),
        words("state"),
        words_or_null("destination"),
        number("attempts", default=0),
        moment("lease_until"),
        moment("sending_at"),
        moment("sent_at"),
        moment("ended_at"),
        reference("signal", "source_snapshot_id", "source_snapshot", ondelete="CASCADE"),
        unique("signal", "source_snapshot_id", "position"),
    )
    due = sa.text("state IN ('PENDING', 'SENDING', 'UNCONFIRMED')")
    op.create_index("ix_signal_due", "signal", ["lease_until"], postgresql_where=due)
    op.create_table(
        "snapshot_topic",
        *identity("snapshot_topic"),
        words("source_snapshot_id"),
        words_or_null("signal_id"),
        words("topic_id"),
        number("position"),
        words("data_collection"),
        sa.Column("filter", JSONB),
        words_or_null("surrogate_key"),
        words("state"),
        sa.Column("rows_scanned", sa.BigInteger),
        words_or_null("outcome"),
        words_or_null("engine_status"),
        moment("started_at"),
        moment("finished_at"),
        reference("snapshot_topic", "source_snapshot_id", "source_snapshot", ondelete="CASCADE"),
        reference("snapshot_topic", "signal_id", "signal"),
        reference("snapshot_topic", "topic_id", "topic"),
    )
    create_index("snapshot_topic", "source_snapshot_id", "position")
    create_index("snapshot_topic", "topic_id", "id")
    create_index("snapshot_topic", "signal_id")


def _create_records() -> None:
    op.create_table(
        "active_snapshot",
        words("tenant_id"),
        words("connector_id"),
        words("source_snapshot_id"),
        sa.PrimaryKeyConstraint("tenant_id", "connector_id", name="pk_active_snapshot"),
        reference("active_snapshot", "connector_id", "connector"),
        reference("active_snapshot", "source_snapshot_id", "source_snapshot", ondelete="CASCADE", deferred=True),
    )
    op.create_table(
        "ledger_event",
        words("tenant_id"),
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        creation_moment("at"),
        words("bulk_snapshot_id"),
        words_or_null("source_snapshot_id"),
        words("subject_id"),
        words_or_null("from_state"),
        words("to_state"),
        words("cause"),
        sa.Column("detail", JSONB),
        sa.PrimaryKeyConstraint("tenant_id", "id", name="pk_ledger_event"),
    )
    create_index("ledger_event", "bulk_snapshot_id", "id")
