"""The root of all queries: each field has its place beside the types that it answers with."""

import strawberry

from schema.catalog.sources import SOURCE, SOURCES
from schema.catalog.topics import TOPIC, TOPICS
from schema.federation import ENTITIES, SERVICE
from schema.following.bulk_snapshots import BULK_SNAPSHOT, BULK_SNAPSHOTS
from schema.nodes import NODE, NODES
from schema.requesting.plan import PLAN_BULK_SNAPSHOT
from schema.viewer import VIEWER


@strawberry.type(description="All operations that read. None of them changes anything.")
class Query:
    """Reads; nothing here changes anything."""

    topics = TOPICS
    topic = TOPIC
    sources = SOURCES
    source = SOURCE
    bulk_snapshots = BULK_SNAPSHOTS
    bulk_snapshot = BULK_SNAPSHOT
    plan_bulk_snapshot = PLAN_BULK_SNAPSHOT
    node = NODE
    nodes = NODES
    viewer = VIEWER
    entities = ENTITIES
    service = SERVICE
