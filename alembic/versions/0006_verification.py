"""What verifying takes: offsets of every partition, where the source stood, and who looks at which topic.

Revision 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from persistence.migration_tools import moment, number

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_DUE = "ix_snapshot_topic_verification"
_TABLE = "snapshot_topic"


def upgrade() -> None:
    for one in ("start", "end"):
        op.drop_column(_TABLE, f"{one}_offset")
        op.add_column(_TABLE, sa.Column(f"{one}_offsets", JSONB))
    op.add_column(_TABLE, sa.Column("source_horizon", sa.BigInteger))
    op.add_column(_TABLE, moment("verify_requested_at"))
    op.add_column(_TABLE, moment("verify_lease_until"))
    op.add_column(_TABLE, moment("verify_due_at"))
    op.add_column(_TABLE, number("verify_attempts", default=0))
    op.create_index(
        _DUE,
        _TABLE,
        ["tenant_id", "verify_requested_at"],
        postgresql_where=sa.text("verify_requested_at IS NOT NULL AND verified_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index(_DUE, _TABLE)
    for name in ("verify_attempts", "verify_due_at", "verify_lease_until", "verify_requested_at", "source_horizon"):
        op.drop_column(_TABLE, name)
    for one in ("start", "end"):
        op.drop_column(_TABLE, f"{one}_offsets")
        op.add_column(_TABLE, sa.Column(f"{one}_offset", sa.BigInteger))
