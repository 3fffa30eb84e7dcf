"""A gateway as the tests use it: the services as `topicsnap serve` wires them, and its words for topics and results."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

from gateway.engine import debezium
from gateway.following.followed import followed_topics
from gateway.following.followers import Followers
from gateway.following.kafka_consumer import make_consumer
from gateway.metrics import NoMetrics
from gateway.secrets import ReferencedSecrets
from gateway.services import open_runtime
from gateway.settings import load
from resolvers.catalog.import_catalog import import_catalog
from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.following.apply_notifications import apply_notifications
from resolvers.following.end_unreported import end_unreported
from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.requesting.bulk_snapshot import bulk_snapshot_topics
from resolvers.services import Services
from sandbox.sources import Source
from sandbox.waiting import eventually
from snapshots.catalog.filters import SourceFilter, TopicFilter
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector
from snapshots.channels import SignalChannelKind
from snapshots.engines.debezium.kafka import KafkaClients
from snapshots.filters import RowFilter
from snapshots.following.dead_letters import DeadLetter
from snapshots.following.notifications import Notification
from snapshots.records import BulkSnapshotRecord, SourceSnapshotRecord, TopicSnapshotRecord
from snapshots.requesting.request import BulkSnapshotRequest, TopicOptions
from snapshots.states import BulkSnapshotState
from snapshots.vocabulary import SnapshotType
from tests.support.debezium.chain import Chain
from tests.support.debezium.sources import OWN_SOURCES, OwnSource

TENANT = LOCAL_PRINCIPAL.tenant_id
CLUSTER = "e2e"
END_SECONDS = 60.0
GRACE = timedelta(seconds=1)
"""How long late reports are waited for."""

Asked = tuple[OwnSource, str]
"""A source and the name of a table of it."""


@dataclasses.dataclass(frozen=True)
class Gateway:
    """One gateway over a database of Topicsnap."""

    services: Services
    url: str
    chain: Chain
    topic_ids: dict[str, str]
    """By the topic's name."""

    def topic_id(self, source: OwnSource, table: str) -> str:
        """Return the id of the topic of a table."""
        return self.topic_ids[source.topic(table)]

    def ids(self, *asked: Asked) -> tuple[str, ...]:
        """Return the ids of the topics of tables."""
        return tuple(self.topic_id(source, table) for source, table in asked)

    def request(
        self,
        *asked: Asked | str,
        snapshot_type: SnapshotType = SnapshotType.INCREMENTAL,
        filters: Mapping[Asked, RowFilter] | None = None,
        surrogates: Mapping[Asked, str] | None = None,
        idempotency_key: str | None = None,
    ) -> BulkSnapshotRequest:
        """Ask for the topics of tables, or for ids as they are."""
        filters, surrogates = filters or {}, surrogates or {}
        options = tuple(
            TopicOptions(self.topic_id(*pair), filters.get(pair), surrogates.get(pair))
            for pair in dict.fromkeys([*filters, *surrogates])
        )
        ids = tuple(one if isinstance(one, str) else self.topic_id(*one) for one in asked)
        return BulkSnapshotRequest(ids, snapshot_type, options, idempotency_key)

    async def call(self, request: BulkSnapshotRequest) -> BulkSnapshotRecord:
        """Return what the caller is answered."""
        return await bulk_snapshot_topics(self.services, LOCAL_PRINCIPAL, request)

    async def record(self, bulk_id: str) -> BulkSnapshotRecord:
        """Return what the ledger holds now."""
        return (await self.services.ledger.reading.bulk_snapshots(TENANT, [bulk_id]))[bulk_id]

    async def ended(self, bulk_id: str) -> BulkSnapshotRecord:
        """Return the bulk snapshot when every part of it has ended."""

        async def probe() -> BulkSnapshotRecord | None:
            record = await self.record(bulk_id)
            return None if record.state is BulkSnapshotState.IN_PROGRESS else record

        return await eventually(probe, END_SECONDS, f"the end of {bulk_id}")

    async def freed(self, *connectors: str) -> None:
        """Return when no source is held, or none of these connectors.

        Signals that a test sends by hand hold their sources as any snapshot does. Where other tests may be at work on
        the chain, or may have left something there, a test names what it uses itself.
        """
        source_ids = [id_ for id_, name in (await self._connectors()).items() if not connectors or name in connectors]

        async def free() -> bool:
            return not await self.services.ledger.reading.active_snapshots(TENANT, source_ids)

        await eventually(free, END_SECONDS, "all sources to be free")

    async def restarted(self) -> None:
        """Restart, as an operator would, our connectors that need it; return when they take snapshots again."""
        ours = {f"{name}-connector" for name in self.chain.arrivals.names}
        connectors = {id_: name for id_, name in (await self._connectors()).items() if name in ours}
        ledger, connect = self.services.ledger, self.chain.sandbox.connect
        for source_id in await ledger.failed_scans.requirements(TENANT, list(connectors)):
            await connect.restart_connector(connectors[source_id])
            await connect.wait_running(connectors[source_id])
            # A read-only one dies of a snapshot that begins before any change was streamed.
            await self.chain.arrivals.pass_fence(connectors[source_id].removesuffix("-connector"))

        async def sound() -> bool:
            return not await ledger.failed_scans.requirements(TENANT, list(connectors))

        await eventually(sound, END_SECONDS, "the restarts to be seen")

    async def _connectors(self) -> dict[str, str]:
        page = await self.services.catalog.sources_page(TENANT, SourceFilter(), first=500, after=None)
        return {source.id: source.name for source in page.items}

    async def refresh_topics(self) -> None:
        """Learn the ids of all topics that the catalogue has."""
        self.topic_ids.clear()
        after = None
        while True:
            page = await self.services.catalog.topics_page(TENANT, TopicFilter(), first=500, after=after)
            self.topic_ids.update((topic.name, topic.id) for topic in page.items)
            after = page.end_cursor
            if not page.has_next:
                return


