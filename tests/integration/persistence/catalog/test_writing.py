"""Imports and synchronisations on a real database; what they mean is tested without one."""

import asyncio
from dataclasses import replace

import pytest

from persistence.catalog.reading import Catalog
from persistence.catalog.writing import CatalogWriter
from persistence.database.pool import Database
from persistence.database.statement_counter import StatementCounter
from snapshots.catalog.imported import CatalogImport, ImportedConnector, ImportedTopic
from snapshots.channels import SignalChannelKind
from snapshots.errors import InvalidRequestError, RequestError
from snapshots.ports.cluster_observer import ObservedCluster
from snapshots.vocabulary import ConnectorState, MappingKind, UserErrorCode
from tests.databases import Administrator
from tests.integration.persistence.samples import OTHER_TENANT, TENANT, observed, small_catalog
from tests.support.figures import Figure
from tests.support.waiting import FAULT_SECONDS

CLUSTER = "clu_east"


@pytest.fixture(autouse=True)
async def stored(writer: CatalogWriter) -> None:
    await writer.import_catalog(TENANT, replace(small_catalog(), connectors=(), topics=()))


async def names(catalog: Catalog) -> list[str]:
    return [topic.name for topic in (await catalog.topics_page(TENANT, first=500)).items]


async def test_what_is_synchronised_can_be_read(writer: CatalogWriter, catalog: Catalog) -> None:
    changes = await writer.sync_cluster(TENANT, CLUSTER, observed(3, connectors=2))
    assert [item.name for item in changes.topics.added] == await names(catalog)
    (topic, *_) = (await catalog.topics_page(TENANT, first=3)).items
    assert topic.id == changes.topics.added[0].id
    assert topic.id.startswith("top_")
    assert topic.mapping is MappingKind.DERIVED
    assert topic.exists
    assert topic.source is not None
    assert (topic.source.name, topic.source.version, topic.source.state) == (
        "connector-0",
        "3.6",
        ConnectorState.RUNNING,
    )


async def test_a_synchronisation_is_a_few_statements_whatever_its_size(
    writer: CatalogWriter, database: Database
) -> None:
    counted = []
    for size in (10, 1000):
        with StatementCounter(database) as counter:
            await writer.sync_cluster(TENANT, CLUSTER, observed(size, connectors=5))
        counted.append(len(counter))
    assert counted == [6, 5]  # one less where no connector changed


async def test_twenty_thousand_topics(writer: CatalogWriter, catalog: Catalog, figure: Figure) -> None:
    many = observed(20_000, connectors=50)
    with figure("20,000 topics synchronized three times: added, unchanged, retired"):
        first = await writer.sync_cluster(TENANT, CLUSTER, many)
        again = await writer.sync_cluster(TENANT, CLUSTER, many)
        gone = await writer.sync_cluster(TENANT, CLUSTER, ObservedCluster())
    assert len(first.topics.added) == again.topics.unchanged == len(gone.topics.retired) == 20_000
    assert (again.topics.added, again.topics.changed, again.topics.retired) == ((), (), ())
    assert await names(catalog) == []


async def test_a_dry_run_tells_the_same_and_writes_nothing(
    writer: CatalogWriter, catalog: Catalog, administrator: Administrator
) -> None:
    await writer.sync_cluster(TENANT, CLUSTER, observed(3))
    later = observed(5, version="4.0")
    later = replace(later, topics=later.topics[1:])
    dry = await writer.sync_cluster(TENANT, CLUSTER, later, dry_run=True)
    assert len(await names(catalog)) == 3
    assert await administrator.fetchval("SELECT count(*) FROM topic WHERE retired_at IS NOT NULL") == 0
    real = await writer.sync_cluster(TENANT, CLUSTER, later)
    assert dry.dry_run
    assert [item.name for item in dry.topics.added] == [item.name for item in real.topics.added]
    assert (dry.topics.retired, dry.connectors.changed) == (real.topics.retired, real.connectors.changed)


async def test_an_import_can_be_tried_first(writer: CatalogWriter, catalog: Catalog) -> None:
    changes = await writer.import_catalog(TENANT, small_catalog(), dry_run=True)
    assert len(changes.topics.added) == 4
    assert await names(catalog) == []


