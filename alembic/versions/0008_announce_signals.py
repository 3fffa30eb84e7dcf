"""Announce what else clients see of a bulk snapshot: its signals, and topics found while it runs.

Revision 0008, after 0007.
"""

from alembic import op

from persistence.migration_tools import run_script

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# The second signal of a running source is sent without a change of the source; topics of snapshots that somebody else
# started are added as they are read. The function of revision 0004 fits every table that names a source snapshot.
_ANNOUNCE = """
CREATE TRIGGER announce AFTER UPDATE ON signal REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION topicsnap_announce_topic();
CREATE TRIGGER announce_new AFTER INSERT ON snapshot_topic REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION topicsnap_announce_topic();
"""


def upgrade() -> None:
    run_script(_ANNOUNCE)


def downgrade() -> None:
    op.execute("DROP TRIGGER announce ON signal")
    op.execute("DROP TRIGGER announce_new ON snapshot_topic")
