"""Tables that failed in mid-scan: until the connector's task was restarted, rows of theirs can reach other topics.

Revision 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from persistence.migration_tools import grant, moment, reference, words, words_or_null

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TABLE = "failed_scan"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        words("tenant_id"),
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        words("connector_id"),
        words_or_null("data_collection"),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("evidence", JSONB, nullable=False),
        moment("cleared_at"),
        words_or_null("cleared_by"),
        words_or_null("reason"),
        sa.Column("cleared_evidence", JSONB),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=f"pk_{_TABLE}"),
        reference(_TABLE, "connector_id", "connector"),
    )
    op.create_index(
        "ix_failed_scan_open", _TABLE, ["tenant_id", "connector_id"], postgresql_where=sa.text("cleared_at IS NULL")
    )
    # Written once: what failed stays on record, and only its end is added.
    grant("SELECT, INSERT", (_TABLE,))
    grant("UPDATE (cleared_at, cleared_by, reason, cleared_evidence)", (_TABLE,))


def downgrade() -> None:
    op.drop_table(_TABLE)
