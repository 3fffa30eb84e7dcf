"""What the demo's gateway stands in front of, as a value: real or simulated, it looks the same from here."""

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.engine import OpenEngine
from resolvers.services import Services
from snapshots.catalog.imported import CatalogImport, ImportedTopic
from snapshots.vocabulary import TopicProducer

CLUSTER = "demo"


@dataclass(frozen=True, slots=True)
class Chain:
    """A running chain."""

    database_url: str
    """Topicsnap's own database, empty; holds a password."""
    engine: OpenEngine
    catalog: CatalogImport
    """What an operator would say of it."""
    sync: bool
    """Whether Kafka Connect and the source databases tell the rest."""
    notes: tuple[str, ...] = ()
    """What the user has to know of it."""
    attach: Callable[[Services], None] = field(default=lambda _: None)
    """Called with the services once these exist."""


OTHER_TOPICS = (
    ImportedTopic(CLUSTER, "orders_enriched", producer=TopicProducer.TRANSFORM, exists=True),
    ImportedTopic(CLUSTER, "warehouse.orders_loaded", producer=TopicProducer.DESTINATION, exists=True),
    ImportedTopic(CLUSTER, "backfill.requests", producer=TopicProducer.MANUAL, exists=True),
)
"""Topics that no source connector writes: asked for, they are skipped, with the reason."""
