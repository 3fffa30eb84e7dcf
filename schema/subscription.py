"""The root of all subscriptions."""

import strawberry

from schema.following.bulk_snapshot_progress import BULK_SNAPSHOT_PROGRESS


@strawberry.type(description="All operations that watch something until it ends.")
class Subscription:
    """Streams; each ends by itself."""

    bulk_snapshot_progress = BULK_SNAPSHOT_PROGRESS
