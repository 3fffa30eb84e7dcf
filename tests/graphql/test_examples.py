"""The operations below examples/: valid by the committed schema, and executed against the API."""

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, build_ast_schema, parse, validate

from schema.sdl import COMMITTED
from snapshots.vocabulary import ConnectorState
from tests.support.api import Api
from tests.support.streams import Engine, connected, followed, served

OPERATIONS = Path(__file__).parents[2] / "examples" / "operations"
NAMES = sorted(path.stem for path in OPERATIONS.glob("*.graphql"))


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_ast_schema(parse(COMMITTED.read_text("utf-8")), assume_valid_sdl=True)


def operation(name: str) -> str:
    """The text of the one operation whose file ends in `name`."""
    (path,) = OPERATIONS.glob(f"*-{name}.graphql")
    return path.read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_is_valid_and_says_what_it_is_for(name: str, schema: GraphQLSchema) -> None:
    text = (OPERATIONS / f"{name}.graphql").read_text("utf-8")
    assert validate(schema, parse(text)) == []
    assert text.startswith("# ")


async def test_the_operations_in_their_order(api: Api) -> None:
    await followed(api)
    engine = Engine(api)
    done = set()

    async def run(name: str, **variables: object) -> Any:  # noqa: ANN401 (JSON)
        done.add(name)
        return await api.data(operation(name), variables)

    page = await run("topics", first=2, filter={"producer": ["SOURCE"]})
    assert len(page["topics"]["edges"]) == 2
    assert (await run("sources", filter={"nameContains": "shop"}))["sources"]["edges"][0]["node"]["id"] == "src_shop"
    wanted = {"topicIds": ["top_orders", "top_invoices", "nobody"], "reason": "an example"}
    plan = (await run("plan", input=wanted))["planBulkSnapshot"]
    assert [job["source"]["name"] for job in plan["jobs"]] == ["shop", "billing"]

    made = (await run("snapshot", input=wanted))["bulkSnapshotTopics"]
    assert (made["summary"]["succeeded"], made["summary"]["skippedTopics"]) == (2, 1)
    id_ = made["bulkSnapshot"]["id"]
    record = (await api.services.ledger.reading.bulk_snapshots("default", [id_]))[id_]
    await engine.begin(record)
    await engine.finish(record)
    assert (await run("progress", id=id_))["bulkSnapshot"]["progress"] == {
        "topicsFinished": 2,
        "topicsTotal": 2,
        "rowsScanned": "10",
        "fraction": 1.0,
    }
    done.add("watch")
    async with served(api) as gateway, connected(gateway) as socket:
        await socket.init()
        await socket.subscribe("1", operation("watch"), {"id": id_})
        (state,) = await socket.results("1")
    assert state["data"]["bulkSnapshotProgress"]["state"] == "COMPLETED"
    assert (await run("history"))["bulkSnapshots"]["edges"][0]["node"]["id"] == id_

    api.states.states["shop"] = ConnectorState.PAUSED
    failed = (await run("snapshot", input={"topicIds": ["top_orders"]}))["bulkSnapshotTopics"]
    assert failed["results"][0]["__typename"] == "SourceSnapshotFailed"
    api.states.states["shop"] = ConnectorState.RUNNING
    retried = (await run("retry", input={"bulkSnapshotId": failed["bulkSnapshot"]["id"]}))["retryBulkSnapshot"]
    assert [result["success"] for result in retried["results"]] == [True]

    assert (await run("sync", input={"dryRun": True}))["syncCatalog"]["dryRun"] is True
    nodes = (await run("nodes", ids=["top_orders", id_, "nobody"]))["nodes"]
    assert [node and node["__typename"] for node in nodes] == ["Topic", "BulkSnapshot", None]
    assert done == {name.partition("-")[2] for name in NAMES}
