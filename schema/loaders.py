"""DataLoaders: what many fields of one request ask for is read together, in a statement or a few, and once.

They hand out domain values. An id that cannot be one (blank, too long, not storable) is nobody's, and is not asked for.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TypeVar

from strawberry.dataloader import DataLoader

from resolvers.health.check_health import inspect_sources
from resolvers.services import Services
from snapshots.audit import LedgerEvent
from snapshots.cancellation import contain
from snapshots.catalog.filters import TopicFilter
from snapshots.identifiers import is_valid_id
from snapshots.model import SourceConnector, Topic
from snapshots.pages import Page
from snapshots.ports.inspector import InspectedSignalling
from snapshots.records import BulkSnapshotRecord, SourceSnapshotRecord, TopicSnapshotRecord
from snapshots.restart_requirement import RestartRequirement
from snapshots.texts import is_storable

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Name = tuple[str, str]
"""The name of a cluster, and that of something in it."""
BulkEvents = tuple[str, int]
"""A bulk snapshot's id, and how many of its events are wanted."""
SourceTopics = tuple[str, TopicFilter, int]
"""A source connector's id, the filter on its topics, and how many are wanted."""


class Loaders:
    """The loaders of one request, all for one tenant."""

    def __init__(self, services: Services, tenant_id: str) -> None:
        """Read through `services`; nothing is read before it is asked for."""
        self.at = services.clock()
        """As of when the answer tells what depends on the time alone; not later than anything that it reads."""
        self._catalog = services.catalog
        self._ledger = services.ledger
        self._tenant_id = tenant_id
        catalog, ledger = services.catalog, services.ledger
        self.topics: DataLoader[str, Topic | None] = _by_id(catalog.routes, tenant_id)
        self.sources: DataLoader[str, SourceConnector | None] = _by_id(catalog.sources, tenant_id)
        self.bulk_snapshots: DataLoader[str, BulkSnapshotRecord | None] = _by_id(
            ledger.reading.bulk_snapshots, tenant_id
        )
        self.retries: DataLoader[str, tuple[BulkSnapshotRecord, ...] | None] = _by_id(
            ledger.auditing.retries, tenant_id
        )
        self._first_events: DataLoader[BulkEvents, Page[LedgerEvent]] = _loader(self._load_first_events)
        self.source_snapshots: DataLoader[str, SourceSnapshotRecord | None] = _by_id(
            ledger.reading.source_snapshots, tenant_id
        )
        self.topic_snapshots: DataLoader[str, TopicSnapshotRecord | None] = _by_id(
            ledger.reading.topic_snapshots, tenant_id
        )
        self.active_snapshots: DataLoader[str, SourceSnapshotRecord | None] = _by_id(
            ledger.reading.active_snapshots, tenant_id
        )
        self.restart_requirements: DataLoader[str, RestartRequirement | None] = _by_id(
            ledger.failed_scans.requirements, tenant_id
        )
        self.last_topic_snapshots: DataLoader[str, TopicSnapshotRecord | None] = _by_id(
            ledger.reading.last_topic_snapshots, tenant_id
        )
        self.topics_by_name: DataLoader[Name, Topic | None] = _by_name(catalog.topics_by_name, tenant_id)
        self.sources_by_name: DataLoader[Name, SourceConnector | None] = _by_name(catalog.sources_by_name, tenant_id)
        self.signalling: DataLoader[str, InspectedSignalling | None] = _by_id(
            partial(inspect_sources, services), tenant_id
        )
        self._first_topics: DataLoader[SourceTopics, Page[Topic]] = _loader(self._load_first_topics)

    def forget(self, at: datetime) -> None:
        """Read everything anew, for an answer as of `at`."""
        self.at = at
        for loader in vars(self).values():
            if isinstance(loader, DataLoader):
                loader.clear_all()

    def remember(self, record: BulkSnapshotRecord) -> None:
        """Take `record`, and the snapshots in it, as if they had just been loaded."""
        self.bulk_snapshots.prime(record.id, record, force=True)
        self.source_snapshots.prime_many({one.id: one for one in record.snapshots}, force=True)
        topics = {topic.id: topic for one in record.snapshots for topic in one.topics}
        self.topic_snapshots.prime_many(topics, force=True)

    async def events(self, bulk_snapshot_id: str, first: int, after: str | None) -> Page[LedgerEvent]:
        """Return a page of the events of a bulk snapshot. Raises RequestError (INVALID_CURSOR)."""
        if after is None:
            return await self._first_events.load((bulk_snapshot_id, first))
        return await self._ledger.auditing.events_page(self._tenant_id, bulk_snapshot_id, first, after)

    async def _load_first_events(self, keys: list[BulkEvents]) -> list[Page[LedgerEvent]]:
        """One statement for each page size that is asked for: usually one for all bulk snapshots."""
        sizes: dict[int, list[str]] = defaultdict(list)
        for bulk_snapshot_id, first in keys:
            sizes[first].append(bulk_snapshot_id)
        pages: dict[BulkEvents, Page[LedgerEvent]] = {}
        for first, ids in sizes.items():
            found = await self._ledger.auditing.first_events(self._tenant_id, ids, first)
            pages |= {(id_, first): page for id_, page in found.items()}
        return [pages.get(key) or Page() for key in keys]

    async def source_topics(
        self, source_id: str, topic_filter: TopicFilter, first: int, after: str | None
    ) -> Page[Topic]:
        """Return a page of the topics of a source. Raises RequestError (INVALID_CURSOR)."""
        if topic_filter.source_ids is not None and source_id not in topic_filter.source_ids:
            return Page()
        topic_filter = replace(topic_filter, source_ids=None)
        if after is None:
            return await self._first_topics.load((source_id, topic_filter, first))
        topic_filter = replace(topic_filter, source_ids=(source_id,))
        return await self._catalog.topics_page(self._tenant_id, topic_filter, first=first, after=after)

    async def _load_first_topics(self, keys: list[SourceTopics]) -> list[Page[Topic]]:
        """One statement for each kind of page that is asked for: usually one for all sources."""
        kinds: dict[tuple[TopicFilter, int], list[str]] = defaultdict(list)
        for source_id, topic_filter, first in keys:
            kinds[topic_filter, first].append(source_id)
        pages: dict[SourceTopics, Page[Topic]] = {}
        for (topic_filter, first), source_ids in kinds.items():
            found = await self._catalog.topics_of_sources(self._tenant_id, source_ids, first=first, wanted=topic_filter)
            pages |= {(source_id, topic_filter, first): page for source_id, page in found.items()}
        return [pages.get(key) or Page() for key in keys]


def _loader(load: Callable[[list[K]], Awaitable[list[V]]]) -> DataLoader[K, V]:
    """Return a loader by `load`. Strawberry's own never answers those who wait where a CancelledError ends the load."""

    async def load_contained(keys: list[K]) -> list[V]:
        return await contain(load(keys))

    return DataLoader(load_contained)


def _by_id(
    read: Callable[[str, Sequence[str]], Awaitable[Mapping[str, V]]], tenant_id: str
) -> DataLoader[str, V | None]:
    async def load(ids: list[str]) -> list[V | None]:
        asked = [id_ for id_ in ids if is_valid_id(id_)]
        found = await read(tenant_id, asked) if asked else {}
        return [found.get(id_) for id_ in ids]

    return _loader(load)


def _by_name(
    read: Callable[[str, Sequence[Name]], Awaitable[Mapping[Name, V]]], tenant_id: str
) -> DataLoader[Name, V | None]:
    async def load(names: list[Name]) -> list[V | None]:
        asked = [name for name in names if all(map(is_storable, name))]
        found = await read(tenant_id, asked) if asked else {}
        return [found.get(name) for name in names]

    return _loader(load)
