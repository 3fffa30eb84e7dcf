"""The parts that operations use; the gateway creates them once for each process and passes them as arguments."""

from dataclasses import dataclass
from datetime import timedelta

from persistence.catalog.reading import Catalog
from persistence.catalog.writing import CatalogWriter
from persistence.ledger import Ledger
from resolvers.background import Background
from resolvers.progress.hub import ProgressHub
from resolvers.telemetry import Telemetry
from snapshots.identifiers import Clock, IdMaker
from snapshots.ports.engine import Engine
from snapshots.requesting.dispatch import Dispatcher
from snapshots.requesting.retry_policy import RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that an operation may use; holds no session and nothing of a request. No part has a default."""

    catalog: Catalog
    catalog_writer: CatalogWriter
    ledger: Ledger
    engine: Engine
    telemetry: Telemetry
    dispatcher: Dispatcher
    """Sends through the channels of `engine`."""
    background: Background
    progress: ProgressHub
    ids: IdMaker
    clock: Clock
    retries: RetryPolicy
    stall_after: timedelta
    """How long a snapshot may give no sign of life before it counts as stalled; `progress` must use the same value."""
    silence: timedelta
    """How long a snapshot that Topicsnap did not start, or cannot follow, may give no sign of life before its source is
    released."""
