"""Commands on the database itself: the resolvers, called in this process."""

from collections.abc import Sequence
from datetime import datetime

from gateway.cli import verdicts
from gateway.cli.backend import NotKnownError, choose, choose_sources, split_name
from gateway.cli.health import SourceHealth
from gateway.cli.verdicts import TopicVerdict
from gateway.cli.views import BulkView, from_record, with_answers
from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.health.check_health import check_health, stalled
from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.requesting.bulk_snapshot import bulk_snapshot_topics
from resolvers.requesting.retry_bulk_snapshot import retry_bulk_snapshot
from resolvers.services import Services
from resolvers.verification.verify_due import verify_due
from resolvers.verification.verify_snapshot import verify_snapshot
from snapshots.catalog.contents import SyncResult, TopicFilter
from snapshots.model import Topic
from snapshots.records import BulkSnapshotRecord
from snapshots.requesting.answers import answer_of
from snapshots.requesting.request import BulkSnapshotRequest
from snapshots.requesting.retry import RetryRequest
from snapshots.vocabulary import SnapshotType

_PAGE = 500


class DirectBackend:
    """Works as the local principal."""

    def __init__(self, services: Services) -> None:
        """Work with `services`."""
        self._services = services
        self._tenant_id = LOCAL_PRINCIPAL.tenant_id

    async def find_topic(self, name_or_id: str) -> str:
        """Return the id of the topic that is meant."""
        if name_or_id in await self._services.catalog.routes(self._tenant_id, [name_or_id]):
            return name_or_id
        cluster, name = split_name(name_or_id)
        found = await self._named(name)
        return choose(
            name_or_id,
            [(topic.id, topic.cluster_name, name) for topic in found if cluster in {None, topic.cluster_name}],
        )

    async def _named(self, name: str) -> list[Topic]:
        found: list[Topic] = []
        after: str | None = None
        while True:
            page = await self._services.catalog.topics_page(
                self._tenant_id, TopicFilter(name_contains=name), first=_PAGE, after=after
            )
            found.extend(topic for topic in page.items if topic.name == name)
            after = page.end_cursor
            if not page.has_next:
                return found

    async def snapshot(
        self,
        topic_ids: Sequence[str],
        snapshot_type: SnapshotType,
        *,
        reason: str | None,
        key: str | None,
        verify: bool = False,
    ) -> BulkView:
        """Carry the request out here."""
        request = BulkSnapshotRequest(
            tuple(topic_ids), snapshot_type, reason=reason, idempotency_key=key, verify=verify
        )
        at = self._services.clock()
        return self._answered(await bulk_snapshot_topics(self._services, LOCAL_PRINCIPAL, request), at)

    async def verify(self, snapshot_id: str) -> list[str]:
        """Note in the ledger what is asked."""
        records = await verify_snapshot(self._services, LOCAL_PRINCIPAL, snapshot_id)
        return [record.id for record in records]

    async def verdicts(self, source_snapshot_ids: Sequence[str]) -> list[TopicVerdict]:
        """Look at what is due from here, and read the ledger."""
        await verify_due(self._services, self._tenant_id)
        records = await self._services.ledger.reading.source_snapshots(self._tenant_id, source_snapshot_ids)
        return [one for id in source_snapshot_ids if id in records for one in verdicts.from_record(records[id])]

    async def retry(
        self, bulk_id: str, snapshot_ids: Sequence[str] | None, *, reason: str | None, key: str | None
    ) -> BulkView:
        """Carry the retry out here."""
        request = RetryRequest(bulk_id, tuple(snapshot_ids) if snapshot_ids else None, key, reason)
        at = self._services.clock()
        return self._answered(await retry_bulk_snapshot(self._services, LOCAL_PRINCIPAL, request), at)

    async def bulk(self, bulk_id: str) -> BulkView:
        """Read the ledger."""
        at = self._services.clock()
        record = (await self._services.ledger.reading.bulk_snapshots(self._tenant_id, [bulk_id])).get(bulk_id)
        if record is None:
            raise NotKnownError(f"No bulk snapshot has the id {bulk_id}.")
        return self._view(record, at)

    def _view(self, record: BulkSnapshotRecord, at: datetime) -> BulkView:
        return from_record(record, lambda one: stalled(self._services, one, at))

    def _answered(self, record: BulkSnapshotRecord, at: datetime) -> BulkView:
        return with_answers(self._view(record, at), {one.id: answer_of(one).message for one in record.snapshots})

    async def sync(self, cluster: str | None, *, dry_run: bool) -> SyncResult:
        """Ask Kafka Connect and the source databases from here."""
        cluster_id = None
        if cluster is not None:
            known = await self._services.catalog.clusters(self._tenant_id)
            cluster_id = next((each.id for each in known if cluster in {each.id, each.name}), None)
            if cluster_id is None:
                raise NotKnownError(f"No cluster has the name or id {cluster}.")
        return await sync_catalog(self._services, LOCAL_PRINCIPAL, cluster_id, dry_run=dry_run)

    async def health(self, names: Sequence[str]) -> list[SourceHealth]:
        """Look at them from here."""
        found: list[tuple[str, str, str]] = []
        after: str | None = None
        while True:
            page = await self._services.catalog.sources_page(self._tenant_id, first=_PAGE, after=after)
            found.extend((source.id, source.cluster.name, source.name) for source in page.items)
            after = page.end_cursor
            if not page.has_next:
                break
        chosen = choose_sources(names, found)
        findings = await check_health(self._services, self._tenant_id, [id for id, _, _ in chosen])
        return [SourceHealth(id, cluster, name, findings.get(id, ())) for id, cluster, name in chosen]
