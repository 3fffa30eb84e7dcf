"""Where the fault tests stand: the chain, Topicsnap's catalogue of it, and the processes of Topicsnap."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.engine import debezium
from gateway.metrics import NoMetrics
from gateway.secrets import ReferencedSecrets
from gateway.services import open_runtime
from gateway.settings import load
from persistence import migrations
from persistence.database.errors import DatabaseError
from persistence.embedded.sessions import connected
from resolvers.catalog.import_catalog import import_catalog
from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.services import Services
from sandbox.waiting import eventually
from snapshots.catalog.filters import TopicFilter
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector
from snapshots.channels import SignalChannelKind
from snapshots.following.external import EXTERNAL
from snapshots.records import BulkSnapshotRecord
from snapshots.states import BulkSnapshotState, SignalState
from snapshots.vocabulary import TopicSnapshotOutcome
from tests.cli.commands import Running
from tests.e2e.sources import OwnSource
from tests.faults.chain import DATABASE, Chain, variable
from tests.faults.counts import Counts, Mark, tell
from tests.faults.processes import Gateway, program, serving
from tests.faults.sources import NOTIFICATIONS, ROWS, SOURCES

TENANT = LOCAL_PRINCIPAL.tenant_id
_END_SECONDS = 90.0
Asked = tuple[OwnSource, str]


@dataclass(frozen=True)
class Stand:
    chain: Chain
    services: Services
    """Of a process of the test's own, which reads what the ledger holds and reaches everything directly."""
    topic_ids: dict[str, str]

    def ids(self, *asked: Asked) -> list[str]:
        return [self.topic_ids[source.topic(table)] for source, table in asked]

    def variables(self, **more: str) -> dict[str, str]:
        """The environment of a process of Topicsnap; its leases are short, so that a test need not wait for long."""
        return {
            "TOPICSNAP_DATABASE_URL": self.chain.proxied_url,
            "TOPICSNAP_DISPATCH_DEADLINE_SECONDS": "1",
            "TOPICSNAP_DISPATCH_CLUSTER_LIMIT": "64",
            "TOPICSNAP_SETTLE_SECONDS": "1",
            **self.chain.secrets(),
            **more,
        }

    async def mark(self) -> Mark:
        signals = {source.name: frozenset(await self.chain.signals(source)) for source in SOURCES}
        told = len(self.chain.seen.told(NOTIFICATIONS))
        return Mark(self.chain.seen.mark(), told, signals, frozenset(await self.bulk_ids()))

    async def bulk_ids(self) -> list[str]:
        async with connected(self.chain.url) as connection:
            ids = await connection.fetchval("SELECT array_agg(id ORDER BY id) FROM bulk_snapshot")
        return list(ids) if isinstance(ids, list) else []

    async def held(self) -> int:
        async with connected(self.chain.url) as connection:
            return int(str(await connection.fetchval("SELECT count(*) FROM active_snapshot")))

    async def records(self, mark: Mark) -> list[BulkSnapshotRecord]:
        """Return the bulk snapshots that were asked for since the mark."""
        return [record for record in await self._all_records(mark) if record.requested_by != EXTERNAL]

    async def _all_records(self, mark: Mark) -> list[BulkSnapshotRecord]:
        ids = [id_ for id_ in await self.bulk_ids() if id_ not in mark.bulk_ids]
        return list((await self.services.ledger.reading.bulk_snapshots(TENANT, ids)).values())

    async def ended(self, mark: Mark, seconds: float = _END_SECONDS) -> list[BulkSnapshotRecord]:
        """Return them when each has ended."""
        last: list[BulkSnapshotRecord] = []

        async def probe() -> list[BulkSnapshotRecord] | None:
            nonlocal last
            try:
                last = await self.records(mark)
            except (DatabaseError, OSError):
                return None
            done = all(record.state is not BulkSnapshotState.IN_PROGRESS for record in last)
            return last if done else None

        try:
            return await eventually(probe, seconds, "the end of every bulk snapshot")
        finally:
            for record in last:
                if record.state is BulkSnapshotState.IN_PROGRESS:
                    for one in record.snapshots:
                        tell(f"left: {one.source.name} {one.state} {one.code} {one.message}")

    async def ended_alone(self, bulk_id: str) -> None:
        """Wait for the end of one bulk snapshot."""

        async def probe() -> bool:
            found = await self.services.ledger.reading.bulk_snapshots(TENANT, [bulk_id])
            return found[bulk_id].state is not BulkSnapshotState.IN_PROGRESS

        await eventually(probe, _END_SECONDS, f"the end of {bulk_id}")

    async def account(self, mark: Mark, *, engine_restarted: bool = False) -> Counts:
        """Wait for the end of all since `mark`; compare what the ledger says with what was sent and what arrived.

        After a restart of the engine rows may come again, and signals be run again by Debezium itself, ended ones too:
        at least once is what is asserted then, and that no table has rows that nothing told of as read.
        """
        records = await self.ended(mark)
        if engine_restarted:  # what it reads again by itself must not meet the next test
            await self.chain.engine_is_done(_END_SECONDS)
            await eventually(self._all_are_free, _END_SECONDS, "the end of what the engine ran again")
        assert await self.held() == 0
        await asyncio.gather(*(self.chain.pass_fence(source) for source in SOURCES))
        snapshots = [one for record in records for one in record.snapshots]
        topics = [topic for one in snapshots for topic in one.topics]
        succeeded = [topic for topic in topics if topic.outcome is TopicSnapshotOutcome.SUCCEEDED]
        times = Counter(topic.topic.name for topic in succeeded)
        rows = again = 0
        read = self.chain.seen.read_tables(NOTIFICATIONS, mark.told)
        for name, expected in ROWS.items():
            arrived = Counter(self.chain.seen.rows(name, mark.seen))
            rows += times[name] * expected
            again += arrived.total() - times[name] * expected
            if times[name]:
                assert set(arrived) == set(range(1, expected + 1)), name
                assert min(arrived.values()) >= times[name] or engine_restarted, (name, times[name])
            else:
                assert not arrived or (engine_restarted and name in read), name
        assert again == 0 or engine_restarted, again
        reasons: Counter[str] = Counter()
        for one in snapshots:
            assert one.state.is_terminal
            if any(topic.outcome is not TopicSnapshotOutcome.SUCCEEDED for topic in one.topics):
                assert one.code, one
                assert one.message, one
                reasons[f"{one.code}: {', '.join(sorted({str(topic.outcome) for topic in one.topics}))}"] += 1
        sent = await self._sent_since(mark)
        known = {signal.id: signal for one in snapshots for signal in one.signals}
        assert set(sent) <= set(known), "a signal that the ledger does not know"
        unsent = {SignalState.REFUSED, SignalState.PENDING}
        said = {id_ for id_, signal in known.items() if signal.state not in unsent}
        assert set(sent) == said, (set(sent) ^ said, [known[id_] for id_ in set(sent) ^ said])
        started = self.chain.seen.started(NOTIFICATIONS)
        doubled = [id_ for id_, times_sent in sent.items() if times_sent > 1]
        run_twice = [id_ for id_ in sent if started[id_] > 1]
        assert doubled == []
        if not engine_restarted:
            assert run_twice == []
        lost = sum(1 for topic in topics if topic.outcome is None and topic.finished_at is None)
        failed = len(topics) - len(succeeded)
        outside = [one for record in await self._all_records(mark) if record not in records for one in record.snapshots]
        assert engine_restarted or not outside
        counts = Counts(
            len(topics),
            len(succeeded),
            failed,
            lost,
            len(sent),
            len(doubled),
            len(run_twice),
            rows,
            again,
            len(outside),
        )
        tell(str(counts))
        tell(f"source snapshots that did not succeed: {dict(reasons) or 'none'}")
        return counts

    async def _all_are_free(self) -> bool:
        return await self.held() == 0

    async def _sent_since(self, mark: Mark) -> Counter[str]:
        sent: Counter[str] = Counter()
        for source in SOURCES:
            sent.update(id_ for id_ in await self.chain.signals(source) if id_ not in mark.signals[source.name])
        return sent

    @asynccontextmanager
    async def gateway(self, *, step: str | None = None, **more: str) -> AsyncIterator[Gateway]:
        """Run `topicsnap serve`, which dies at `step`."""
        async with serving(self.variables(**more), step) as gateway:
            yield gateway

    @asynccontextmanager
    async def worker(self, *, step: str | None = None) -> AsyncIterator[Running]:
        """Run `topicsnap worker`, which dies at `step`."""
        async with program(self.variables(), step, "worker") as running:
            yield running


