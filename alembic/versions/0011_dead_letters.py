"""Notifications that could not be applied: set aside with their place, so that the rest goes on.

Revision 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from persistence.migration_tools import grant, number, words, words_or_null

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TABLE = "dead_letter"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        words("tenant_id"),
        words("cluster_id"),
        words("topic"),
        number("partition"),
        sa.Column("record_offset", sa.BigInteger, nullable=False),
        sa.Column("record_timestamp_ms", sa.BigInteger, nullable=False),
        words("prefix"),
        words_or_null("key"),
        words_or_null("value"),
        sa.Column("headers", JSONB, nullable=False),
        words("error_class"),
        words("error_message"),
        number("attempts"),
        sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "cluster_id",
            "topic",
            "partition",
            "record_offset",
            "record_timestamp_ms",
            name=f"pk_{_TABLE}",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "cluster_id"],
            ["connect_cluster.tenant_id", "connect_cluster.id"],
            name=f"fk_{_TABLE}_connect_cluster",
            ondelete="CASCADE",
        ),
    )
    # Written once; only the owner of the tables removes what an operator has dealt with.
    grant("SELECT, INSERT", (_TABLE,))


def downgrade() -> None:
    op.drop_table(_TABLE)