async def test_what_comes_back_is_the_same_row(writer: CatalogWriter, catalog: Catalog) -> None:
    added = (await writer.sync_cluster(TENANT, CLUSTER, observed(1))).topics.added
    await writer.sync_cluster(TENANT, CLUSTER, ObservedCluster())
    assert await names(catalog) == []
    assert (await writer.sync_cluster(TENANT, CLUSTER, observed(1))).topics.added == added
    assert await names(catalog) == ["topic-000000"]


async def test_the_time_of_retirement_is_the_first_one(writer: CatalogWriter, administrator: Administrator) -> None:
    await writer.sync_cluster(TENANT, CLUSTER, observed(1))
    await writer.sync_cluster(TENANT, CLUSTER, ObservedCluster())
    retired_at = await administrator.fetchval("SELECT retired_at FROM topic")
    await writer.sync_cluster(TENANT, CLUSTER, ObservedCluster())
    assert await administrator.fetchval("SELECT retired_at FROM topic") == retired_at


async def test_an_operators_words_survive_a_synchronisation(writer: CatalogWriter, catalog: Catalog) -> None:
    await writer.sync_cluster(TENANT, CLUSTER, observed(2))
    said = ImportedConnector(
        "east", "connector-0", signal_channel=SignalChannelKind.SOURCE_TABLE, database_url_ref="env:SHOP"
    )
    topic = ImportedTopic("east", "topic-000000", connector="connector-0", data_collection="other.table", keyless=True)
    await writer.import_catalog(TENANT, CatalogImport(connectors=(said,), topics=(topic,)))
    await writer.sync_cluster(TENANT, CLUSTER, observed(2, version="4.0"))

    explicit, derived = (await catalog.topics_page(TENANT, first=2)).items
    assert (explicit.data_collection, explicit.keyless, explicit.mapping) == (
        "other.table",
        True,
        MappingKind.EXPLICIT,
    )
    assert derived.mapping is MappingKind.DERIVED
    source = explicit.source
    assert source is not None
    assert (source.signal_channel, source.database_url_ref) == (SignalChannelKind.SOURCE_TABLE, "env:SHOP")
    assert (source.version, source.managed) == ("4.0", MappingKind.EXPLICIT)


async def test_look_alikes_are_stored(writer: CatalogWriter, catalog: Catalog) -> None:
    pair = observed(2)
    first, second = pair.topics
    pair = replace(pair, topics=(first, replace(second, data_collection="PUBLIC.TABLE_000000")))
    await writer.sync_cluster(TENANT, CLUSTER, pair)
    assert [topic.ambiguous for topic in (await catalog.topics_page(TENANT, first=2)).items] == [True, True]


async def test_ids_of_an_import_are_kept(writer: CatalogWriter, catalog: Catalog) -> None:
    await writer.import_catalog(TENANT, small_catalog())
    assert {topic.id for topic in (await catalog.topics_page(TENANT, first=9)).items} == {
        topic.id for topic in small_catalog().topics
    }
    again = await writer.import_catalog(TENANT, small_catalog())
    assert (again.clusters.unchanged, again.connectors.unchanged, again.topics.unchanged) == (2, 2, 4)


async def test_two_tenants_may_have_the_same_ids(writer: CatalogWriter, catalog: Catalog) -> None:
    for tenant in (TENANT, OTHER_TENANT):
        await writer.import_catalog(tenant, small_catalog())
        assert len((await catalog.topics_page(tenant, first=9)).items) == 4


async def test_a_refused_import_changes_nothing(writer: CatalogWriter, catalog: Catalog) -> None:
    contradiction = ImportedTopic("east", "new", id="src_shop")
    given = small_catalog()
    with pytest.raises(InvalidRequestError, match="belongs to the connector shop"):
        await writer.import_catalog(TENANT, replace(given, topics=(*given.topics, contradiction)))
    assert await names(catalog) == []