@asynccontextmanager
async def standing(chain: Chain) -> AsyncIterator[Stand]:
    """Migrate Topicsnap's database and fill its catalogue."""
    await chain.own.create_database(DATABASE)
    await migrations.upgrade(chain.url)
    environ = {variable(source): chain.databases.url(source.name) for source in SOURCES}
    async with open_runtime(
        load(), chain.url, engine=debezium(ReferencedSecrets(environ)), metrics=NoMetrics()
    ) as runtime:
        services = runtime.services
        cluster = ImportedCluster("faults", connect_url=chain.connect_url, kafka_bootstrap=chain.broker.bootstrap)
        connectors = tuple(
            ImportedConnector(
                "faults",
                source.source.connector,
                signal_channel=SignalChannelKind.KAFKA if source.source.channel == "kafka" else None,
                database_url_ref=f"env:{variable(source)}",
            )
            for source in SOURCES
        )
        await import_catalog(services, LOCAL_PRINCIPAL, CatalogImport((cluster,), connectors))
        [found] = await services.catalog.clusters(TENANT)
        assert (await sync_catalog(services, LOCAL_PRINCIPAL, found.id)).unreadable == ()
        page = await services.catalog.topics_page(TENANT, TopicFilter(), first=500)
        yield Stand(chain, services, {topic.name: topic.id for topic in page.items})
