"""The GraphiQL page: its examples run, typing works, the explorer writes queries, and nothing comes from elsewhere."""

import pytest
from playwright.async_api import expect

from tests.e2e.browser.browsers import WatchedPage
from tests.e2e.browser.graphiql_page import ANSWER_MS, GraphiQLPage
from tests.support.api import Api
from tests.support.streams import Engine

pytestmark = pytest.mark.slow


async def test_examples_run_on_the_topics_of_the_catalogue(
    graphiql: GraphiQLPage, watched: WatchedPage, api: Api
) -> None:
    assert await watched.page.title() == "Topicsnap GraphiQL"
    assert (await graphiql.run())["data"]["topics"]["totalCount"] == 8
    await graphiql.shows("top_invoices")
    await watched.screenshot("graphiql-topics")

    await graphiql.open_tab("Plan")
    plan = (await graphiql.run())["data"]["planBulkSnapshot"]
    assert sorted(job["source"]["name"] for job in plan["jobs"]) == ["billing", "shop", "stock"]
    assert list(api.channel.recorded) == []

    await graphiql.open_tab("Snapshot")
    payload = (await graphiql.run())["data"]["bulkSnapshotTopics"]
    assert payload["summary"] == {
        "total": 3, "succeeded": 3, "failed": 0, "unconfirmed": 0, "topics": 5, "skippedTopics": 1,
    }  # fmt: skip
    assert [skipped["topicId"] for skipped in payload["skippedTopics"]] == ["top_notes"]
    assert len(api.channel.recorded) == 3
    await watched.screenshot("graphiql-snapshot")

    await graphiql.open_tab("Progress")
    await graphiql.type_variables({"id": payload["bulkSnapshot"]["id"]})
    assert (await graphiql.run())["data"]["bulkSnapshot"]["progress"]["topicsTotal"] == 5
    await watched.screenshot("graphiql-progress")

    await graphiql.open_tab("History")
    [edge] = (await graphiql.run())["data"]["bulkSnapshots"]["edges"]
    assert edge["node"]["reason"] == "Tried in GraphiQL"


async def test_a_mutation_is_typed_and_run(graphiql: GraphiQLPage, api: Api) -> None:
    await graphiql.type_query(
        "mutation Typed($input: BulkSnapshotTopicsInput!) { bulkSnapshotTopics(input: $input) { results { message "
        "source { name } } } }"
    )
    await graphiql.type_variables({"input": {"topicIds": ["top_items"], "reason": "typed"}})
    await expect(graphiql.tab("Typed")).to_be_visible(timeout=ANSWER_MS)
    answer = await graphiql.run()
    assert [result["source"]["name"] for result in answer["data"]["bulkSnapshotTopics"]["results"]] == ["stock"]
    await graphiql.shows('"stock"')
    [recorded] = api.channel.recorded
    assert "public.items" in recorded.signal.data


async def test_a_subscription_ticks_to_the_end(
    graphiql: GraphiQLPage, watched: WatchedPage, api: Api, engine: Engine
) -> None:
    record = await engine.snapshot("top_orders", "top_invoices")
    await graphiql.watch_newest(record.id)
    await graphiql.shows('"state": "DISPATCHED"')
    await engine.begin(record)
    await graphiql.shows('"state": "RUNNING"')
    await expect(watched.page.get_by_role("button", name="Stop query")).to_be_visible()
    await watched.screenshot("graphiql-watch")
    await engine.finish(record)
    await graphiql.stands_still()
    await graphiql.shows('"rowsScanned": "10"')
    await watched.screenshot("graphiql-watch-end")
    *states, last = [
        one["payload"]["data"]["bulkSnapshotProgress"] for one in watched.messages if one["type"] == "next"
    ]
    assert {state["state"] for state in states} == {"IN_PROGRESS"}
    assert (last["state"], last["progress"]["fraction"]) == ("COMPLETED", 1)
    assert watched.messages[-1]["type"] == "complete"


async def test_what_is_wrong_is_underlined(graphiql: GraphiQLPage, watched: WatchedPage) -> None:
    """By the language service, which runs in a worker."""
    await graphiql.type_query("query Wrong { topicks { edges { cursor } } }")
    await expect(watched.page.locator(".squiggly-error").first).to_be_attached(timeout=ANSWER_MS)


async def test_the_explorer_writes_the_query(graphiql: GraphiQLPage, watched: WatchedPage) -> None:
    await graphiql.type_query("query Explored { __typename }")
    await watched.page.get_by_role("button", name="Show GraphiQL Explorer").click()
    explorer = watched.page.locator(".docExplorerWrap")
    await explorer.get_by_text("viewer", exact=True).first.click()
    await explorer.get_by_text("subject", exact=True).first.click()
    await expect(watched.page.locator(".graphiql-query-editor .view-lines")).to_contain_text("subject")
    await watched.screenshot("graphiql-explorer")
    assert (await graphiql.run())["data"]["viewer"] == {"subject": "local"}


async def test_the_documentation_is_that_of_the_schema(graphiql: GraphiQLPage, watched: WatchedPage) -> None:
    await watched.page.get_by_role("button", name="Show Documentation Explorer").click()
    await watched.page.locator(".graphiql-doc-explorer").get_by_text("Mutation", exact=True).click()
    await expect(watched.page.locator(".graphiql-doc-explorer")).to_contain_text("Snapshot the selected topics")
    await watched.screenshot("graphiql-documentation")


@pytest.mark.parametrize("scheme", ["dark", "light"])
async def test_it_is_as_dark_as_the_system(watched: WatchedPage, scheme: str) -> None:
    await watched.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await watched.page.goto(watched.origin)
    editor = watched.page.locator(".graphiql-query-editor .view-lines")
    await expect(editor).to_be_visible(timeout=ANSWER_MS)
    lightness = await watched.page.evaluate(
        "getComputedStyle(document.querySelector('.graphiql-container')).backgroundColor.match(/\\d+/g).map(Number)[0]"
    )
    await watched.screenshot(f"graphiql-{scheme}")
    assert (lightness < 128) is (scheme == "dark")


async def test_nothing_from_elsewhere_goes_unnoticed(watched: WatchedPage) -> None:
    """What the other tests rely on."""
    await watched.page.goto(f"{watched.origin}/")
    await watched.page.evaluate("fetch('http://127.0.0.1:9/elsewhere').catch(() => null)")
    await watched.page.evaluate("document.head.append(Object.assign(document.createElement('script'), {text: '1'}))")
    await watched.page.evaluate("try { new WebSocket('ws://127.0.0.1:9/elsewhere') } catch {}")
    await watched.page.evaluate("console.error('told')")
    told = "\n".join(watched.faults)
    watched.faults.clear()
    for trace in ("violates connect-src", "violates script-src-elem: inline", "console: told"):
        assert trace in told
