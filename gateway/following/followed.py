"""Which notification topics there are to follow, from the catalogue."""

from gateway.following.follower import Followed
from persistence.catalog.reading import Catalog
from snapshots.catalog.contents import SourceFilter
from snapshots.vocabulary import ConnectorKind

_PAGE = 500


async def followed_topics(catalog: Catalog, tenant_id: str) -> dict[str, Followed]:
    """Return what to follow of each of the tenant's clusters, by its id. Raises DatabaseError."""
    bootstraps: dict[str, str] = {}
    topics: dict[str, set[str]] = {}
    after: str | None = None
    while True:
        page = await catalog.sources_page(tenant_id, SourceFilter(), first=_PAGE, after=after)
        for source in page.items:
            bootstrap = source.cluster.kafka_bootstrap
            if source.kind is ConnectorKind.SOURCE and source.notification_topic and bootstrap:
                bootstraps[source.cluster.id] = bootstrap
                topics.setdefault(source.cluster.id, set()).add(source.notification_topic)
        after = page.end_cursor
        if not page.has_next or after is None:
            break
    return {
        cluster_id: Followed(bootstrap, frozenset(topics[cluster_id])) for cluster_id, bootstrap in bootstraps.items()
    }
