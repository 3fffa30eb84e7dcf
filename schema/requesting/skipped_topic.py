"""A topic that was sent to no source."""

from typing import Self

import strawberry

from schema.catalog.topic import Topic
from schema.enums import SkipReason
from snapshots.plan import Skip


@strawberry.type(description="A topic that was asked for and sent to no source.")
class SkippedTopic:
    """What clients see of a skip."""

    topic_id: strawberry.ID = strawberry.field(description="The id as it was sent.")
    topic: Topic | None = strawberry.field(description="The topic; null where there is none of this id.")
    reason: SkipReason = strawberry.field(description="Why it was skipped, for programs.")
    message: str = strawberry.field(description="Why it was skipped, for people.")

    @classmethod
    def from_domain(cls, skip: Skip) -> Self:
        """Return what clients see of `skip`."""
        return cls(
            topic_id=strawberry.ID(skip.topic_id),
            topic=Topic.from_domain(skip.topic) if skip.topic else None,
            reason=skip.reason,
            message=skip.message,
        )
