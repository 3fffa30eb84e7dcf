"""Synchronising several clusters: what one of them does to itself does nothing to the others."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import pytest

from persistence.catalog.writing import CatalogWriter
from persistence.database.errors import DatabaseUnavailableError
from persistence.database.pool import Database
from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.services import Services
from sandbox.waiting import eventually
from snapshots.catalog.changes import CatalogChanges, SyncResult
from snapshots.catalog.filters import TopicFilter
from snapshots.catalog.imported import CatalogImport, ImportedCluster
from snapshots.errors import ClusterUnreachableError, RequestError
from snapshots.model import Cluster
from snapshots.ports.cluster_observer import ObservedCluster, ObservedConnector, ObservedTopic, Unreadable
from snapshots.vocabulary import TopicProducer
from tests.integration.resolvers.bench import SOMEBODY, TENANT, make_world
from tests.support.services import with_engine
from tests.support.waiting import FAULT_SECONDS

Way = Callable[[], Awaitable[ObservedCluster]]


def seen(cluster: str, *unreadable: Unreadable) -> ObservedCluster:
    """A cluster of one connector with one topic."""
    topic = ObservedTopic(f"{cluster}.orders", TopicProducer.SOURCE, "shop", "public.orders")
    return ObservedCluster((ObservedConnector("shop"),), (topic,), unreadable)


class Observer:
    """Clusters that are well unless a test says otherwise."""

    def __init__(self) -> None:
        self.ways: dict[str, Way] = {}

    async def observe(self, cluster: Cluster, database_url_refs: Mapping[str, str]) -> ObservedCluster:
        way = self.ways.get(cluster.name)
        return seen(cluster.name) if way is None else await way()


@pytest.fixture
def observer() -> Observer:
    return Observer()


@pytest.fixture
async def services(database: Database, observer: Observer) -> Services:
    """Services over three clusters: east, north and west."""
    services = with_engine(make_world(database).services, observer=observer)
    url = "http://connect.example:8083"
    clusters = tuple(ImportedCluster(name, url, id=f"clu_{name}") for name in ("west", "north", "east"))
    await services.catalog_writer.import_catalog(TENANT, CatalogImport(clusters))
    return services


def raising(error: BaseException) -> Way:
    async def way() -> ObservedCluster:
        raise error

    return way


async def sync(services: Services, cluster_id: str | None = None) -> SyncResult:
    return await sync_catalog(services, SOMEBODY, cluster_id)


async def names(services: Services) -> list[str]:
    page = await services.catalog.topics_page(TENANT, TopicFilter(), first=500, after=None)
    return [topic.name for topic in page.items]


async def test_everything_that_is_well_is_synchronised(services: Services) -> None:
    result = await sync(services)
    assert [item.name for item in result.changes.topics.added] == ["east.orders", "north.orders", "west.orders"]
    assert (result.unreadable, result.nothing_read) == ((), False)


async def test_parts_that_could_not_be_read_are_told_in_order_and_logged(
    services: Services, observer: Observer, caplog: pytest.LogCaptureFixture
) -> None:
    part = Unreadable("west", "shop", "The database of connector shop cannot be read.")
    observer.ways = {
        "west": lambda: asyncio.sleep(0, seen("west", part)),
        "east": raising(ClusterUnreachableError("Kafka Connect of cluster east cannot be asked: no answer.")),
    }
    result = await sync(services)
    assert [(one.cluster, one.source) for one in result.unreadable] == [("east", None), ("west", "shop")]
    assert result.unreadable[0].reason.startswith(
        "Kafka Connect of cluster east cannot be asked: no answer. The catalogue keeps"
    )
    assert not result.nothing_read
    assert await names(services) == ["north.orders", "west.orders"]
    assert part.reason in caplog.text


async def test_where_no_cluster_can_be_read_that_is_said(services: Services, observer: Observer) -> None:
    away = raising(ClusterUnreachableError("It is away."))
    observer.ways = {"east": away}
    result = await sync(services, "clu_east")
    assert (result.nothing_read, result.changes) == (True, CatalogChanges())
    observer.ways = dict.fromkeys(("west", "north", "east"), away)
    result = await sync(services)
    assert (result.nothing_read, len(result.unreadable)) == (True, 3)
    assert not (await sync_catalog(services, replace(SOMEBODY, tenant_id="without clusters"), None)).nothing_read


async def test_a_cluster_that_an_import_describes_alone_is_passed_over_unless_it_is_named(
    services: Services, observer: Observer
) -> None:
    await services.catalog_writer.import_catalog(TENANT, CatalogImport((ImportedCluster("paper", id="clu_paper"),)))
    observer.ways = {"paper": raising(ClusterUnreachableError("Cluster paper has no Kafka Connect URL."))}
    assert (await sync(services)).unreadable == ()
    [told] = (await sync(services, "clu_paper")).unreadable
    assert told.reason.startswith("Cluster paper has no Kafka Connect URL.")


async def test_a_cluster_that_does_not_exist_is_refused(services: Services) -> None:
    with pytest.raises(RequestError, match="No cluster has this id"):
        await sync(services, "clu_nowhere")


@pytest.mark.parametrize("fault", [RuntimeError("boom hunter2"), asyncio.CancelledError()], ids=["ours", "a leak"])
async def test_a_fault_of_ours_ends_its_own_cluster_alone(
    services: Services, observer: Observer, caplog: pytest.LogCaptureFixture, fault: BaseException
) -> None:
    observer.ways = {"north": raising(fault)}
    result = await sync(services)
    [told] = result.unreadable
    assert (told.cluster, "because of an internal error; see the log" in told.reason) == ("north", True)
    assert "hunter2" not in told.reason
    assert "observing the cluster north failed unexpectedly" in caplog.text
    assert await names(services) == ["east.orders", "west.orders"]


async def test_a_slow_cluster_does_not_hold_the_others_up(services: Services, observer: Observer) -> None:
    reached, over = asyncio.Event(), asyncio.Event()

    async def slow() -> ObservedCluster:
        reached.set()
        await over.wait()
        return seen("east")

    observer.ways = {"east": slow}
    async with asyncio.timeout(FAULT_SECONDS), asyncio.TaskGroup() as group:
        task = group.create_task(sync(services))
        await reached.wait()

        async def others_are_there() -> bool:
            return await names(services) == ["north.orders", "west.orders"]

        await eventually(others_are_there, 20, "the topics of the other clusters")
        assert not task.done()
        over.set()
    assert await names(services) == ["east.orders", "north.orders", "west.orders"]


async def test_a_cancellation_is_passed_on(services: Services, observer: Observer) -> None:
    reached, ended = asyncio.Event(), []

    async def endless() -> ObservedCluster:
        reached.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("east")
        raise AssertionError

    observer.ways = {"east": endless}
    task = asyncio.create_task(sync(services))
    async with asyncio.timeout(FAULT_SECONDS):
        await reached.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert ended == ["east"]


class Stuck(CatalogWriter):
    """Cannot write the cluster east."""

    async def sync_cluster(
        self, tenant_id: str, cluster_id: str, observed: ObservedCluster, *, dry_run: bool = False
    ) -> CatalogChanges:
        if cluster_id == "clu_east":
            raise DatabaseUnavailableError
        return await super().sync_cluster(tenant_id, cluster_id, observed, dry_run=dry_run)


async def test_changes_that_cannot_be_written_do_not_keep_others_from_being_written(
    services: Services, database: Database
) -> None:
    """And the error comes as it is, not in a group, so that it is told for what it is."""
    with pytest.raises(DatabaseUnavailableError):
        await sync(replace(services, catalog_writer=Stuck(database)))
    assert await names(services) == ["north.orders", "west.orders"]
