"""What was asked for and sent is written once: the application's role changes how far it has come, and nothing else.

Revision 0009, after 0008.
"""

from alembic import op

from persistence.migration_tools import APP_ROLE, READ_AND_WRITE, grant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CHANGING = {
    "bulk_snapshot": "answered_at, idempotency_key",  # a key is taken off when it is forgotten
    "source_snapshot": "state, code, message, answer_kind, answer_code, answer_message, answer_retryable, "
    "dispatched_at, started_at, progressed_at, finished_at",
    "signal": "state, destination, attempts, lease_until, sending_at, sent_at, started_at, ended_at",
    "snapshot_topic": "state, rows_scanned, outcome, engine_status, started_at, finished_at, "
    "verify_requested_at, verify_lease_until, verify_due_at, verify_attempts, "
    "verified_at, verdict, verdict_reason, expected_rows, emitted_rows, end_offsets",
}
_TABLES = (*_CHANGING, "skipped_topic")


def upgrade() -> None:
    op.execute(f"REVOKE UPDATE, DELETE ON {', '.join(_TABLES)} FROM {APP_ROLE}")
    for table, columns in _CHANGING.items():
        grant(f"UPDATE ({columns})", (table,))


def downgrade() -> None:
    grant(READ_AND_WRITE, _TABLES)
