"""`syncCatalog`: by cluster id, with a dry run, and never by an address of the client's."""

from dataclasses import replace
from typing import Any

from snapshots.catalog.imported import CatalogImport, ImportedCluster
from snapshots.ports.cluster_observer import ObservedCluster, ObservedConnector, ObservedTopic, Unreadable
from snapshots.vocabulary import TopicProducer
from tests.api import Api

CHANGES = "{ added { id name } changed { name } retired { name } unchanged }"
SYNC = f"""mutation($input: SyncCatalogInput!) {{ syncCatalog(input: $input) {{
  connectors {CHANGES} topics {CHANGES} dryRun unreadable {{ cluster source reason }}
  userErrors {{ code message field }} clientMutationId }} }}"""
NEW = ObservedCluster(
    (ObservedConnector("crm", topic_prefix="crm"),),
    (ObservedTopic("crm.public.leads", TopicProducer.SOURCE, "crm", "public.leads"),),
)


async def sync(api: Api, **given: object) -> Any:  # noqa: ANN401 (JSON)
    return (await api.data(SYNC, {"input": given}))["syncCatalog"]


async def test_a_sync_tells_what_it_added(api: Api) -> None:
    api.observer.observed = NEW
    payload = await sync(api, clusterId="clu_main", clientMutationId="m-1")
    (added,) = payload["topics"]["added"]
    assert added["name"] == "crm.public.leads"
    assert [item["name"] for item in payload["connectors"]["added"]] == ["crm"]
    assert (payload["dryRun"], payload["userErrors"], payload["clientMutationId"]) == (False, [], "m-1")
    found = (await api.data("query($id: ID!) { topic(id: $id) { name mapping } }", {"id": added["id"]}))["topic"]
    assert found == {"name": "crm.public.leads", "mapping": "DERIVED"}


async def test_a_dry_run_changes_nothing_and_promises_no_id(api: Api) -> None:
    api.observer.observed = NEW
    payload = await sync(api, dryRun=True)
    assert payload["topics"]["added"] == [{"id": None, "name": "crm.public.leads"}]
    assert payload["dryRun"] is True
    assert (await api.data("{ topics { totalCount } }"))["topics"]["totalCount"] == 8


async def test_what_cannot_be_read_is_named_and_the_rest_is_done(api: Api) -> None:
    lab = CatalogImport((ImportedCluster("lab", "http://lab.example:8083"),))
    await api.services.catalog_writer.import_catalog(api.principal.tenant_id, lab)
    reason = "The database of connector crm cannot be read (SQLSTATE 28P01)."
    api.observer.observed = replace(NEW, unreadable=(Unreadable("main", "crm", reason),))
    api.observer.away = {"lab"}
    payload = await sync(api)
    assert [item["name"] for item in payload["topics"]["added"]] == ["crm.public.leads"]
    away = (
        "Kafka Connect of lab does not answer. The catalogue keeps what it knew. Make sure that the cluster can be "
        "reached, then run sync again."
    )
    assert payload["unreadable"] == [
        {"cluster": "lab", "source": None, "reason": away},
        {"cluster": "main", "source": "crm", "reason": reason},
    ]
    assert payload["userErrors"] == []


async def test_what_is_in_the_way_is_data(api: Api) -> None:
    unknown = await sync(api, clusterId="nobody", dryRun=True)
    assert (unknown["userErrors"][0]["code"], unknown["dryRun"]) == ("NOT_FOUND", True)
    api.observer.unreachable = True
    for field, given in ((None, {}), (["input", "clusterId"], {"clusterId": "clu_main"})):
        silent = await sync(api, **given)
        [refusal] = silent["userErrors"]
        assert (refusal["code"], refusal["field"]) == ("CLUSTER_UNREACHABLE", field)
        assert silent["topics"] == {"added": [], "changed": [], "retired": [], "unchanged": 0}
        assert [(one["cluster"], one["source"]) for one in silent["unreadable"]] == [("main", None)]
    for nonsense in ("", "\0", "x" * 10_000):
        assert (await sync(api, clusterId=nonsense))["userErrors"][0]["code"] == "NOT_FOUND"
