"""The role that the application acts as, and the catalogue.

Revision 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

from persistence.migration_tools import (
    READ_AND_WRITE,
    create_index,
    creation_moment,
    flag,
    grant,
    identity,
    moment,
    number,
    reference,
    unique,
    words,
    words_or_null,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = ("connect_cluster", "connector", "topic", "notification_cursor")

# CREATE ROLE has no IF NOT EXISTS, and another database of this server may be migrated at the same moment.
# Since PostgreSQL 16 whoever makes a role is its member, but may not act as it (privilege SET) without a grant.
_MAKE_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'topicsnap_app') THEN
        BEGIN
            CREATE ROLE topicsnap_app NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    IF NOT pg_has_role(
        'topicsnap_app', CASE WHEN current_setting('server_version_num')::integer < 160000 THEN 'MEMBER' ELSE 'SET' END
    ) THEN
        BEGIN
            EXECUTE format('GRANT topicsnap_app TO %I', current_user);
        EXCEPTION WHEN unique_violation THEN NULL;
        END;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format(
        'The user %1$s may not make the role that Topicsnap acts as. Have an administrator run: '
        'CREATE ROLE topicsnap_app NOLOGIN; GRANT topicsnap_app TO %1$I;', current_user);
END $$
"""

_LET_INTO_SCHEMA = """
DO $$
BEGIN
    IF NOT has_schema_privilege('topicsnap_app', current_schema(), 'USAGE') THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO topicsnap_app', current_schema());
    END IF;
END $$
"""


def upgrade() -> None:
    op.execute(_MAKE_ROLE)
    op.execute(_LET_INTO_SCHEMA)
    op.create_table(
        "connect_cluster",
        *identity("connect_cluster"),
        words("name"),
        words_or_null("connect_url"),
        words_or_null("kafka_bootstrap"),
        words_or_null("auth_ref"),
        creation_moment("created_at"),
        unique("connect_cluster", "name"),
    )
    op.create_table(
        "connector",
        *identity("connector"),
        words("cluster_id"),
        words("name"),
        words("kind"),
        words_or_null("connector_class"),
        words_or_null("version"),
        words("dialect"),
        words_or_null("topic_prefix"),
        words_or_null("signal_channel"),
        words_or_null("signal_collection"),
        words_or_null("signal_topic"),
        number("signal_data_limit", default=2048),
        flag("read_only"),
        words_or_null("notification_topic"),
        words_or_null("database_url_ref"),
        sa.Column("state", sa.Text, nullable=False, server_default=sa.text("'UNKNOWN'")),
        moment("state_observed_at"),
        words("managed"),
        sa.Column("explicit_fields", sa.Text, nullable=False, server_default=sa.text("''")),
        moment("retired_at"),
        creation_moment("created_at"),
        reference("connector", "cluster_id", "connect_cluster"),
        unique("connector", "cluster_id", "name"),
    )
    notifications = ["tenant_id", "cluster_id", "notification_topic", "topic_prefix"]
    op.create_index("ix_connector_notifications", "connector", notifications)
    op.create_table(
        "topic",
        *identity("topic"),
        words("cluster_id"),
        words("name"),
        words("producer"),
        words_or_null("connector_id"),
        words_or_null("data_collection"),
        words_or_null("mapping"),
        sa.Column("keyless", sa.Boolean),
        flag("exists"),
        flag("ambiguous"),
        sa.Column("explicit_fields", sa.Text, nullable=False, server_default=sa.text("''")),
        moment("retired_at"),
        creation_moment("created_at"),
        reference("topic", "cluster_id", "connect_cluster"),
        reference("topic", "connector_id", "connector"),
        unique("topic", "cluster_id", "name"),
    )
    create_index("topic", "name", "id")
    create_index("topic", "connector_id", "name", "id")
    op.create_table(
        "notification_cursor",
        words("tenant_id"),
        words("cluster_id"),
        words("topic"),
        number("partition"),
        sa.Column("next_offset", sa.BigInteger, nullable=False),
        sa.Column("last_timestamp_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "cluster_id", "topic", "partition", name="pk_notification_cursor"),
        reference("notification_cursor", "cluster_id", "connect_cluster", ondelete="CASCADE"),
    )
    grant(READ_AND_WRITE, _TABLES)
    grant("SELECT", ("alembic_version",))


def downgrade() -> None:
    # The role stays, for it belongs to the server and other databases may use it; so does its view of the version.
    for table in reversed(_TABLES):
        op.drop_table(table)
