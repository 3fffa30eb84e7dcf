"""What auditing takes: events that say what they are about, and indexes for asking the ledger in other ways.

Revision 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

from persistence.migration_tools import create_index

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_RETRIES = "ix_bulk_snapshot_tenant_id_retry_of"
_UNUSUAL = "ix_source_snapshot_unusual"


def upgrade() -> None:
    op.add_column(
        "ledger_event",
        sa.Column("subject_kind", sa.Text, nullable=False, server_default=sa.text("'SOURCE_SNAPSHOT'")),
    )
    op.create_index(
        _RETRIES, "bulk_snapshot", ["tenant_id", "retry_of"], postgresql_where=sa.text("retry_of IS NOT NULL")
    )
    create_index("bulk_snapshot", "requested_by", "id")
    # Most source snapshots complete in the end; the others are what is asked for by state.
    op.create_index(
        _UNUSUAL,
        "source_snapshot",
        ["tenant_id", "state", "bulk_snapshot_id"],
        postgresql_where=sa.text("state <> 'COMPLETED'"),
    )


def downgrade() -> None:
    op.drop_index(_UNUSUAL, "source_snapshot")
    op.drop_index("ix_bulk_snapshot_tenant_id_requested_by_id", "bulk_snapshot")
    op.drop_index(_RETRIES, "bulk_snapshot")
    op.drop_column("ledger_event", "subject_kind")
