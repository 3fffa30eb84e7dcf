"""How many SQL statements an operation takes: a small number that does not grow with the answer."""

from snapshots.catalog.imported import CatalogImport, ImportedConnector, ImportedTopic
from tests.api import Api

LARGE = CatalogImport(
    connectors=tuple(ImportedConnector("main", f"c{number}", id=f"src_{number}") for number in range(50)),
    topics=tuple(
        ImportedTopic(
            "main", f"t{number}", id=f"top_{number}", connector=f"c{number % 50}", data_collection=f"t{number}"
        )
        for number in range(500)
    ),
)


async def test_500_topics_with_source_and_last_snapshot_take_3_statements_at_most(api: Api) -> None:
    await api.services.catalog_writer.import_catalog("default", LARGE)
    await api.snapshot("top_orders", "top_invoices", selection="userErrors { code }")
    query = """{ topics(first: 500) { edges { node {
                   id source { id name state cluster } lastSnapshot { state } } } } }"""
    with api.counting() as statements:
        data = await api.data(query)
    assert len(data["topics"]["edges"]) == 500
    assert len(statements) <= 3, statements.statements


async def test_a_bulk_snapshot_of_many_sources_takes_as_many_as_one_of_one_source(api: Api) -> None:
    query = """query($id: ID!) { bulkSnapshot(id: $id) { results { topics { source { id } } snapshot { id } }
                 skippedTopics { topic { id } }
                 snapshots { bulkSnapshot { id } signals { id }
                             topics { topic { source { id } } sourceSnapshot { id } } } } }"""
    counts = []
    for topics in (["top_orders"], ["top_invoices", "top_payments", "top_items", "top_notes"]):
        made = await api.snapshot(*topics, selection="bulkSnapshot { id }")
        with api.counting() as statements:
            await api.data(query, {"id": made["bulkSnapshot"]["id"]})
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[0] <= 8


async def test_topics_of_all_sources_and_their_active_snapshots_are_read_together(api: Api) -> None:
    await api.services.catalog_writer.import_catalog("default", LARGE)
    query = """{ sources(first: 500) { edges { node {
                   topics(first: 5) { edges { node { id } } } activeSnapshot { id } } } } }"""
    with api.counting() as statements:
        data = await api.data(query)
    assert len(data["sources"]["edges"]) == 53
    assert len(statements) <= 5


async def test_nodes_of_every_kind_take_a_statement_or_a_few_for_each_kind(api: Api) -> None:
    ids = [f"imported-{number}" for number in range(400)]
    with api.counting() as statements:
        await api.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ids})
    assert len(statements) <= 5


async def test_entities_are_read_together(api: Api) -> None:
    await api.services.catalog_writer.import_catalog("default", LARGE)
    representations = [{"__typename": "Topic", "id": f"top_{number}"} for number in range(100)]
    query = "query($r: [_Any!]!) { _entities(representations: $r) { ... on Topic { name source { name } } } }"
    with api.counting() as statements:
        data = await api.data(query, {"r": representations})
    assert [entity["name"] for entity in data["_entities"]] == [f"t{number}" for number in range(100)]
    assert len(statements) == 1