async def test_an_id_that_a_retired_row_has_is_taken(writer: CatalogWriter) -> None:
    taken = (await writer.sync_cluster(TENANT, CLUSTER, observed(1))).topics.added[0].id
    await writer.sync_cluster(TENANT, CLUSTER, ObservedCluster())
    with pytest.raises(InvalidRequestError, match="belongs to the topic topic-000000"):
        await writer.import_catalog(TENANT, CatalogImport(topics=(ImportedTopic("east", "new", id=taken),)))


@pytest.mark.parametrize("cluster_id", ["nobody", "a\x00b", "\ud800"])
async def test_a_cluster_that_is_not_there_cannot_be_synchronised(writer: CatalogWriter, cluster_id: str) -> None:
    with pytest.raises(RequestError) as caught:
        await writer.sync_cluster(TENANT, cluster_id, observed(1))
    assert caught.value.code is UserErrorCode.NOT_FOUND


async def test_a_cluster_of_another_tenant_cannot_be_synchronised(writer: CatalogWriter) -> None:
    with pytest.raises(RequestError):
        await writer.sync_cluster(OTHER_TENANT, CLUSTER, observed(1))


async def test_synchronisations_and_imports_at_once_neither_deadlock_nor_double(
    writer: CatalogWriter, catalog: Catalog
) -> None:
    forwards, west = observed(200, connectors=4), "clu_west"
    backwards = ObservedCluster(forwards.connectors[::-1], forwards.topics[::-1])
    connector = ImportedConnector("east", "connector-0", read_only=True)
    async with asyncio.timeout(FAULT_SECONDS), asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(writer.sync_cluster(TENANT, CLUSTER, forwards))
            group.create_task(writer.sync_cluster(TENANT, CLUSTER, backwards))
            group.create_task(writer.sync_cluster(TENANT, west, forwards))
            group.create_task(writer.import_catalog(TENANT, CatalogImport(connectors=(connector,))))
    found = (await catalog.topics_page(TENANT, first=500)).items
    assert len(found) == 400
    assert len({(topic.cluster_id, topic.name) for topic in found}) == 400


async def test_one_of_two_synchronisations_at_once_finds_nothing_left_to_do(writer: CatalogWriter) -> None:
    done = await asyncio.gather(*(writer.sync_cluster(TENANT, CLUSTER, observed(50)) for _ in range(2)))
    assert sorted(len(changes.topics.added) for changes in done) == [0, 50]


async def test_another_clusters_synchronisation_is_not_waited_for(
    writer: CatalogWriter, administrator: Administrator
) -> None:
    await administrator.execute("BEGIN")
    await administrator.execute(
        "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0)), pg_advisory_xact_lock(hashtextextended($2, 1))",
        f"topicsnap catalogue {TENANT}",
        f"topicsnap catalogue {TENANT} {CLUSTER}",
    )
    async with asyncio.timeout(FAULT_SECONDS):
        await writer.sync_cluster(TENANT, "clu_west", observed(1))
    waiting = asyncio.create_task(writer.sync_cluster(TENANT, CLUSTER, observed(1)))
    done, _ = await asyncio.wait([waiting], timeout=0.3)
    assert not done
    await administrator.execute("ROLLBACK")
    assert len((await waiting).topics.added) == 1


async def test_rows_that_a_snapshot_refers_to_can_be_changed_meanwhile(
    writer: CatalogWriter, database: Database, administrator: Administrator
) -> None:
    """A reference holds its row FOR KEY SHARE; an update of names or ids would wait for the whole transaction."""
    await writer.sync_cluster(TENANT, CLUSTER, observed(1))
    await administrator.execute("BEGIN")
    await administrator.execute("SELECT FROM topic FOR KEY SHARE")
    await administrator.execute("SELECT FROM connector FOR KEY SHARE")
    await administrator.execute("SELECT FROM connect_cluster FOR KEY SHARE")
    changed = observed(1, version="4.0")
    changed = replace(changed, topics=(replace(changed.topics[0], keyless=True),))
    async with asyncio.timeout(FAULT_SECONDS):
        done = await writer.sync_cluster(TENANT, CLUSTER, changed)
        await writer.import_catalog(
            TENANT, CatalogImport((replace(small_catalog().clusters[0], connect_url="http://new:8083"),))
        )
    assert len(done.topics.changed) == len(done.connectors.changed) == 1
    await administrator.execute("ROLLBACK")
