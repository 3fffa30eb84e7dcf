"""Keyset pages: walking a list to its end gives every item once, whatever is written meanwhile."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persistence.catalog.reading import Catalog
from persistence.catalog.writing import CatalogWriter
from persistence.cursors import encode_cursor
from snapshots.catalog.filters import TopicFilter
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.errors import RequestError
from snapshots.model import Topic
from snapshots.pages import Page
from snapshots.vocabulary import UserErrorCode
from tests.support.sizes import examples

TENANT = "acme"
CLUSTERS = (ImportedCluster("east", id="east"), ImportedCluster("west", id="west"))


def topics(names: list[str], cluster: str = "east") -> tuple[ImportedTopic, ...]:
    return tuple(ImportedTopic(cluster, name) for name in names)


@pytest.fixture(autouse=True)
async def stored(writer: CatalogWriter) -> None:
    """The same names in two clusters, so that a page can end between two items of one name."""
    names = [f"topic-{number:02}" for number in range(20)]
    both = (*topics(names), *topics(names, "west"))
    await writer.import_catalog(TENANT, CatalogImport(CLUSTERS, topics=both))


async def pages(catalog: Catalog, first: int) -> AsyncIterator[Page[Topic]]:
    after = None
    while True:
        page = await catalog.topics_page(TENANT, first=first, after=after)
        yield page
        if not page.has_next:
            return
        after = page.end_cursor


@pytest.mark.parametrize("first", [1, 3, 20, 39, 40, 41])
async def test_pages_hold_every_item_once_in_order(catalog: Catalog, first: int) -> None:
    walked = [page async for page in pages(catalog, first)]
    items = [item for page in walked for item in page.items]
    assert len({item.id for item in items}) == len(items) == 40
    assert [(item.name, item.id) for item in items] == sorted((item.name, item.id) for item in items)
    assert all(len(page.items) == first for page in walked[:-1])


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(inserted=st.lists(st.text("abtz-0", min_size=1, max_size=8), unique=True, max_size=6), first=st.integers(1, 15))
async def test_what_was_there_is_met_once_while_others_insert(
    catalog: Catalog, writer: CatalogWriter, inserted: list[str], first: int
) -> None:
    before = {item.id async for page in pages(catalog, 100) for item in page.items}
    seen: list[str] = []
    new = iter(inserted)
    async for page in pages(catalog, first):
        seen += [item.id for item in page.items]
        if name := next(new, None):
            await writer.import_catalog(TENANT, CatalogImport(topics=topics([name])))
    assert len(set(seen)) == len(seen)
    assert before <= set(seen)


async def test_an_empty_page_has_no_cursors(catalog: Catalog) -> None:
    page = await catalog.topics_page(TENANT, TopicFilter(name_contains="absent"), first=5)
    assert (page.items, page.start_cursor, page.end_cursor, page.has_next) == ((), None, None, False)


async def test_every_item_has_a_cursor_to_go_on_from(catalog: Catalog) -> None:
    page = await catalog.topics_page(TENANT, first=5)
    assert (page.start_cursor, page.end_cursor) == (page.cursors[0], page.cursors[4])
    following = [await catalog.topics_page(TENANT, first=1, after=cursor) for cursor in page.cursors]
    assert [one.items[0] for one in following[:4]] == list(page.items[1:])


@pytest.mark.parametrize("cursor", ["nonsense", "", encode_cursor("one part only"), "e30"])
async def test_a_cursor_of_another_list_is_refused(catalog: Catalog, cursor: str) -> None:
    for read in (catalog.topics_page, catalog.sources_page):
        with pytest.raises(RequestError) as caught:
            await read(TENANT, first=5, after=cursor)
        assert caught.value.code is UserErrorCode.INVALID_CURSOR


async def test_sources_are_paged_alike(catalog: Catalog, writer: CatalogWriter) -> None:
    connectors = tuple(ImportedConnector(cluster, f"c{n}") for cluster in ("east", "west") for n in range(3))
    await writer.import_catalog(TENANT, CatalogImport(connectors=connectors))
    page = await catalog.sources_page(TENANT, first=4)
    rest = await catalog.sources_page(TENANT, first=4, after=page.end_cursor)
    assert (page.has_next, rest.has_next) == (True, False)
    seen = [(item.name, item.id) for item in (*page.items, *rest.items)]
    assert len(set(seen)) == 6
    assert seen == sorted(seen)


async def test_many_readers_at_once_share_the_pool(catalog: Catalog) -> None:
    found = await asyncio.gather(*(catalog.topics_page(TENANT, first=7) for _ in range(50)))
    assert len(set(found)) == 1
