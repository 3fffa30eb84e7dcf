"""GraphiQL as a visitor of the real demo meets it: type the mutation, watch Debezium get to the end, explore."""

import json
import re
import shlex
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.browser.browsers import WatchedPage
from tests.e2e.browser.graphiql_page import GraphiQLPage
from tests.support.commands import reachable, started

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

START_SECONDS = 180.0
END_MS = 120_000
MUTATION = """\
mutation Typed($input: BulkSnapshotTopicsInput!) {
bulkSnapshotTopics(input: $input) {
bulkSnapshot { id state }
results { success message source { name } topics { name } }
skippedTopics { reason topic { name } }
userErrors { message } } }"""


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo, and the topics of the mutation that it tells to paste."""

    url: str
    topic_ids: list[str]


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    """Yield a demo that was started where the environment says production: it is development all the same."""
    variables = {"TMPDIR": str(reachable(tmp_path)), "TOPICSNAP_PROFILE": "production"}
    async with started("demo", "--port", "0", **variables) as running:
        text = await running.says("Ctrl+C stops everything.", START_SECONDS)
        found = re.search(r"Topicsnap is ready at (http://127\.0\.0\.1:\d+)/", text)
        assert found
        assert "SIMULATED" not in text
        curl = next(line for line in text.splitlines() if line.startswith("curl "))
        yield Demo(found[1], json.loads(shlex.split(curl)[-1])["variables"]["input"]["topicIds"])
        assert await running.stop() == 0


@pytest.fixture
def site(demo: Demo) -> str:
    """Return the URL, in place of the gateway in front of an engine in memory."""
    return demo.url


async def test_a_typed_mutation_is_watched_to_its_end(demo: Demo, graphiql: GraphiQLPage, watched: WatchedPage) -> None:
    await watched.screenshot("demo-welcome")
    await graphiql.type_query(MUTATION)
    await graphiql.type_variables({"input": {"topicIds": demo.topic_ids, "reason": "typed in a browser"}})
    await expect(graphiql.tab("Typed")).to_be_visible()
    payload = (await graphiql.run())["data"]["bulkSnapshotTopics"]
    assert payload["userErrors"] == []
    assert {result["source"]["name"] for result in payload["results"] if result["success"]} == {
        "shop-connector", "billing-connector", "crm-connector",
    }  # fmt: skip
    assert {skip["reason"] for skip in payload["skippedTopics"]} == {"KEYLESS_TABLE", "NOT_FROM_SOURCE"}
    await graphiql.shows('"success": true')
    await watched.screenshot("demo-mutation")

    await graphiql.watch_newest(payload["bulkSnapshot"]["id"])
    await graphiql.shows('"state": "RUNNING"')
    await watched.screenshot("demo-watch")
    await graphiql.shows('"state": "COMPLETED",', END_MS)
    await graphiql.shows('"fraction": 1', END_MS)
    await graphiql.stands_still()
    await watched.screenshot("demo-watch-end")
    states = [one["payload"]["data"]["bulkSnapshotProgress"] for one in watched.messages if one["type"] == "next"]
    rows = [int(state["progress"]["rowsScanned"]) for state in states]
    assert rows == sorted(rows)
    assert rows[-1] > 100_000  # shop.public.page_views alone has as many
    assert len(set(rows)) > 2, "It did not tick."
    assert [state["state"] for state in states] == ["IN_PROGRESS"] * (len(states) - 1) + ["COMPLETED"]
    assert watched.messages[-1]["type"] == "complete"

    await graphiql.open_tab("History")
    await graphiql.type_query("query Explored { __typename }")
    await watched.page.get_by_role("button", name="Show GraphiQL Explorer").click()
    explorer = watched.page.locator(".docExplorerWrap")
    await explorer.get_by_text("sources", exact=True).first.click()
    await explorer.get_by_text("totalCount", exact=True).first.click()
    await expect(watched.page.locator(".graphiql-query-editor .view-lines")).to_contain_text("totalCount")
    assert (await graphiql.run())["data"]["sources"]["totalCount"] == 3
    await watched.screenshot("demo-explorer")
