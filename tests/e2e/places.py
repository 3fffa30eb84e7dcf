"""Clusters of which a part is missing: the same connectors, seen through what does not answer."""

from snapshots.catalog import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.kinds import Dialect, SignalChannelKind
from tests.e2e.chain import Chain
from tests.e2e.gateway import CLUSTER
from tests.e2e.sources import ARCHIVE, DEPOT, NOTIFICATIONS, TILL, OwnSource

NOWHERE = "127.0.0.1:1"
"""Nobody listens there."""

NO_CONNECT = "no-connect"
"""A cluster whose Kafka Connect cannot be reached, while its Kafka can."""
NO_KAFKA = "no-kafka"
"""A cluster whose Kafka cannot be reached, while its Kafka Connect can."""
MUTE_KAFKA = "mute-kafka"
"""A cluster whose Kafka takes connections and never answers."""

GHOST = "ghost"
"""A connector that Kafka Connect has never heard of."""
MISSING_TABLE = "dropped_long_ago"
"""A table of TILL and DEPOT that does not exist, though the catalogue has its topic."""


def seen_from(cluster: str, source: OwnSource, table: str) -> str:
    """The name of the topic of a table in another cluster's catalogue."""
    return f"{cluster}.{source.topic(table)}"


def broken_places(chain: Chain, mute_bootstrap: str) -> CatalogImport:
    """What an operator says of them. Only where Kafka can be reached is anything to be followed."""
    connect_url, bootstrap = chain.sandbox.connect.url, chain.sandbox.broker.bootstrap
    clusters = (
        ImportedCluster(NO_CONNECT, connect_url=f"http://{NOWHERE}", kafka_bootstrap=bootstrap),
        ImportedCluster(NO_KAFKA, connect_url=connect_url, kafka_bootstrap=NOWHERE),
        ImportedCluster(MUTE_KAFKA, connect_url=connect_url, kafka_bootstrap=mute_bootstrap),
    )
    connectors = (
        *(
            _by_kafka(cluster, ARCHIVE, NOTIFICATIONS if cluster == NO_CONNECT else None)
            for cluster in (NO_CONNECT, NO_KAFKA, MUTE_KAFKA)
        ),
        ImportedConnector(
            CLUSTER,
            GHOST,
            dialect=Dialect.POSTGRESQL,
            topic_prefix=GHOST,
            signal_channel=SignalChannelKind.KAFKA,
            signal_topic=TILL.source.signal_topic,
        ),
    )
    topics = (
        *(
            ImportedTopic(
                cluster,
                seen_from(cluster, ARCHIVE, "wills"),
                connector=ARCHIVE.source.connector,
                data_collection="public.wills",
                keyless=False,
            )
            for cluster in (NO_CONNECT, NO_KAFKA, MUTE_KAFKA)
        ),
        ImportedTopic(CLUSTER, GHOST, connector=GHOST, data_collection="public.ghosts", keyless=False),
        *(
            ImportedTopic(
                CLUSTER,
                source.topic(MISSING_TABLE),
                connector=source.source.connector,
                data_collection=f"public.{MISSING_TABLE}",
                keyless=False,
            )
            for source in (DEPOT, TILL)
        ),
    )
    return CatalogImport(clusters, connectors, topics)


def _by_kafka(cluster: str, source: OwnSource, notifications: str | None) -> ImportedConnector:
    return ImportedConnector(
        cluster,
        source.source.connector,
        dialect=Dialect.POSTGRESQL,
        topic_prefix=source.source.topic_prefix,
        signal_channel=SignalChannelKind.KAFKA,
        signal_topic=source.source.signal_topic,
        notification_topic=notifications,
        read_only=True,
    )
