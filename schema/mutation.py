"""The root of all mutations: each operation has a module of its own."""

import strawberry

from schema.catalog.sync_catalog import SYNC_CATALOG
from schema.following.abandon_snapshots import ABANDON_SNAPSHOTS
from schema.following.clear_restart_requirements import CLEAR_RESTART_REQUIREMENTS
from schema.requesting.bulk_snapshot_topics import BULK_SNAPSHOT_TOPICS
from schema.requesting.retry_bulk_snapshot import RETRY_BULK_SNAPSHOT
from schema.verification.verify_snapshot import VERIFY_SNAPSHOT


@strawberry.type(
    description="All operations that change something. Errors that a caller can foresee and correct are returned "
    "as data, in `userErrors`."
)
class Mutation:
    """Writes."""

    bulk_snapshot_topics = BULK_SNAPSHOT_TOPICS
    abandon_snapshots = ABANDON_SNAPSHOTS
    retry_bulk_snapshot = RETRY_BULK_SNAPSHOT
    verify_snapshot = VERIFY_SNAPSHOT
    clear_restart_requirements = CLEAR_RESTART_REQUIREMENTS
    sync_catalog = SYNC_CATALOG
