"""Which notification topics there are to follow, from the catalogue."""

from gateway.following.follower import Topics
from persistence.catalog import Catalog
from snapshots.catalog import SourceFilter
from snapshots.kinds import ConnectorKind

_PAGE = 500


async def followed_topics(catalog: Catalog, tenant_id: str) -> dict[str, Topics]:
    """Return the tenant's notification topics by Kafka bootstrap servers. Raises DatabaseError."""
    found: dict[str, dict[str, set[str]]] = {}
    after: str | None = None
    while True:
        page = await catalog.sources_page(tenant_id, SourceFilter(), first=_PAGE, after=after)
        for source in page.items:
            bootstrap = source.cluster.kafka_bootstrap
            if source.kind is ConnectorKind.SOURCE and source.notification_topic and bootstrap:
                topics = found.setdefault(bootstrap, {})
                topics.setdefault(source.notification_topic, set()).add(source.cluster.id)
        after = page.end_cursor
        if not page.has_next or after is None:
            break
    return {
        bootstrap: {topic: tuple(sorted(clusters)) for topic, clusters in topics.items()}
        for bootstrap, topics in found.items()
    }
