"""A topic that was sent to no source."""

import strawberry

from schema.catalog.topic import TopicType
from schema.enums import SkipReason
from schema.fields import view
from snapshots.plan import Skip


@view(Skip, description="A topic of the request that was not sent to any source connector.")
class SkippedTopicType:
    """What clients see of a skip."""

    topic_id: strawberry.ID = strawberry.field(description="The id of the topic, as you sent it.")
    topic: TopicType | None = strawberry.field(description="The topic with this id. Null if there is none.")
    reason: SkipReason = strawberry.field(description="Why the topic was skipped, for programs.")
    message: str = strawberry.field(description="Why the topic was skipped, as a sentence for people.")
