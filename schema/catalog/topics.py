"""`topics` and `topic`: the topics of the catalogue."""

from functools import partial
from typing import Annotated

import strawberry

from schema.catalog.filters import TopicFilterInput, topic_filter
from schema.catalog.topic import TopicConnectionType, TopicType
from schema.connections import DEFAULT_PAGE, After, First, Listed, check_first
from schema.context import Info
from schema.fields import computed
from snapshots.model import Topic


async def _topics(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    filter: Annotated[
        TopicFilterInput | None,
        strawberry.argument(description="Only topics that satisfy every given field of this filter."),
    ] = None,
) -> Listed[Topic]:
    """Read one page."""
    check_first(first)
    context = info.context
    read = partial(context.services.catalog.topics_page, context.principal.tenant_id, topic_filter(filter))
    return Listed(await read(first=first, after=after), after, read)


async def _topic(
    info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of the topic to find.")]
) -> Topic | None:
    """Read one topic."""
    return await info.context.loaders.topics.load(id)


TOPICS = computed(_topics, "The topics of the catalogue, in order of their names.", type=TopicConnectionType)
TOPIC = computed(_topic, "The topic with this id. Null if there is none.", type=TopicType | None)
