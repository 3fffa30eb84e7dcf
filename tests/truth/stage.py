"""The stage: a sandbox, one gateway in front of it as `topicsnap serve` wires it, and lanes of connectors."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count

from gateway.engine import debezium
from gateway.metrics import NoMetrics
from gateway.secrets import ReferencedSecrets
from gateway.services import open_runtime
from gateway.settings import load
from persistence import migrations
from resolvers.catalog.import_catalog import import_catalog
from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.requesting.settle import settle
from resolvers.services import Services
from sandbox.stack import Sandbox
from snapshots.catalog.filters import TopicFilter
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.channels import SignalChannelKind
from snapshots.errors import TopicsnapError
from tests.e2e.gateway import following, reference
from tests.truth.arrivals import Reader
from tests.truth.lanes import NOTIFICATIONS, Lane
from tests.truth.scenarios import Scenario
from tests.truth.tables import Fate

TENANT = LOCAL_PRINCIPAL.tenant_id
CLUSTER = "truth"
_SETTLE_SECONDS = 1.0
_DEADLINE_SECONDS = 20.0


@dataclass
class Stage:
    """Where scenarios are played."""

    sandbox: Sandbox
    services: Services
    notes: Reader
    _environ: dict[str, str]
    _numbers: "count[int]"
    _catalog: asyncio.Lock

    async def lane(self, scenarios: Sequence[Scenario], old: Lane | None) -> Lane:
        """Return a lane whose connectors know the tables of the scenarios: the old one, or a new one."""
        lane = old or Lane(self.sandbox, next(self._numbers), self.notes)
        if old is None:
            await lane.make_databases()
            self._environ.update({reference(one).removeprefix("env:"): lane.url(one) for one in lane.sources})
        await lane.fill(scenarios)
        if old is None:
            await lane.start()
        else:
            await lane.restart(*range(len(lane.sources)))
        async with self._catalog:
            await import_catalog(self.services, LOCAL_PRINCIPAL, self._words(lane, scenarios))
            [cluster] = await self.services.catalog.clusters(TENANT)
            assert not (await sync_catalog(self.services, LOCAL_PRINCIPAL, cluster.id)).nothing_read

        return lane

    def _words(self, lane: Lane, scenarios: Sequence[Scenario]) -> CatalogImport:
        """What an operator says of the lane: its connectors, and topics whose tables are not there."""
        cluster = ImportedCluster(
            CLUSTER, connect_url=self.sandbox.connect.url, kafka_bootstrap=self.sandbox.broker.bootstrap
        )
        connectors = tuple(
            ImportedConnector(
                CLUSTER,
                one.connector,
                signal_channel=SignalChannelKind.KAFKA if one.channel == "kafka" else None,
                database_url_ref=reference(one),
            )
            for one in lane.sources
        )
        topics = tuple(
            ImportedTopic(
                CLUSTER,
                lane.topic(table),
                connector=lane.sources[table.connector].connector,
                data_collection=table.collection,
                keyless=False,
            )
            for scenario in scenarios
            for table in scenario.tables
            if table.fate in {Fate.LATE, Fate.UNKNOWN}
        )
        return CatalogImport((cluster,), connectors, topics)

    async def topic_ids(self, lane: Lane) -> dict[str, str]:
        """Return the ids of the lane's topics by name."""
        ids: dict[str, str] = {}
        after, wanted = None, TopicFilter(name_contains=f"truth{lane.number}")
        while True:
            page = await self.services.catalog.topics_page(TENANT, wanted, first=500, after=after)
            ids.update((topic.name, topic.id) for topic in page.items)
            after = page.end_cursor
            if not page.has_next:
                return ids


@asynccontextmanager
async def open_stage(sandbox: Sandbox, database: str = "topicsnap_truth") -> AsyncIterator[Stage]:
    """Yield the stage; its gateway follows, settles, and ends what is not reported, until the end."""
    await sandbox.postgres.create_database(database)
    url = sandbox.postgres.url(database)
    await migrations.upgrade(url)
    await sandbox.broker.create_topics([NOTIFICATIONS])
    environ: dict[str, str] = {}
    settings = load(dispatch_deadline_seconds=_DEADLINE_SECONDS)
    async with AsyncExitStack() as stack:
        runtime = await stack.enter_async_context(
            open_runtime(settings, url, engine=debezium(ReferencedSecrets(environ)), metrics=NoMetrics())
        )
        notes = await stack.enter_async_context(Reader(sandbox.broker.bootstrap, [NOTIFICATIONS]))
        await stack.enter_async_context(following(runtime.services, group="truth"))
        settling = asyncio.create_task(_keep_settling(runtime.services))
        try:
            yield Stage(sandbox, runtime.services, notes, environ, count(1), asyncio.Lock())
        finally:
            settling.cancel()
            with suppress(asyncio.CancelledError):
                await settling


async def _keep_settling(services: Services) -> None:
    while True:
        with suppress(TopicsnapError):
            await settle(services, TENANT)
        await asyncio.sleep(_SETTLE_SECONDS)
