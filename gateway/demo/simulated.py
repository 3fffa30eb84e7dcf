"""The simulated chain: for platforms that have no broker or no Java as a wheel."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from gateway.databases import DATABASE
from gateway.demo.chain import CLUSTER, OTHER_TOPICS, Chain
from gateway.demo.simulator import Apply, Simulator
from gateway.demo.steps import Steps
from gateway.errors import StartError
from persistence.embedded import EmbeddedPostgres, EmbeddedPostgresError
from resolvers.following.apply_notifications import apply_notifications
from resolvers.principal import DEFAULT_TENANT
from resolvers.services import Services
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.channels import SignalChannelKind
from snapshots.engines.simulated import simulated_engine
from snapshots.following.notifications import Notification
from snapshots.identifiers import utc_now
from snapshots.model import Cluster
from snapshots.ports.connector_states import ConnectorObservation
from snapshots.ports.engine import Engine
from snapshots.vocabulary import ConnectorKind, ConnectorState, Dialect

KEYLESS = "public.audit_log"
TABLES: Mapping[str, Mapping[str, int]] = {
    "shop": {
        "public.customers": 2_000,
        "public.products": 300,
        "public.orders": 12_000,
        "public.order_items": 24_000,
        "public.page_views": 100_000,
        KEYLESS: 800,
        "inventory.warehouses": 3,
    },
    "billing": {"public.invoices": 15_000, "public.payments": 6_000, "public.dunning_letters": 0},
    "crm": {"public.accounts": 700, "public.contacts": 4_000, "public.activities": 20_000},
}
"""The rows of each data collection, by topic prefix: the names of the real demo, the larger tables of it."""


@asynccontextmanager
async def simulated_chain(directory: Path, steps: Steps, reasons: Sequence[str]) -> AsyncIterator[Chain]:
    """Start a PostgreSQL for Topicsnap itself, and nothing else; `reasons` say why. Raises StartError."""
    server = EmbeddedPostgres(directory / "postgres", settings={"fsync": "off"})
    simulator = Simulator({(prefix, name): rows for prefix, names in TABLES.items() for name, rows in names.items()})
    try:
        async with steps.step("PostgreSQL"):
            await server.start()
            await server.create_database(DATABASE)
        yield Chain(
            database_url=server.url(DATABASE),
            engine=lambda _: _engine(simulator),  # it reaches no Kafka
            catalog=_catalog(),
            sync=False,
            notes=("SIMULATED: no Debezium runs here, and no table is read. " + " ".join(reasons),),
            attach=lambda services: simulator.report_to(_apply(services)),
        )
    except EmbeddedPostgresError as error:
        raise StartError(f"The demo's PostgreSQL did not start: {error}") from error
    finally:
        await simulator.close()
        await server.stop()


class SimulatedConnect:
    """Kafka Connect as the simulation has it: every connector runs, and there is nothing to read."""

    async def observe(self, cluster: Cluster, wanted: Collection[str] = ()) -> Mapping[str, ConnectorObservation]:
        """Say that all connectors run."""
        del cluster, wanted
        now = datetime.now(UTC)
        names = [_connector(prefix) for prefix in TABLES]
        return {name: ConnectorObservation(name, ConnectorState.RUNNING, now) for name in names}


@asynccontextmanager
async def _engine(simulator: Simulator) -> AsyncIterator[Engine]:
    yield simulated_engine({SignalChannelKind.RECORDING: simulator.channel}, SimulatedConnect(), utc_now)


def _apply(services: Services) -> Apply:
    async def apply(cluster_id: str, notifications: Sequence[Notification]) -> None:
        await apply_notifications(services, DEFAULT_TENANT, cluster_id, notifications)

    return apply


def _connector(prefix: str) -> str:
    return f"{prefix}-connector"


def _catalog() -> CatalogImport:
    connectors = tuple(
        ImportedConnector(
            CLUSTER,
            _connector(prefix),
            kind=ConnectorKind.SOURCE,
            connector_class="simulated",
            dialect=Dialect.POSTGRESQL,
            topic_prefix=prefix,
            signal_channel=SignalChannelKind.RECORDING,
            notification_topic=f"{prefix}.notifications",
        )
        for prefix in TABLES
    )
    topics = tuple(
        ImportedTopic(
            CLUSTER,
            f"{prefix}.{name}",
            connector=_connector(prefix),
            data_collection=name,
            keyless=name == KEYLESS,
            exists=True,
        )
        for prefix, names in TABLES.items()
        for name in names
    )
    # The address is never asked: SimulatedConnect answers in its place.
    cluster = ImportedCluster(CLUSTER, connect_url="http://simulated.invalid")
    return CatalogImport((cluster,), connectors, (*topics, *OTHER_TOPICS))
