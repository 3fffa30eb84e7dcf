"""Which notification topics there are to follow, from the catalogue."""

from gateway.following.follower import Followed
from persistence.catalog.reading import Catalog
from snapshots.catalog.filters import SourceFilter
from snapshots.engines.debezium.kafka import KafkaAccess
from snapshots.vocabulary import ConnectorKind

_PAGE = 500


async def followed_topics(catalog: Catalog, tenant_id: str) -> dict[str, Followed]:
    """Return what to follow of each of the tenant's clusters, by its id. Raises DatabaseError."""
    kafkas: dict[str, KafkaAccess] = {}
    topics: dict[str, set[str]] = {}
    after: str | None = None
    while True:
        page = await catalog.sources_page(tenant_id, SourceFilter(), first=_PAGE, after=after)
        for source in page.items:
            kafka = KafkaAccess.to(source.cluster)
            if source.kind is ConnectorKind.SOURCE and source.notification_topic and kafka:
                kafkas[source.cluster.id] = kafka
                topics.setdefault(source.cluster.id, set()).add(source.notification_topic)
        after = page.end_cursor
        if not page.has_next or after is None:
            break
    return {cluster_id: Followed(kafka, frozenset(topics[cluster_id])) for cluster_id, kafka in kafkas.items()}