def part(record: BulkSnapshotRecord, source: OwnSource) -> SourceSnapshotRecord:
    """Return what the record holds of one source."""
    return next(one for one in record.snapshots if one.source.name == source.source.connector)


def topics_of(snapshot: SourceSnapshotRecord) -> dict[str, TopicSnapshotRecord]:
    """Return the topics of a source snapshot by the names of their tables."""
    return {topic.data_collection.removeprefix("public."): topic for topic in snapshot.topics}


def operators_word(chain: Chain) -> CatalogImport:
    """What an operator has to say of the chain; Kafka Connect tells the rest."""
    cluster = ImportedCluster(
        CLUSTER, connect_url=chain.sandbox.connect.url, kafka_bootstrap=chain.sandbox.broker.bootstrap
    )
    connectors = tuple(
        ImportedConnector(
            CLUSTER,
            own.source.connector,
            # With a signal table at hand Topicsnap would take that, for it is the one that cannot double a signal.
            signal_channel=SignalChannelKind.KAFKA if own.source.channel == "kafka" else None,
            database_url_ref=reference(own.source),
        )
        for own in OWN_SOURCES
    )
    return CatalogImport((cluster,), connectors)


def reference(source: Source) -> str:
    """The reference to the credentials of the source's database."""
    return f"env:{source.name.upper()}_DATABASE_URL"


@asynccontextmanager
async def open_gateway(
    chain: Chain, url: str, *, deadline_seconds: float = 10.0, retry_attempts: int = 5
) -> AsyncIterator[Gateway]:
    """Yield a gateway over the database at `url`, which is migrated; it follows nothing and knows no topics yet."""
    environ = {reference(own.source).removeprefix("env:"): chain.database_url(own) for own in OWN_SOURCES}
    for running in chain.sandbox.sources.values():
        environ[reference(running.source).removeprefix("env:")] = running.database_url
    settings = load(dispatch_deadline_seconds=deadline_seconds, retry_attempts=retry_attempts)
    async with open_runtime(settings, url, engine=debezium(ReferencedSecrets(environ)), metrics=NoMetrics()) as runtime:
        yield Gateway(runtime.services, url, chain, {})


@asynccontextmanager
async def beside(
    gateway: Gateway, *, deadline_seconds: float = 10.0, retry_attempts: int = 5
) -> AsyncIterator[Gateway]:
    """Yield a second gateway over the same database, which knows the same topics."""
    async with open_gateway(
        gateway.chain, gateway.url, deadline_seconds=deadline_seconds, retry_attempts=retry_attempts
    ) as second:
        yield dataclasses.replace(second, topic_ids=gateway.topic_ids)


async def describe(gateway: Gateway, *more: CatalogImport) -> None:
    """Fill the catalogue: by the operator's word, then by what Kafka Connect and the databases tell."""
    for given in (operators_word(gateway.chain), *more):
        await import_catalog(gateway.services, LOCAL_PRINCIPAL, given)
    clusters = await gateway.services.catalog.clusters(TENANT)
    [cluster] = [cluster for cluster in clusters if cluster.name == CLUSTER]
    assert (await sync_catalog(gateway.services, LOCAL_PRINCIPAL, cluster.id)).unreadable == ()
    await gateway.refresh_topics()


@asynccontextmanager
async def following(services: Services, *, group: str) -> AsyncIterator[None]:
    """Follow the notifications as the gateway does, without its settling: tests settle when it suits them.

    What an engine ends without a report of each table is ended soon.
    """

    async def apply(cluster_id: str, notifications: Sequence[Notification]) -> None:
        await apply_notifications(services, TENANT, cluster_id, notifications)

    async def bury(letter: DeadLetter) -> None:
        raise AssertionError(letter)

    followers = Followers(
        lambda: followed_topics(services.catalog, TENANT),
        apply,
        bury,
        group=group,
        attempts=5,
        make_consumer=partial(make_consumer, KafkaClients()),
    )
    tasks = [asyncio.create_task(followers.run(lambda: None)), asyncio.create_task(_keep_ending(services))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_ending(services: Services) -> None:
    while True:
        await end_unreported(services, TENANT, grace=GRACE)
        await asyncio.sleep(0.2)
