"""What telling the truth takes: where a snapshot came from, whether it can be followed, completeness, announcements.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

from persistence.migration_tools import create_index, flag, moment, run_script, words_or_null

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_VERIFICATION = ("start_offset", "end_offset", "expected_rows", "emitted_rows")

# One notification for each bulk snapshot that a statement changed; PostgreSQL folds equal ones of a transaction.
_ANNOUNCE = """
CREATE FUNCTION topicsnap_announce_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('topicsnap_ledger', json_build_array(c.tenant_id, c.bulk_snapshot_id)::text)
    FROM (SELECT DISTINCT tenant_id, bulk_snapshot_id FROM changed) AS c;
    RETURN NULL;
END $$;
CREATE FUNCTION topicsnap_announce_topic() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('topicsnap_ledger', json_build_array(s.tenant_id, s.bulk_snapshot_id)::text)
    FROM (SELECT DISTINCT tenant_id, source_snapshot_id FROM changed) AS c
    JOIN source_snapshot s ON s.tenant_id = c.tenant_id AND s.id = c.source_snapshot_id;
    RETURN NULL;
END $$;
CREATE TRIGGER announce AFTER UPDATE ON source_snapshot REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION topicsnap_announce_source();
CREATE TRIGGER announce AFTER UPDATE ON snapshot_topic REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION topicsnap_announce_topic();
"""


def upgrade() -> None:
    op.add_column("bulk_snapshot", words_or_null("retry_of"))
    op.add_column("bulk_snapshot", flag("verify"))
    create_index("bulk_snapshot", "requested_at", "id")
    op.add_column(
        "source_snapshot", sa.Column("origin", sa.Text, nullable=False, server_default=sa.text("'REQUESTED'"))
    )
    op.add_column("source_snapshot", sa.Column("followed", sa.Boolean, nullable=False, server_default=sa.text("true")))
    for name in _VERIFICATION:
        op.add_column("snapshot_topic", sa.Column(name, sa.BigInteger))
    op.add_column("snapshot_topic", words_or_null("verdict"))
    op.add_column("snapshot_topic", words_or_null("verdict_reason"))
    op.add_column("snapshot_topic", moment("verified_at"))
    run_script(_ANNOUNCE)


def downgrade() -> None:
    for table in ("source_snapshot", "snapshot_topic"):
        op.execute(f"DROP TRIGGER announce ON {table}")
    op.execute("DROP FUNCTION topicsnap_announce_source()")
    op.execute("DROP FUNCTION topicsnap_announce_topic()")
    for name in (*_VERIFICATION, "verdict", "verdict_reason", "verified_at"):
        op.drop_column("snapshot_topic", name)
    op.drop_column("source_snapshot", "followed")
    op.drop_column("source_snapshot", "origin")
    op.drop_index("ix_bulk_snapshot_tenant_id_requested_at_id", "bulk_snapshot")
    op.drop_column("bulk_snapshot", "verify")
    op.drop_column("bulk_snapshot", "retry_of")
