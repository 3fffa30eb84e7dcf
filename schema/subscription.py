"""The root of all subscriptions."""

import strawberry

from schema.following.bulk_snapshot_progress import BULK_SNAPSHOT_PROGRESS


@strawberry.type(description="What can be watched.")
class Subscription:
    """Streams; each ends by itself."""

    bulk_snapshot_progress = BULK_SNAPSHOT_PROGRESS
