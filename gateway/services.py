"""The parts of one process, wired together: the only place that knows which implementation stands behind a port."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from gateway.engine import OpenEngine, debezium
from gateway.metrics import Metrics, OutcomeMetrics
from gateway.secrets import ReferencedSecrets
from gateway.settings import Settings
from persistence.catalog.reading import Catalog
from persistence.catalog.writing import CatalogWriter
from persistence.database.deadlines import Deadlines
from persistence.database.pool import Database
from persistence.ledger import Ledger
from persistence.ledger.following.announcements import Announcements
from resolvers.background import Background
from resolvers.progress.hub import ProgressHub
from resolvers.services import Services
from snapshots.engines.debezium.kafka import KafkaClients
from snapshots.identifiers import IdMaker, utc_now
from snapshots.requesting.dispatch import Dispatcher
from snapshots.requesting.retry_policy import RetryPolicy

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a process works with."""

    services: Services
    database: Database
    url: str
    """The owner's URL of the database, which holds a password."""
    kafka: KafkaClients
    """Makes every client of a Kafka, for the engine and for the following."""


@asynccontextmanager
async def open_runtime(
    settings: Settings, url: str, *, metrics: Metrics, engine: OpenEngine | None = None
) -> AsyncIterator[Runtime]:
    """Yield the parts over the database at `url`, with Debezium or another `engine`; outcomes count in `metrics`.

    At the end the work under way is waited for, for the seconds that the settings say, and everything is closed in
    reverse order. What is left over then is taken up by the settle sweep of whoever runs next.
    """
    database = Database.connect(
        url,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        deadlines=Deadlines(
            settings.statement_timeout_seconds,
            settings.lock_timeout_seconds,
            settings.transaction_idle_timeout_seconds,
        ),
    )
    kafka = KafkaClients()
    background = Background()
    ids = IdMaker()
    stall_after = timedelta(minutes=settings.stall_minutes)
    try:
        async with (engine or debezium(ReferencedSecrets()))(kafka) as opened:
            ledger = Ledger.over(database, ids, idempotency_days=settings.idempotency_days)
            services = Services(
                catalog=Catalog(database),
                catalog_writer=CatalogWriter(database, ids),
                ledger=ledger,
                engine=opened,
                telemetry=OutcomeMetrics(metrics),
                dispatcher=Dispatcher(
                    opened.channels,
                    deadline_seconds=settings.dispatch_deadline_seconds,
                    process_limit=settings.dispatch_limit,
                    cluster_limit=settings.dispatch_cluster_limit,
                ),
                background=background,
                progress=ProgressHub(ledger.reading, Announcements.at(url), stall_after=stall_after),
                ids=ids,
                clock=utc_now,
                retries=RetryPolicy(settings.retry_attempts),
                stall_after=stall_after,
                silence=timedelta(minutes=settings.release_minutes),
            )
            try:
                yield Runtime(services, database, url, kafka)
            finally:
                await services.progress.close()
                if left := await background.drain(settings.shutdown_seconds):
                    logger.warning("stopped with dispatches under way; they will be settled", extra={"count": left})
    finally:
        await database.close()
