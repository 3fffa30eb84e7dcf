"""A small catalogue, the same for every tenant, so that a leak between tenants shows as a double."""

from dataclasses import replace

from persistence.catalog.writing import CatalogWriter
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.channels import SignalChannelKind
from snapshots.ports.cluster_observer import ObservedCluster, ObservedConnector, ObservedTopic
from snapshots.vocabulary import ConnectorState, Dialect, TopicProducer

TENANT = "acme"
OTHER_TENANT = "other"


def small_catalog(prefix: str = "") -> CatalogImport:
    """Two clusters with a connector each, three topics of tables and one that a person made."""
    clusters = (
        ImportedCluster("east", "http://east:8083", "east:9092", id=f"{prefix}clu_east"),
        ImportedCluster("west", "http://west:8083", "west:9092", "env:WEST_AUTH", id=f"{prefix}clu_west"),
    )
    shop = ImportedConnector(
        "east",
        "shop",
        id=f"{prefix}src_shop",
        dialect=Dialect.POSTGRESQL,
        topic_prefix="shop",
        signal_channel=SignalChannelKind.KAFKA,
        signal_topic="shop-signal",
        notification_topic="notifications",
        database_url_ref="env:SHOP",
    )
    crm = ImportedConnector("west", "crm", id=f"{prefix}src_crm", dialect=Dialect.MYSQL)
    topics = (
        ImportedTopic("east", "shop.orders", f"{prefix}top_orders", connector="shop", data_collection="public.orders"),
        ImportedTopic(
            "east", "shop.items", f"{prefix}top_items", connector="shop", data_collection="public.items", keyless=True
        ),
        ImportedTopic("west", "crm.people", f"{prefix}top_people", connector="crm", data_collection="crm.people"),
        ImportedTopic("east", "a%_\\b", f"{prefix}top_odd", producer=TopicProducer.MANUAL, exists=True),
    )
    return CatalogImport(clusters, (shop, crm), topics)


async def store_both_tenants(writer: CatalogWriter) -> None:
    """Give two tenants the same names under different ids, and one id that both have."""
    await writer.import_catalog(TENANT, small_catalog())
    same_id = replace(small_catalog("other_").topics[0], id="top_orders")
    others = replace(small_catalog("other_"), topics=(same_id, *small_catalog("other_").topics[1:]))
    await writer.import_catalog(OTHER_TENANT, others)


def observed(topics: int, *, connectors: int = 1, version: str = "3.6") -> ObservedCluster:
    """A cluster whose connectors have `topics` topics altogether."""
    return ObservedCluster(
        tuple(
            ObservedConnector(f"connector-{number}", version=version, state=ConnectorState.RUNNING)
            for number in range(connectors)
        ),
        tuple(
            ObservedTopic(
                f"topic-{number:06}",
                TopicProducer.SOURCE,
                f"connector-{number % connectors}",
                f"public.table_{number:06}",
                exists=True,
            )
            for number in range(topics)
        ),
    )
