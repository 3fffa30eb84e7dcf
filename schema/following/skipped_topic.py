"""A topic that was sent to no source."""

import strawberry

from schema.catalog.topic import TopicType
from schema.enums import SkipReason
from schema.fields import view
from snapshots.plan import Skip


@view(Skip, description="A topic that was asked for and sent to no source.")
class SkippedTopicType:
    """What clients see of a skip."""

    topic_id: strawberry.ID = strawberry.field(description="The id as it was sent.")
    topic: TopicType | None = strawberry.field(description="The topic; null where there is none of this id.")
    reason: SkipReason = strawberry.field(description="Why it was skipped, for programs.")
    message: str = strawberry.field(description="Why it was skipped, for people.")
