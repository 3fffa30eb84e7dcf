"""When the engine was first seen at work on each signal, by its own clock: what it told of others before is not ours.

Revision 0007, after 0006.
"""

from alembic import op

from persistence.migration_tools import moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("signal", moment("started_at"))


def downgrade() -> None:
    op.drop_column("signal", "started_at")
